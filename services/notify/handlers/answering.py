"""The few things that a text is answered with: at once, neutrally, and not again and again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from chassis.ids import derived_id
from chassis.store import Tx
from services.notify.domain.address import Owner
from services.notify.domain.answer import TextReply
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.inbound import InboundEntry
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.template import (
    CHOICES,
    HELP,
    NOTHING_OPEN,
    RECORDED,
    RESUMED,
    STOPPED,
    SUPPORT,
    TemplateRef,
)
from services.notify.domain.wording import Language
from services.notify.handlers.posting import Post, Posting
from services.notify.ports import Cipher, PolicyOf

# The one confirmation of a stop comes within five minutes or not at all (clinical.md 6.4).
ANSWER_LIFE = timedelta(minutes=5)


class Answering:
    """Answers go to the sender's number, whoever that is, and say the same to everybody."""

    def __init__(self, *, posting: Posting, cipher: Cipher, policy_of: PolicyOf) -> None:
        self._posting = posting
        self._cipher = cipher
        self._policy_of = policy_of

    def stopped(self, tx: Tx, entry: InboundEntry, language: Language) -> Message | None:
        """The one confirmation of a stop."""
        return self._post(tx, entry, STOPPED, language, once=entry.id)

    def resumed(self, tx: Tx, entry: InboundEntry, language: Language) -> Message | None:
        """Texts come again."""
        return self._post(tx, entry, RESUMED, language, once=entry.id)

    def help(self, tx: Tx, entry: InboundEntry, language: Language) -> Message | None:
        """Where help is; once an hour."""
        phone = self._policy_of(tx.call.tenant_id).consent.help_phone
        template, values = (HELP, {"phone": phone}) if phone else (SUPPORT, {})
        once = f"help {_hour(tx)}"
        return self._post(tx, entry, template, language, once=once, values=values)

    def support(self, tx: Tx, entry: InboundEntry, language: Language) -> Message | None:
        """That nobody reads all the time, and 988; once a day."""
        return self._post(tx, entry, SUPPORT, language, once=f"support {self._day(tx)}")

    def staff(
        self, tx: Tx, entry: InboundEntry, reply: TextReply, language: Language
    ) -> Message | None:
        """What came of an answer to a page; what else to reply is told once an hour."""
        if reply is TextReply.RECORDED:
            return self._post(tx, entry, RECORDED, language, once=entry.id)
        template = CHOICES if reply is TextReply.UNCLEAR else NOTHING_OPEN
        return self._post(tx, entry, template, language, once=f"{template.id} {_hour(tx)}")

    def _day(self, tx: Tx) -> str:
        """Days change at midnight where the tenant most likely is, in no case by the sender."""
        return self._policy_of(tx.call.tenant_id).consent.local_day(tx.now)

    def _post(  # what is said, to whom, and how often
        self,
        tx: Tx,
        entry: InboundEntry,
        template: TemplateRef,
        language: Language,
        *,
        once: str,
        values: Mapping[str, str] | None = None,
    ) -> Message | None:
        tenant_id = tx.call.tenant_id
        sealed = self._cipher.encrypt(tenant_id, json.dumps(values)) if values else b""
        enclosure = Enclosure(
            message_id=derived_id(tenant_id, "answer", entry.sender_key, once),
            channel=Channel.SMS,
            address_ciphertext=entry.sender_ciphertext,
            values_ciphertext=sealed,
            language=language,
        )
        # Not under anybody's name: what is answered is the number.
        sender, ends = Owner(entry.sender_key, is_patient=False), tx.now + ANSWER_LIFE
        post = Post(MessageClass.CLINICAL, sender, template, ends, enclosure)
        return self._posting.post(tx, post)


def _hour(tx: Tx) -> str:
    """So that two machines cannot talk without end."""
    return f"{tx.now:%Y-%m-%dT%H}"
