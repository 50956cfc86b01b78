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


class DepartureKind(StrEnum):
    """How a patient went."""

    LEFT = "left"
    LOST = "lost"
    # The session ended, and everybody in it was let go.
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A facilitator opened the room."""

    session_id: str
    facilitator_id: str
    start_time: datetime


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
