"""What can be asked of this service; imperative, and may be refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinical.risk import Severity
from services.sessions.domain.moderation import Act
from services.sessions.domain.poll import Question
from services.sessions.domain.quality import Report
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.roles import Role
from services.sessions.domain.seal import AmendReason


@dataclass(frozen=True, slots=True)
class AttestLocation:
    """A patient says where they sit; texts as they came, for the cipher only."""

    patient_id: str
    state: str
    address: str
    callback_number: str
    # Empty where the patient did not say.
    others_present: str = ""
    disconnection_plan: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """Start, pause, resume or end this session, as its facilitator."""

    session_id: str


@dataclass(frozen=True, slots=True)
class ListAttendance:
    """One page of a session's attendances."""

    session_id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class GetAttendance:
    """One patient's attendance of one session."""

    session_id: str
    patient_id: str


@dataclass(frozen=True, slots=True)
class AmendAttendance:
    """Sealed seconds of one patient are not what happened."""

    session_id: str
    patient_id: str
    counted_seconds: int
    reason: AmendReason


@dataclass(frozen=True, slots=True)
class RaiseSignal:
    """Somebody presses; the key makes every repetition the same signal."""

    key: str
    patient_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class RaiseDrill:
    """The platform tries itself: the id is the drill's, its signal's, and its patient's."""

    drill_id: str


@dataclass(frozen=True, slots=True)
class Enter:
    """A connection asks for its participant's place in the room."""

    session_id: str
    connection_id: str
    room_cursor: int
    private_cursor: int | None
    join_ticket: str = ""
    resume_token: str = ""
    # The same connection, which waited: it holds its place already.
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Decide:
    """A facilitator's word about somebody at the door."""

    session_id: str
    patient_id: str
    is_handed_over: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that holds a place."""

    session_id: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class Say:
    """A text for the room."""

    session_id: str
    text: str


@dataclass(frozen=True, slots=True)
class InRoom:
    """Raise the own hand; or ask the room for its moods."""

    session_id: str


@dataclass(frozen=True, slots=True)
class LowerHand:
    """By the name that everybody sees; empty = the own one."""

    session_id: str
    alias: str


@dataclass(frozen=True, slots=True)
class React:
    """Show the room a sign."""

    session_id: str
    reaction: Reaction


@dataclass(frozen=True, slots=True)
class OpenPoll:
    """Ask the room."""

    session_id: str
    question: Question


@dataclass(frozen=True, slots=True)
class Vote:
    """Answer it; options are numbered from 1."""

    session_id: str
    poll_id: str
    option: int


@dataclass(frozen=True, slots=True)
class ClosePoll:
    """Take no more answers."""

    session_id: str
    poll_id: str


@dataclass(frozen=True, slots=True)
class GiveMood:
    """How one is, from 0 to 10; None = what came is no such number."""

    session_id: str
    value: int | None
    ask_number: int


@dataclass(frozen=True, slots=True)
class ReportQuality:
    """What a client measured."""

    session_id: str
    report: Report


@dataclass(frozen=True, slots=True)
class AddParticipant:
    """Give somebody a place in a session."""

    session_id: str
    person_id: str
    role: Role
    # Whose family; empty for others.
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class NamePerson:
    """Somebody in a session: whose place is taken back, who is to lead, who is on the telephone."""

    session_id: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Moderate:
    """Do this to whoever has the alias, or to the room."""

    session_id: str
    act: Act
    alias: str = ""
    contact_id: str = ""


@dataclass(frozen=True, slots=True)
class SayPrivately:
    """A word to the patient with the alias, or to staff."""

    session_id: str
    alias: str
    text: str


@dataclass(frozen=True, slots=True)
class PullAside:
    """Meet the patient with the alias in a room for two; one room for each key."""

    session_id: str
    alias: str
    key: str


class CaseStep(StrEnum):
    """What crisis tells of a case."""

    OPENED = "opened"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ForgetDrill:
    """A drill is over and long enough ago: what it left behind goes."""

    drill_id: str
    case_id: str


@dataclass(frozen=True, slots=True)
class FollowCase:
    """One step of a case."""

    step: CaseStep
    case_id: str
    patient_id: str
    at: datetime
    signal_id: str = ""
    owner_role: str = ""
    severity: Severity | None = None
    # It ended because it goes on in another case.
    is_merged: bool = False
