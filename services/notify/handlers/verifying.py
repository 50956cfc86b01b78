"""Contact points are proved by a code that goes there and comes back."""

from __future__ import annotations

import json
import secrets

from prometheus_client import Counter

from chassis.call import Call
from chassis.errors import FailedPrecondition
from chassis.ids import new_id
from chassis.store import Reader, Store, Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.template import CODE
from services.notify.domain.verification import DIGITS, LIFE, Outcome
from services.notify.domain.wish_commands import (
    ChangeChannel,
    Confirmation,
    ConfirmCode,
    StartedCode,
)
from services.notify.handlers.counting import count_accepted
from services.notify.handlers.posting import Post, Posting
from services.notify.handlers.wishing import owner_of
from services.notify.ports import Cipher, ContactBook
from services.notify.ports.consent import Shelves

confirmed = Counter(
    "haven_notify_verifications", "Codes that came back, by what became of them.", ["outcome"]
)
for _outcome in Outcome:
    confirmed.labels(_outcome)


def new_code() -> str:
    """Six digits that nobody can guess."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


class Verifying:
    """One code at a time for each channel of a recipient."""

    def __init__(
        self,
        store: Store,
        shelves: Shelves,
        *,
        contacts: ContactBook,
        cipher: Cipher,
        posting: Posting,
    ) -> None:
        self._store = store
        self._contacts = contacts
        self._directory = shelves.directory
        self._wishes = shelves.wishes
        self._reach = shelves.reach
        self._cipher = cipher
        self._posting = posting

    def start(self, call: Call, command: ChangeChannel) -> StartedCode:
        """Send a new code to where the recipient is reached by the channel."""
        code, message_id, channel = new_code(), new_id(), command.channel
        values = json.dumps({"code": code, "minutes": f"{LIFE.total_seconds() / 60:.0f}"})
        sealed = self._cipher.encrypt(call.tenant_id, values)

        posted: list[Message | None] = []

        def change(tx: Tx) -> StartedCode:
            owner = owner_of(tx, self._directory, command.recipient_id)
            address_key, address = self._reached(tx, owner, channel)
            verification = self._wishes.verification(tx, owner, channel)
            verification.start(self._directory.key(tx), code, address_key, tx.now)
            self._wishes.keep_verification(tx, verification)
            enclosure = Enclosure(
                message_id=message_id,
                channel=channel,
                address_ciphertext=address,
                values_ciphertext=sealed,
            )
            ends = tx.now + LIFE
            post = Post(MessageClass.CLINICAL, owner, CODE, ends, enclosure)
            posted.append(self._posting.post(tx, post))
            return StartedCode(ends)

        started = self._store.transact(call, change)
        count_accepted(posted[-1])
        return started

    def confirm(self, call: Call, command: ConfirmCode) -> Confirmation:
        """Whether the code proves the address; a wrong one is an answer, so that it counts."""

        def change(tx: Tx) -> Confirmation:
            owner = owner_of(tx, self._directory, command.recipient_id)
            address_key = self._directory.address_key(tx, owner.id, command.channel)
            verification = self._wishes.verification(tx, owner, command.channel)
            key = self._directory.key(tx)
            outcome = verification.confirm(key, command.code, address_key, tx.now)
            if outcome is Outcome.VERIFIED:
                self._wishes.keep_proof(tx, owner, address_key)
                if not owner.is_patient:
                    self._reach.look_soon(tx)
            self._wishes.keep_verification(tx, verification)
            return Confirmation(outcome, verification.tries_left)

        confirmation = self._store.transact(call, change)
        confirmed.labels(confirmation.outcome).inc()
        return confirmation

    def _reached(self, tx: Tx, owner: Owner, channel: Channel) -> tuple[str, bytes]:
        """Key and ciphertext of the address that is to be proved."""
        address_key = self._directory.address_key(tx, owner.id, channel)
        address = self._address(tx, owner, channel)
        if not address_key or not address:
            raise FailedPrecondition("CONTACT_POINT_MISSING", "there is no address to prove")
        stopped = self._wishes.preferences(tx, owner).stopped
        is_text_stopped = channel is Channel.SMS and self._wishes.is_stopped(tx, address_key)
        if channel in stopped or is_text_stopped:
            raise FailedPrecondition("CONTACT_POINT_STOPPED", "its owner wants nothing there")
        return address_key, address

    def _address(self, reader: Reader, owner: Owner, channel: Channel) -> bytes:
        if not owner.is_patient:
            point = self._contacts.contact_point(reader, owner.id, channel)
            return point.address_ciphertext if point else b""
        contact = self._contacts.patient(reader, owner.id)
        if contact is None:
            return b""
        return contact.email_ciphertext if channel is Channel.EMAIL else contact.phone_ciphertext
