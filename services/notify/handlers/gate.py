"""The gate before every attempt: hours, caps, stops and proof, looked up where the claim is made.

What is decided here holds at the moment of the act: a stop that was committed before the claim
stops the message, however long it waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from prometheus_client import Counter

from chassis.store import Reader, Tx
from services.notify.domain.address import Owner
from services.notify.domain.contact import PatientContact
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.permission import (
    NEED_PROOF,
    Asked,
    Basis,
    Facts,
    Permission,
    Verdict,
    choose,
    permit,
)
from services.notify.domain.preferences import Preferences
from services.notify.domain.template import REMINDER
from services.notify.domain.wording import Language
from services.notify.ports import ContactBook, PolicyOf
from services.notify.ports.consent import Shelves

LADDER = (Channel.EMAIL,)

permissions = Counter(
    "haven_notify_permissions", "How the gate answered, once per look.", ["class", "verdict"]
)
for _class in MessageClass:
    for _verdict in Verdict:
        permissions.labels(_class, _verdict)


@dataclass(frozen=True, slots=True)
class Passage:
    """By which channel a message goes now, in which language, and what it carries."""

    channel: Channel
    language: Language
    address_ciphertext: bytes = field(default=b"", repr=False)
    values_ciphertext: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message is for, as far as notify knows them."""

    owner: Owner
    contact: PatientContact | None
    preferences: Preferences

    @property
    def is_unknown(self) -> bool:
        """A patient whose contact may still be on its way."""
        return self.owner.is_patient and self.contact is None


class Gate:
    """Lets a message pass, holds it until it may, or ends it with the reason."""

    def __init__(self, shelves: Shelves, *, contacts: ContactBook, policy_of: PolicyOf) -> None:
        self._contacts = contacts
        self._directory = shelves.directory
        self._wishes = shelves.wishes
        self._enclosures = shelves.enclosures
        self._calendar = shelves.calendar
        self._policy_of = policy_of

    def admit(self, tx: Tx, message: Message, ladder: Sequence[Channel] = LADDER) -> Passage | None:
        """The way the message may take now; None where it was held or ended, with the reason.

        `ladder` names the channels to consider, best first; an enclosure with one of its own wins.
        """
        enclosure = None if message.page else self._enclosures.find(tx, message.id)
        channels = [enclosure.channel] if enclosure and enclosure.channel else ladder
        recipient = self._recipient(tx, message)
        choice = choose(
            (channel, self._permission(tx, message, channel, recipient)) for channel in channels
        )
        permissions.labels(message.message_class, choice.permission.verdict).inc()
        if choice.channel is None:
            _keep_waiting(message, choice.permission, tx)
            return None
        if message.expire_time <= tx.now:
            message.fail("EXPIRED", tx.now)
            return None
        message.basis = choice.permission.basis
        if message.basis == Basis.HEALTH_CARE:
            remembered = self._policy_of(tx.call.tenant_id).consent.remembered
            self._wishes.note_telephone_send(
                tx, message.recipient_id, message.id, remembered=remembered
            )
        return _passage(choice.channel, recipient, enclosure)

    def unwanted(self, reader: Reader, message: Message) -> str:
        """Why a reminder is no longer of use; empty where it is, and for every other message."""
        if message.template.id != REMINDER.id:
            return ""
        enclosure = self._enclosures.find(reader, message.id)
        session_id = enclosure.session_id if enclosure else ""
        session = self._calendar.find(reader, self._calendar.id_of(reader, session_id))
        if enclosure is None or session is None or session.is_canceled:
            return "SESSION_CANCELED"
        if session.start_time != enclosure.start_time:
            return "SESSION_MOVED"
        is_seated = message.patient_id in self._calendar.seated(reader, session)
        return "" if is_seated else "SEAT_RELEASED"

    def _recipient(self, tx: Tx, message: Message) -> Recipient:
        owner = Owner(message.recipient_id, bool(message.patient_id))
        contact = self._contacts.patient(tx, owner.id) if owner.is_patient else None
        return Recipient(owner, contact, self._wishes.preferences(tx, owner))

    def _permission(
        self, tx: Tx, message: Message, channel: Channel, recipient: Recipient
    ) -> Permission:
        if recipient.is_unknown:
            return Permission(Verdict.NOW)  # to nowhere: the attempt says so, and is repeated
        facts = self._facts(tx, message, channel, recipient)
        policy = self._policy_of(tx.call.tenant_id).consent
        return permit(Asked.of(message, channel), facts, policy, tx.now)

    def _facts(self, tx: Tx, message: Message, channel: Channel, recipient: Recipient) -> Facts:
        owner, preferences = recipient.owner, recipient.preferences
        if message.message_class is MessageClass.CRISIS and channel is not Channel.SMS:
            return Facts()  # nothing can hold it up, so nothing is looked up
        address_key = self._directory.address_key(tx, owner.id, channel)
        is_text_stopped = channel is Channel.SMS and self._wishes.is_stopped(tx, address_key)
        sends = self._wishes.telephone_sends(tx, owner.id)
        return Facts(
            time_zone=recipient.contact.time_zone if recipient.contact else "",
            hours=preferences.hours,
            is_stopped=is_text_stopped or channel in preferences.stopped,
            is_refused=preferences.refuses(channel),
            # Words to staff are neutral, and one that is not sent is a task that nobody knows of.
            is_verified=not owner.is_patient
            or channel not in NEED_PROOF
            or self._wishes.is_proved(tx, owner.id, address_key),
            is_staff=not owner.is_patient,
            sent=tuple(time for id, time in sends.items() if id != message.id),
        )


def _keep_waiting(message: Message, permission: Permission, tx: Tx) -> None:
    is_over = message.expire_time <= tx.now
    if permission.verdict is Verdict.LATER and not is_over:
        message.hold(permission.not_before or message.expire_time, tx.now)
    elif message.message_class is MessageClass.CRISIS:
        message.fail(permission.reason, tx.now)
    else:
        message.withdraw(permission.reason, tx.now)


def _passage(channel: Channel, recipient: Recipient, enclosure: Enclosure | None) -> Passage:
    language = recipient.preferences.language
    if enclosure is None:
        return Passage(channel, language)
    return Passage(
        channel,
        enclosure.language or language,
        enclosure.address_ciphertext,
        enclosure.values_ciphertext,
    )
