"""What use cases answer with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.sessions.domain.copies import Seat
from services.sessions.domain.ledger import Interval
from services.sessions.domain.location import Location
from services.sessions.domain.participant import Participant, Role
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
    """Somebody in the room; `patient_id` is empty for those who may see aliases only."""

    alias: str
    role: Role
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """What the door said, and where both logs stood at that instant."""

    session_id: str
    role: Role
    alias: str
    is_waiting: bool
    was_present: bool
    start_time: datetime
    room_head: int
    private_head: int
    companions: tuple[Companion, ...] = ()
    signals: tuple[SignalView, ...] = ()
