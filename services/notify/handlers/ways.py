"""Where a message can go: its recipient's channels in their order, each with its address."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from chassis.store import Reader, Tx
from services.notify.domain.commands import Letter
from services.notify.domain.contact import ENDING, ContactPoint
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import MISSING, Channel, Message, MessageClass
from services.notify.ports import ContactBook

GONE = "ADDRESS_GONE"  # a provider's own word
NOT_SERVED = "CHANNEL_NOT_SERVED"  # the recipient is reached only by channels without a provider
# Ciphertext by channel; empty where the address may still be on its way.
Addresses = Mapping[Channel, bytes]


class Ways:
    """Looks up how people are reached, of those channels that have a provider."""

    def __init__(self, contacts: ContactBook, *, served: Collection[Channel]) -> None:
        self._contacts = contacts
        self._served = served

    def of(self, reader: Reader, message: Message, enclosure: Enclosure | None) -> Addresses:
        """Best first; an enclosure with a channel of its own wins. Empty: it can go nowhere."""
        if enclosure is not None and enclosure.channel is not None:
            own = {enclosure.channel: enclosure.address_ciphertext}
            return self._only_served(own)
        if message.patient_id:
            return self._of_patient(reader, message.patient_id)
        points = self._contacts.points(reader, message.recipient_id)
        ways = of_staff(points, self._served)
        is_urgent = message.message_class is MessageClass.CRISIS
        # What is not urgent can wait until somebody says how they are reached.
        return ways if points or is_urgent else {Channel.EMAIL: b""}

    def reason_of_none(self, reader: Reader, message: Message, enclosure: Enclosure | None) -> str:
        """Why there is no way."""
        if enclosure is not None and enclosure.channel is not None:
            return NOT_SERVED
        points = self._contacts.points(reader, message.recipient_id)
        if points and all(point.is_gone for point in points):
            return GONE
        return NOT_SERVED if points else MISSING

    def note(self, tx: Tx, message: Message, letter: Letter, reason: str) -> None:
        """What the attempt's failure says about the address: one that is gone is used no more.

        One that was registered meanwhile stays.
        """
        if reason != GONE or letter.channel not in ENDING:
            return
        point = self._contacts.contact_point(tx, message.recipient_id, letter.channel)
        if point is not None and point.lose(letter.address_ciphertext, tx.now):
            self._contacts.keep(tx, point)

    def _of_patient(self, reader: Reader, patient_id: str) -> Addresses:
        """A mail before a text: it costs none of the few texts that a person may get."""
        contact = self._contacts.patient(reader, patient_id)
        if contact is None:
            return {Channel.EMAIL: b""}
        ways = {Channel.EMAIL: contact.email_ciphertext, Channel.SMS: contact.phone_ciphertext}
        found = {channel: address for channel, address in ways.items() if address}
        return self._only_served(found) or {Channel.EMAIL: b""}

    def _only_served(self, ways: Addresses) -> Addresses:
        return {channel: address for channel, address in ways.items() if channel in self._served}


def of_staff(points: Iterable[ContactPoint], served: Collection[Channel]) -> Addresses:
    """Where somebody with these contact points is reached now, in their order."""
    present = (point for point in points if not point.is_gone and point.channel in served)
    return {point.channel: point.address_ciphertext for point in present}
