"""What happened, in the past tense; published with the change that it tells of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinical.risk import Severity


class Origin(StrEnum):
    """Who pressed."""

    PATIENT = "patient"
    FACILITATOR = "facilitator"
    GUEST = "guest"


class DepartureKind(StrEnum):
    """How a patient went."""

    LEFT = "left"
    LOST = "lost"
    # The session ended, and everybody in it was let go.
    DISMISSED = "dismissed"


class Reminder(StrEnum):
    """Of what a patient is reminded."""

    DUE_SOON = "due_soon"
    OVERDUE = "overdue"


class HoldReason(StrEnum):
    """Why a patient with a seat is not in the group."""

    LICENSE = "license"
    DENIED = "denied"


class DoorCause(StrEnum):
    """How somebody who must not be alone is at the door."""

    ALONE = "alone"
    HELD = "held"
    REFUSED = "refused"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A facilitator opened the room."""

    session_id: str
    facilitator_id: str
    start_time: datetime


@dataclass(frozen=True, slots=True)
class RoomHeld:
    """Nobody who may treat has been in the room for a while."""

    session_id: str
    hold_time: datetime
    clinician_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocationAttested:
    """A patient said where they sit; place and number as ciphertext."""

    location_id: str
    patient_id: str
    state: str
    address_ciphertext: bytes
    callback_number_ciphertext: bytes
    attest_time: datetime
    others_present_ciphertext: bytes = b""
    disconnection_plan_ciphertext: bytes = b""


@dataclass(frozen=True, slots=True)
class AttendanceRecorded:
    """The counted seconds so far; a newer version replaces an older one."""

    session_id: str
    patient_id: str
    counted_seconds: int


@dataclass(frozen=True, slots=True)
class PatientAbsent:
    """A patient with a seat did not come in time."""

    session_id: str
    patient_id: str
    notice_time: datetime
    start_time: datetime


@dataclass(frozen=True, slots=True)
class AbsentPatientCame:
    """A patient whose absence was told came after all."""

    session_id: str
    patient_id: str
    arrive_time: datetime


@dataclass(frozen=True, slots=True)
class ChatRiskRaised:
    """A patient's words in a room's chat may mean danger, or their mood does."""

    chat_risk_id: str
    session_id: str
    patient_id: str
    severity: Severity
    number: int
    location: LocationAttested | None
    raise_time: datetime
    # Empty for words.
    mood_check_in_id: str = ""
    # Where it was handed in, or the board that it was written on.
    assignment_id: str = ""
    group_id: str = ""


@dataclass(frozen=True, slots=True)
class SafetySignalRaised:
    """Somebody may not be safe."""

    safety_signal_id: str
    session_id: str
    patient_id: str
    origin: Origin
    location: LocationAttested | None
    raise_time: datetime


@dataclass(frozen=True, slots=True)
class EndangeredPatientLeft:
    """Somebody who may not be safe went before anybody was known to have reached them."""

    departure_id: str
    safety_signal_id: str
    session_id: str
    patient_id: str
    kind: DepartureKind
    leave_time: datetime
    location: LocationAttested | None


@dataclass(frozen=True, slots=True)
class AssignmentReminderRequested:
    """A patient has not handed something in."""

    reminder_id: str
    assignment_id: str
    patient_id: str
    kind: Reminder
    due_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class BoardReportOpened:
    """Staff are asked to look at a post."""

    board_report_id: str
    group_id: str
    recipient_id: str
    open_count: int
    due_time: datetime


@dataclass(frozen=True, slots=True)
class BoardReportMissed:
    """Nobody has looked at a reported post in time."""

    board_report_id: str
    group_id: str
    recipient_id: str
    escalation_count: int
    due_time: datetime
    miss_time: datetime


@dataclass(frozen=True, slots=True)
class PatientHeld:
    """A patient came and cannot be served in the group: somebody is to be in touch with them."""

    hold_id: str
    session_id: str
    patient_id: str
    reason: HoldReason
    hold_time: datetime
    contact_deadline_time: datetime


@dataclass(frozen=True, slots=True)
class HeldPatientServed:
    """A patient who was held is in the group after all."""

    hold_id: str
    session_id: str
    patient_id: str
    serve_time: datetime


@dataclass(frozen=True, slots=True)
class EndangeredPatientAtDoor:
    """Somebody who must not be alone is at the door and not in the room."""

    door_alarm_id: str
    session_id: str
    patient_id: str
    cause: DoorCause
    refusal_reason: str
    alarm_time: datetime
    location: LocationAttested | None
