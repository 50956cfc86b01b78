"""What crisis may be asked to do, and the facts of other services that it takes in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.crisis.domain.escalation import Rung
from services.crisis.domain.rotation import Override
from services.crisis.domain.signal import Severity
from services.crisis.domain.turns import HandOff


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A clinician is worried about a patient."""

    patient_id: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class ReportConcern:
    """A caller is worried about a patient, whom perhaps nobody knows yet."""

    patient_id: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class AcknowledgeCase:
    """The caller takes the case."""

    case_id: str


@dataclass(frozen=True, slots=True)
class RecordContact:
    """The caller reached the patient."""

    case_id: str
    method: str


@dataclass(frozen=True, slots=True)
class ResolveCase:
    """The caller ends the case."""

    case_id: str
    disposition: str


@dataclass(frozen=True, slots=True)
class DeclineCase:
    """The caller was asked and cannot."""

    case_id: str


@dataclass(frozen=True, slots=True)
class EscalateCase:
    """The caller wants the next people woken now."""

    case_id: str


@dataclass(frozen=True, slots=True)
class AddResponder:
    """The caller wants this person too."""

    case_id: str
    clinician_id: str


@dataclass(frozen=True, slots=True)
class HandOverCase:
    """The owner asks this person to take over."""

    case_id: str
    clinician_id: str


@dataclass(frozen=True, slots=True)
class SnoozeCase:
    """The caller postpones what the case does next; the reason is a code."""

    case_id: str
    span: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class IdentifyPatient:
    """The caller found out whose emergency it is."""

    case_id: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class PageDelivered:
    """A provider took a page."""

    page_id: str
    recipient_id: str


@dataclass(frozen=True, slots=True)
class PageFailed:
    """A page will not arrive."""

    page_id: str
    recipient_id: str
    reason: str


class PageAnswer(StrEnum):
    """What a page's recipient may say to it."""

    ACKNOWLEDGE = "acknowledged"
    DECLINE = "declined"
    ESCALATE = "escalated"


@dataclass(frozen=True, slots=True)
class HearAnswer:
    """A page's recipient answered it from a telephone."""

    page_id: str
    case_id: str
    recipient_id: str
    answer: PageAnswer


@dataclass(frozen=True, slots=True)
class PutEscalationPolicy:
    """Who is woken for one severity."""

    severity: Severity
    rungs: tuple[Rung, ...]
    contact_within: timedelta | None
    etag: str


@dataclass(frozen=True, slots=True)
class PutRotation:
    """Who takes turns."""

    name: str
    time_zone: str
    start: datetime
    shift_days: int
    clinician_ids: tuple[str, ...]
    overrides: tuple[Override, ...]
    etag: str
    hand_offs: tuple[HandOff, ...] = ()
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptOutOfCalls:
    """A clinician cannot be called for a while."""

    clinician_id: str
    start: datetime
    end: datetime
    substitute_id: str = ""
    # Empty = from every rotation.
    rotation: str = ""


@dataclass(frozen=True, slots=True)
class ListShifts:
    """Who is on call in a rotation between two instants."""

    rotation: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CoverRoom:
    """A group is without anybody who may treat."""

    session_id: str
    hold_time: datetime
    # Who leads the session or helps to.
    clinician_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TakeAbsence:
    """A patient did not come to a session."""

    session_id: str
    patient_id: str
    # As scheduled; None where an earlier release told of it.
    start_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class EndAbsence:
    """A patient who had not come came after all."""

    # Empty, and the time None, where it was not said.
    session_id: str
    patient_id: str
    arrive_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakeHold:
    """A patient came for their group and cannot be served in it."""

    hold_id: str
    patient_id: str
    # None where it was not said: then as soon as anybody can.
    contact_deadline: datetime | None


@dataclass(frozen=True, slots=True)
class EndHold:
    """A patient who was held is in the group after all."""

    hold_id: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class KeepEmergencyContact:
    """Whom to call about a patient."""

    patient_id: str
    name_ciphertext: bytes
    phone_ciphertext: bytes
    has_release: bool
    # None where whoever told of the contact did not say.
    record_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeepScreening:
    """A screening ended."""

    screening_id: str
    patient_id: str
    instrument: str
    tier: str
    complete_time: datetime


@dataclass(frozen=True, slots=True)
class RevealPack:
    """The caller must know where the patient is, for a reason."""

    case_id: str
    purpose: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of a list about one thing; the empty id means all."""

    id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class WhoIsOnCall:
    """Who is on call at an instant; None means now."""

    rotation: str
    instant: datetime | None
