"""Where a message can go: its recipient's channels in their order, each with its address."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from chassis.store import Reader
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import MISSING, Channel, Message, MessageClass
from services.notify.ports import ContactBook

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
        ways = self._only_served({point.channel: point.address_ciphertext for point in points})
        is_urgent = message.message_class is MessageClass.CRISIS
        # What is not urgent can wait until somebody says how they are reached.
        return ways if points or is_urgent else {Channel.EMAIL: b""}

    def reason_of_none(self, reader: Reader, message: Message, enclosure: Enclosure | None) -> str:
        """Why there is no way."""
        if enclosure is not None and enclosure.channel is not None:
            return NOT_SERVED
        return NOT_SERVED if self._contacts.points(reader, message.recipient_id) else MISSING

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
