"""What use cases answer with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.copies import Seat
from services.sessions.domain.ledger import Interval
from services.sessions.domain.lobby import LobbyEntry, WaitReason
from services.sessions.domain.location import Location
from services.sessions.domain.log import RoomEvent
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.participant import Participant
from services.sessions.domain.poll import PollView
from services.sessions.domain.quality import Quality
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.domain.signal import SafetySignal


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session, with its seats where the caller may know them."""

    session: Session
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True)
class LocationView:
    """An attestation, and until when it opens doors."""

    location: Location
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class AttendanceView:
    """One patient's counted presence."""

    participant: Participant
    counted_seconds: int
    intervals: tuple[Interval, ...]
    # False where what is sealed is not what was signed.
    is_intact: bool = True
    is_for_staff: bool = False


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal, the number that is always answered, and for staff the patient's alias.

    Not stored: in this process's memory only, and whoever pressed should press again.
    """

    signal: SafetySignal
    call_number: str
    alias: str = ""
    is_stored: bool = True


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody in the room; no more than alias and role for those who may see aliases only."""

    alias: str
    role: Role
    patient_id: str = ""
    person_id: str = ""
    is_muted: bool = False
    quality: Quality | None = None


@dataclass(frozen=True, slots=True)
class RaisedHand:
    """Somebody would like to speak, since the room's event with this number."""

    alias: str
    role: Role
    number: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What goes on in a room, as far as whoever comes may know it; worries with the alias."""

    # The first one first.
    hands: tuple[RaisedHand, ...] = ()
    poll: PollView | None = None
    chat_risks: tuple[tuple[ChatRisk, str], ...] = ()
    moods: tuple[tuple[MoodCheckIn, str], ...] = ()


def seen_by_staff(place: Participant, quality: Quality | None = None) -> Companion:
    """Somebody as the room's staff sees them."""
    person_id = "" if place.patient_id else place.person_id
    return Companion(place.alias, place.role, place.patient_id, person_id, place.is_muted, quality)


@dataclass(frozen=True, slots=True)
class Admission:
    """What the door said, and where both logs stood at that instant."""

    session_id: str
    role: Role
    alias: str
    # None in the room.
    wait_reason: WaitReason | None
    was_present: bool
    start_time: datetime
    room_head: int
    private_head: int
    companions: tuple[Companion, ...] = ()
    signals: tuple[SignalView, ...] = ()
    activity: Activity = Activity()
    # Nobody who may treat is in the room.
    is_held: bool = False
    is_muted: bool = False
    # Who waits, with their aliases; staff only.
    lobby: tuple[tuple[LobbyEntry, str], ...] = ()
    # What the next hello brings; empty where the connection has it already.
    resume_token: str = ""
    # That they came, where the room's log says so for the first time; up to the head, or before it.
    joined: RoomEvent | None = None

    @property
    def is_waiting(self) -> bool:
        """True in the lobby."""
        return self.wait_reason is not None


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as its owner gets it; it cannot be shown again but by the same request."""

    join_ticket: str = field(repr=False)
    expire_time: datetime
