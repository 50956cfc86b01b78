"""The gate before every attempt: hours, caps, stops and proof, looked up where the claim is made.

What is decided here holds at the moment of the act: a stop that was committed before the claim
stops the message, however long it waited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter

from chassis.store import Reader, Tx
from services.notify.domain.address import Owner
from services.notify.domain.contact import PatientContact
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.permission import (
    NEED_PROOF,
    TELEPHONE,
    Asked,
    Basis,
    Facts,
    Permission,
    Verdict,
    choose,
    permit,
)
from services.notify.domain.preferences import Preferences
from services.notify.domain.template import MOVED, REMINDER
from services.notify.domain.wording import Language
from services.notify.ports import ContactBook, PolicyOf
from services.notify.ports.consent import Shelves

PATIENTS_CHANNELS = (Channel.EMAIL, Channel.SMS)
# Until no hour that can be seen.
NO_TIME = datetime.max.replace(tzinfo=UTC)
# True for one start of a session, and for whoever has a seat in it.
OF_A_START = frozenset({REMINDER.id, MOVED.id})

permissions = Counter(
    "haven_notify_permissions", "How the gate answered, once per look.", ["class", "verdict"]
)
for _class in MessageClass:
    for _verdict in Verdict:
        permissions.labels(_class, _verdict)


@dataclass(frozen=True, slots=True)
class Passage:
    """By which channels a message may go, from when on, and in which language."""

    permissions: Mapping[Channel, Permission]
    language: Language

    @property
    def channels(self) -> Sequence[Channel]:
        """Those that are not refused, best first."""
        found = self.permissions.items()
        return [channel for channel, each in found if each.verdict is not Verdict.NEVER]

    @property
    def closed(self) -> Mapping[Channel, datetime]:
        """Those that may be used later only."""
        found = self.permissions.items()
        return {
            channel: each.not_before or NO_TIME
            for channel, each in found
            if each.verdict is Verdict.LATER
        }


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

    def enclosure(self, reader: Reader, message: Message) -> Enclosure | None:
        """What the message carries; a page carries nothing."""
        return None if message.page else self._enclosures.find(reader, message.id)

    def look_ahead(self, tx: Tx, messages: Sequence[Message]) -> None:
        """All of these, none of them a page, are about to be looked at."""
        self._enclosures.look_ahead(tx, [message.id for message in messages])
        enclosures = [self.enclosure(tx, message) for message in messages]
        sessions = {enclosure.session_id for enclosure in enclosures if enclosure is not None}
        self._calendar.look_ahead(tx, sessions - {""})
        owners = {message.recipient_id for message in messages}
        ways = [(owner_id, channel) for owner_id in owners for channel in PATIENTS_CHANNELS]
        self._directory.look_ahead(tx, ways)
        keys = [(each[0], self._directory.address_key(tx, *each)) for each in ways]
        self._wishes.look_ahead(tx, keys)

    def admit(
        self, tx: Tx, message: Message, channels: Iterable[Channel], enclosure: Enclosure | None
    ) -> Passage | None:
        """How the message may go now or later; None where that ended it, with the reason.

        `channels` are its recipient's, best first: one that is refused is left out, so that the
        message goes on to the next.
        """
        recipient = self._recipient(tx, message)
        asked = self._asked(tx, message, channels, recipient)
        permission = choose(asked.items()).permission
        permissions.labels(message.message_class, permission.verdict).inc()
        is_refused = permission.verdict is Verdict.NEVER and not message.is_with_a_provider
        if is_refused or message.expire_time <= tx.now:
            _end(message, permission, tx.now)
            return None
        own = enclosure.language if enclosure else None
        return Passage(asked, own or recipient.preferences.language)

    def permissions(
        self, tx: Tx, message: Message, channels: Iterable[Channel]
    ) -> Mapping[Channel, Permission]:
        """What it would answer; nothing follows from it, and nothing is counted."""
        return self._asked(tx, message, channels, self._recipient(tx, message))

    def note(self, tx: Tx, message: Message, passage: Passage, channel: Channel) -> None:
        """The message goes by this channel now: on what ground, and counted against the caps."""
        message.basis = passage.permissions[channel].basis
        if message.basis == Basis.HEALTH_CARE:
            remembered = self._policy_of(tx.call.tenant_id).consent.remembered
            self._wishes.note_telephone_send(
                tx, message.recipient_id, message.id, remembered=remembered
            )

    def unwanted(self, reader: Reader, message: Message) -> str:
        """Why what it says of a session no longer holds; empty where it does, and for others."""
        if message.template.id not in OF_A_START:
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

    def _asked(
        self, tx: Tx, message: Message, channels: Iterable[Channel], recipient: Recipient
    ) -> Mapping[Channel, Permission]:
        return {each: self._permission(tx, message, each, recipient) for each in channels}

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
        is_counted = channel in TELEPHONE
        sends = self._wishes.telephone_sends(tx, owner.id) if is_counted else {}
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


def _end(message: Message, permission: Permission, now: datetime) -> None:
    """Over, or refused by every channel. What a provider has cannot be taken back."""
    if permission.verdict is Verdict.NOW or message.is_with_a_provider:
        message.expire(now)
    elif message.message_class is MessageClass.CRISIS:
        message.fail(permission.reason, now)
    else:
        message.withdraw(permission.reason, now)
