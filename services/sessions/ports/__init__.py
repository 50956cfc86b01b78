"""What the use cases need of the store and of the keys; said here, done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from chassis.call import Call
from chassis.store import Ahead, Document, Page, Reader, Tx
from services.sessions.domain.case import Case
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.copies import AliasGiven, ConsentGiven, ConsentLost, Seat, SeatChange
from services.sessions.domain.location import Location
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.poll import Poll
from services.sessions.domain.quality import Quality
from services.sessions.domain.roles import Role
from services.sessions.domain.seal import Sign
from services.sessions.domain.session import Session
from services.sessions.domain.signal import SafetySignal
from services.sessions.domain.ticket import JoinTicket

A = TypeVar("A")
E = TypeVar("E")

Policies = Callable[[str], SessionsPolicy]


class Shelf(Protocol[A]):
    """Aggregates of one kind. Only `load` and `put` are audited: show nothing that was `peek`ed."""

    def peek(self, reader: Reader, id: str) -> A | None: ...
    def load(self, reader: Reader, id: str) -> A: ...
    def ahead(self, id: str) -> list[Ahead]: ...
    def find(self, reader: Reader, filter: Mapping[str, Any]) -> list[A]: ...
    def put(self, tx: Tx, aggregate: A) -> A: ...
    def forget(self, tx: Tx, id: str) -> None: ...


class Participants(Protocol):
    """Places in rooms, one per person and session. Their audit rows are the use case's concern.

    Putting a place whose voice is another one or none now claims the room's log.
    """

    def known(self, reader: Reader, session_id: str, person_id: str) -> Participant | None: ...
    def those(
        self, reader: Reader, keys: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Participant]: ...
    def place(self, tx: Tx, session_id: str, person_id: str, role: Role) -> Participant: ...
    def new(self, tx: Tx, session_id: str, person_id: str, role: Role) -> Participant: ...
    def by_id(self, reader: Reader, id: str) -> Participant: ...
    def in_session(self, reader: Reader, session_id: str) -> list[Participant]: ...
    def near_rooms(self, reader: Reader, person_id: str) -> list[Participant]: ...
    def put(self, tx: Tx, participant: Participant) -> Participant: ...
    def put_all(self, tx: Tx, participants: Sequence[Participant]) -> None: ...
    def page(
        self, reader: Reader, session_id: str, *, page_size: int, page_token: str
    ) -> Page[Participant]: ...


class Locations(Protocol):
    """Attestations; the newest of a patient counts."""

    def next_time(self, tx: Tx, patient_id: str) -> datetime: ...
    def add(self, tx: Tx, location: Location) -> Location: ...
    def newest(self, reader: Reader, patient_id: str) -> Location | None: ...


class Copies(Protocol):
    """What other services said; each takes only newer words per source."""

    def change_seats(self, tx: Tx, change: SeatChange, version: int) -> None: ...
    def give_alias(self, tx: Tx, given: AliasGiven, version: int) -> None: ...
    def lose_consent(self, tx: Tx, lost: ConsentLost, version: int) -> None: ...
    def give_consent(self, tx: Tx, given: ConsentGiven, version: int) -> None: ...
    def is_seated(self, reader: Reader, session: Session, patient_id: str) -> bool: ...
    def are_seated(
        self, reader: Reader, sessions: Sequence[Session], patient_ids: Collection[str]
    ) -> set[tuple[str, str]]: ...
    def have_bars(
        self, reader: Reader, patient_ids: Collection[str], scopes: Collection[str]
    ) -> set[str]: ...
    def seats(self, reader: Reader, session: Session) -> tuple[Seat, ...]: ...
    def alias(self, reader: Reader, patient_id: str, group_id: str) -> str: ...
    def is_known(self, reader: Reader, patient_id: str) -> bool: ...
    def is_barred(self, reader: Reader, patient_id: str, scopes: Collection[str]) -> bool: ...
    def is_given(self, reader: Reader, patient_id: str, scope: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands, as its row says it."""

    row: Document

    @property
    def id(self) -> str:
        """The row's id."""
        return str(self.row["_id"])

    @property
    def last_number(self) -> int:
        """The newest event's number."""
        return int(self.row["last_number"])

    @property
    def version(self) -> int:
        """Another one as soon as anything was written to the log, or it was claimed."""
        return int(self.row["version"])


class Log(Protocol[E]):
    """A log per key, numbered from 1 without a gap; an event is in it before anyone sees it."""

    def append(self, tx: Tx, key: str, event: E) -> int: ...
    def append_all(
        self, tx: Tx, events: Mapping[str, Sequence[E]], known: Mapping[str, Head] = ...
    ) -> dict[str, Head]: ...
    def keeping(self, call: Call) -> Call: ...
    def claim(self, tx: Tx, key: str) -> None: ...
    def after(self, reader: Reader, key: str, number: int, limit: int) -> list[E]: ...
    def head(self, reader: Reader, key: str) -> int: ...
    def heads(self, reader: Reader, keys: Collection[str]) -> dict[str, int]: ...


class Transcripts(Protocol):
    """The words of rooms, which go after their time while everything else of the log stays."""

    def look_at(self, tx: Tx, session_id: str, at: datetime | None) -> None: ...
    def empty(self, tx: Tx, session_id: str, limit: int) -> int: ...


class Cipher(Protocol):
    """Texts in, tenant-key ciphertext out; there is no way back here."""

    def encrypt(self, tenant_id: str, text: str) -> bytes: ...


class Keeper(Protocol):
    """Keeps a secret as the tenant's ciphertext, and gives it back."""

    def encrypt(self, tenant_id: str, text: str) -> bytes: ...
    def reveal(self, tenant_id: str, ciphertext: bytes) -> str: ...


class Tickets(Protocol):
    """Tickets of one admission each; using one twice is refused by the store itself."""

    def known(self, reader: Reader, id: str) -> JoinTicket | None: ...
    def of(self, reader: Reader, session_id: str, person_id: str) -> list[JoinTicket]: ...
    def add(self, tx: Tx, ticket: JoinTicket) -> None: ...
    def use(self, tx: Tx, ticket: JoinTicket) -> None: ...
    def remove(self, tx: Tx, tickets: Iterable[JoinTicket]) -> None: ...
    def forget(self, tx: Tx, session_id: str) -> None: ...


class Signer(Protocol):
    """The tenant's signature for one purpose."""

    def signer(self, tx: Tx) -> Sign: ...
    def checker(self, reader: Reader) -> Sign | None: ...


@dataclass(frozen=True, slots=True)
class Records:
    """Everything that this service keeps."""

    sessions: Shelf[Session]
    signals: Shelf[SafetySignal]
    cases: Shelf[Case]
    participants: Participants
    locations: Locations
    copies: Copies
    room_log: Log[RoomEvent]
    private_log: Log[PrivateEvent]
    chat_risks: Shelf[ChatRisk]
    transcripts: Transcripts
    polls: Shelf[Poll]
    moods: Shelf[MoodCheckIn]
    qualities: Shelf[Quality]
    tickets: Tickets
