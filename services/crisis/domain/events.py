"""What a case tells the other services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.crisis.domain.escalation import Target
from services.crisis.domain.signal import Severity


@dataclass(frozen=True, slots=True)
class CaseOpened:
    """A case exists for the signal: a new one, or the open one that it joined."""

    case_id: str
    patient_id: str
    severity: Severity
    safety_signal_id: str
    open_time: datetime


@dataclass(frozen=True, slots=True)
class PageRequested:
    """Wake this person now."""

    page_id: str
    case_id: str
    recipient_id: str
    rung: int
    cycle: int
    severity: Severity
    expire_time: datetime
    # Pages that it takes the place of, each with its recipient.
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CaseEscalated:
    """Nobody has it: the time for an answer or for contact passed, or a new signal came after."""

    case_id: str
    patient_id: str
    rung: int
    cycle: int
    escalate_time: datetime


@dataclass(frozen=True, slots=True)
class CaseAcknowledged:
    """A human has it, until the contact deadline."""

    case_id: str
    patient_id: str
    owner_id: str
    owner_role: str
    acknowledge_time: datetime
    contact_deadline: datetime
    is_hand_over: bool = False


@dataclass(frozen=True, slots=True)
class CaseContacted:
    """A human reached the patient."""

    case_id: str
    patient_id: str
    contact_time: datetime


@dataclass(frozen=True, slots=True)
class CaseResolved:
    """It is over."""

    case_id: str
    patient_id: str
    disposition: str
    resolve_time: datetime


@dataclass(frozen=True, slots=True)
class FollowUpMissed:
    """Something that must happen for a patient did not, in time."""

    follow_up_id: str
    patient_id: str
    recipient_id: str
    kind: str
    escalation_count: int
    due_time: datetime
    miss_time: datetime


@dataclass(frozen=True, slots=True)
class DrillStarted:
    """Whoever takes patients' signals is to raise the drill's."""

    drill_id: str
    start_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class PersonRequested:
    """A patient waits for a person to talk to: tell somebody who is on duty."""

    person_request_id: str
    recipient_id: str
    request_time: datetime
    # From then on a case looks after it.
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class RoomCoverRequested:
    """A group is without anybody who may treat: tell somebody who can come."""

    session_id: str
    hold_time: datetime
    recipient_id: str


@dataclass(frozen=True, slots=True)
class CoverageGapFound:
    """Nobody will be there, or is; told again each day until somebody is."""

    gap_id: str
    # Behind whom nobody is: a rotation, or a person.
    target: Target
    kind: str
    start: datetime
    end: datetime
    # How often it has been told, this time included.
    notice: int
    recipient_id: str


@dataclass(frozen=True, slots=True)
class CoverageGapClosed:
    """A gap that was told is covered, or its time has passed."""

    gap_id: str
    target: Target
    closing: str
    close_time: datetime
    notice: int
    recipient_id: str
