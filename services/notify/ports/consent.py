"""What is kept around the question whether people may be written to, and what they write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chassis.store import Reader, Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.inbound import InboundEntry
from services.notify.domain.message import Channel
from services.notify.domain.preferences import Preferences
from services.notify.domain.reach import StaffReach
from services.notify.domain.reminder import PlannedSession, SeatChange
from services.notify.domain.verification import Verification


class Directory(Protocol):
    """Addresses by keyed hash: who is reached there, and what is their key."""

    def key(self, tx: Tx) -> bytes:
        """The tenant's key for addresses."""
        ...

    def keep(self, tx: Tx, owner: Owner, channel: Channel, address: str, *, version: int) -> None:
        """The owner is reached there, unless something newer is known; empty = no such way."""
        ...

    def look_ahead(self, tx: Tx, ways: Iterable[tuple[str, Channel]]) -> None:
        """The keys of many owners' addresses are about to be asked for."""
        ...

    def address_key(self, reader: Reader, owner_id: str, channel: Channel) -> str:
        """The key of the address at which somebody is reached; empty where there is none."""
        ...

    def owner(self, reader: Reader, owner_id: str) -> Owner | None:
        """Who that is; None where nobody ever said how they are reached."""
        ...

    def owners(self, reader: Reader, address_key: str) -> list[Owner]:
        """Everybody who is reached at the address."""
        ...


class Wishes(Protocol):
    """What people wish, said to stop and proved; and what their telephones were sent."""

    def preferences(self, reader: Reader, owner: Owner) -> Preferences:
        """What the recipient wishes; the defaults at version 0 where nothing was ever said."""
        ...

    def keep_preferences(self, tx: Tx, preferences: Preferences) -> Preferences:
        """Keep new or changed wishes."""
        ...

    def is_stopped(self, reader: Reader, address_key: str) -> bool:
        """True where the number's last word was stop."""
        ...

    def keep_stop(self, tx: Tx, address_key: str, *, is_stopped: bool, origin: str) -> bool:
        """The number's last word from now on; True where it is a new one."""
        ...

    def verification(self, reader: Reader, owner: Owner, channel: Channel) -> Verification:
        """The recipient's proving of the channel; a new one where it never began."""
        ...

    def keep_verification(self, tx: Tx, verification: Verification) -> Verification:
        """Keep a started or tried verification."""
        ...

    def is_proved(self, reader: Reader, owner_id: str, address_key: str) -> bool:
        """True where the owner proved this very address."""
        ...

    def keep_proof(self, tx: Tx, owner: Owner, address_key: str) -> None:
        """The address is its owner's."""
        ...

    def look_ahead(self, tx: Tx, keys: Iterable[tuple[str, str]]) -> None:
        """All about many owners, each with an address key, is about to be asked for."""
        ...

    def look_ahead_to_stops(self, tx: Tx, address_keys: Iterable[str]) -> None:
        """The last words of many numbers are about to be asked for."""
        ...

    def telephone_sends(self, reader: Reader, owner_id: str) -> dict[str, datetime]:
        """When the person's telephone was last sent what, by message."""
        ...

    def note_telephone_send(
        self, tx: Tx, owner_id: str, message_id: str, *, remembered: timedelta
    ) -> None:
        """Another one now."""
        ...


class Enclosures(Protocol):
    """What some messages carry besides their template."""

    def find(self, reader: Reader, message_id: str) -> Enclosure | None:
        """The message's enclosure; most have none."""
        ...

    def look_ahead(self, tx: Tx, message_ids: Iterable[str]) -> None:
        """Many are about to be asked for."""
        ...

    def keep(self, tx: Tx, enclosures: Sequence[Enclosure]) -> None:
        """Keep them with their new messages, in one stroke."""
        ...


class InboundBook(Protocol):
    """What people wrote to the tenant."""

    def find(self, reader: Reader, inbound_id: str) -> InboundEntry | None:
        """The text, if it has come before."""
        ...

    def load(self, reader: Reader, inbound_id: str) -> InboundEntry:
        """The text; NotFound where the tenant has none."""
        ...

    def insert(self, tx: Tx, entry: InboundEntry) -> InboundEntry:
        """Keep a new text and publish what it gives reason for."""
        ...


class Calendar(Protocol):
    """Sessions and seats, as far as reminders need them."""

    def id_of(self, reader: Reader, session_id: str) -> str:
        """The key of a session's document."""
        ...

    def find(self, reader: Reader, planned_id: str) -> PlannedSession | None:
        """The session, if scheduling ever told of it."""
        ...

    def look_ahead(self, tx: Tx, session_ids: Iterable[str]) -> None:
        """Many are about to be asked for, and who has a seat in them."""
        ...

    def keep(self, tx: Tx, session: PlannedSession) -> PlannedSession:
        """Keep a new or changed session."""
        ...

    def change_seats(
        self, tx: Tx, change: SeatChange, version: int, told_time: datetime | None
    ) -> None:
        """Who sits where, and when scheduling said so, unless something newer is known."""
        ...

    def seated(self, reader: Reader, session: PlannedSession) -> list[str]:
        """Everybody with a seat."""
        ...

    def seated_before(
        self, reader: Reader, session: PlannedSession, instant: datetime | None
    ) -> list[str]:
        """Everybody who had a seat until that instant of scheduling's, or has one."""
        ...


class ReachBook(Protocol):
    """Whom of the tenant's staff a page can reach, as it was last told."""

    def find(self, reader: Reader) -> StaffReach | None:
        """What was told of the tenant; None where nobody has begun to look."""
        ...

    def keep(self, tx: Tx, reach: StaffReach) -> None:
        """Keep what a look has found, and publish it where it is news."""
        ...

    def begin(self, tx: Tx) -> None:
        """Look at the tenant from now on; no change where somebody does already."""
        ...

    def look_soon(self, tx: Tx) -> None:
        """Something has changed: look now."""
        ...


@dataclass(frozen=True, slots=True)
class Shelves:
    """What is kept around the question whether people may be written to."""

    directory: Directory
    wishes: Wishes
    enclosures: Enclosures
    inbound: InboundBook
    calendar: Calendar
    reach: ReachBook
