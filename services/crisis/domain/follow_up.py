"""A follow-up: one thing that must still happen for a patient, by somebody, by a time.

    OPEN --complete--> DONE            MISSED --complete--> DONE
      |  --cancel----> CANCELLED         |   --cancel----> CANCELLED
      `--miss--------> MISSED            `--miss (again, until the supervisors own it)

Only a human closes one, or the patient who came after all. It never ends by time alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.crisis.domain.absence import UNKNOWN, Absence
from services.crisis.domain.events import FollowUpMissed
from services.crisis.domain.signal import Severity, Source


class Kind(StrEnum):
    """What is to be done."""

    CLARIFY_SCREEN = "clarify_screen"
    REASSESS = "reassess"
    CONTACT = "contact"
    CARING_CONTACT = "caring_contact"
    SAFETY_PLAN_REVIEW = "safety_plan_review"
    CRISIS_NOTE = "crisis_note"
    SUPERVISOR_REVIEW = "supervisor_review"
    SUPERVISOR_NOTICE = "supervisor_notice"
    MEDICAL_NOTICE = "medical_notice"
    LEVEL_OF_CARE_REVIEW = "level_of_care_review"
    INCIDENT_REPORT = "incident_report"
    READ_TEXT = "read_text"
    ABSENCE_CALL = "absence_call"
    INDIVIDUAL_CONTACT = "individual_contact"


class State(StrEnum):
    """Where a follow-up stands."""

    OPEN = "open"
    MISSED = "missed"
    DONE = "done"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """How it was done."""

    REACHED = "reached"
    SENT = "sent"
    RISK_LOWER = "risk_lower"
    RISK_SAME = "risk_same"
    RISK_HIGHER = "risk_higher"
    WRITTEN = "written"
    REVIEWED = "reviewed"
    PLAN_REVISED = "plan_revised"
    PLAN_CONFIRMED = "plan_confirmed"
    NOTIFIED = "notified"
    NOT_REACHED = "not_reached"


class CancelReason(StrEnum):
    """Why it will not be done."""

    PATIENT_DECLINES = "patient_declines"
    CARE_TRANSFERRED = "care_transferred"
    MADE_IN_ERROR = "made_in_error"
    PATIENT_DIED = "patient_died"
    SUPERSEDED = "superseded"
    PATIENT_CAME = "patient_came"


class OwnerRole(StrEnum):
    """Whoever holds it may do it."""

    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who must see that it is done: one person, or whoever holds a role."""

    clinician_id: str = ""
    role: OwnerRole | None = None


CLINICIANS, SUPERVISORS = Owner(role=OwnerRole.CLINICIAN), Owner(role=OwnerRole.SUPERVISOR)

ASSESSED = frozenset({Outcome.RISK_LOWER, Outcome.RISK_SAME, Outcome.RISK_HIGHER})
# What says that it was done, by kind. A plan's review is closed by what is done to the plan.
OUTCOMES: dict[Kind, frozenset[Outcome]] = {
    Kind.CLARIFY_SCREEN: ASSESSED,
    Kind.REASSESS: ASSESSED,
    Kind.CONTACT: frozenset({Outcome.REACHED}),
    Kind.CARING_CONTACT: frozenset({Outcome.REACHED, Outcome.SENT}),
    Kind.SAFETY_PLAN_REVIEW: frozenset(),
    Kind.CRISIS_NOTE: frozenset({Outcome.WRITTEN}),
    Kind.SUPERVISOR_REVIEW: frozenset({Outcome.REVIEWED}),
    Kind.SUPERVISOR_NOTICE: frozenset({Outcome.NOTIFIED}),
    Kind.MEDICAL_NOTICE: frozenset({Outcome.NOTIFIED}),
    Kind.LEVEL_OF_CARE_REVIEW: frozenset({Outcome.REVIEWED}),
    Kind.INCIDENT_REPORT: frozenset({Outcome.WRITTEN}),
    Kind.READ_TEXT: frozenset({Outcome.REVIEWED, Outcome.RISK_HIGHER}),
    Kind.ABSENCE_CALL: frozenset(
        {Outcome.REACHED, Outcome.SENT, Outcome.NOT_REACHED, Outcome.RISK_HIGHER}
    ),
    Kind.INDIVIDUAL_CONTACT: frozenset({Outcome.REACHED, Outcome.RISK_HIGHER}),
}
# An assessment that finds more risk than before is a signal of its own, of this severity. [D]
HIGHER_RISK = Severity.MODERATE
# Missed after a case of high severity, these wake people again (features.md F4, [D]): nobody knows
# how the patient is. A contact weighs more, because nobody has heard of the patient since.
WORRIES = {Kind.CONTACT: Severity.MODERATE, Kind.REASSESS: Severity.LOW}
# A text that nobody has read in time may say anything, but no rule found danger in it: somebody is
# woken, with the least severity there is (clinical.md 5.1). [D]
UNREAD_TEXT = Severity.LOW


@dataclass(frozen=True, slots=True)
class Text:
    """A text that must be read: its words are in notify; whoever wrote it, by the address's key."""

    inbound_id: str
    sender_key: str = ""
    sender_ciphertext: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class FollowUp:
    """Guards that it is closed by a human; `escalate_time` is when it acts by itself."""

    # Empty where it is a text's from a number at which nobody is known.
    patient_id: str
    # The case, the screening, the plan or the text that it follows: one per origin, kind and
    # number.
    origin_id: str
    kind: Kind
    number: int
    owner: Owner
    due_time: datetime
    # None once closed, or once the supervisors own it for good.
    escalate_time: datetime | None
    start_time: datetime | None = None
    case_id: str = ""
    screening_id: str = ""
    text: Text | None = None
    # To what the patient did not come, of a call; nobody knows it of earlier releases' calls.
    absence: Absence = UNKNOWN
    # Of the case; None where it follows none.
    severity: Severity | None = None
    # Who resolved the case: a supervisor's review is by somebody else.
    resolver_id: str = ""
    state: State = State.OPEN
    escalation_count: int = 0
    close_time: datetime | None = None
    closer_id: str = ""
    outcome: Outcome | None = None
    cancel_reason: CancelReason | None = None
    create_time: datetime | None = None
    id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def complete(self, by: str, outcome: Outcome, now: datetime, *, is_supervisor: bool) -> None:
        """`by` has done it."""
        self._refuse_closed()
        if self.kind is Kind.SAFETY_PLAN_REVIEW:
            text = "revise or review the safety plan: that closes its review"
            raise FailedPrecondition("SAFETY_PLAN_NOT_REVIEWED", text)
        if outcome not in OUTCOMES[self.kind]:
            fault = Violation("outcome", "NOT_ALLOWED", "is not an outcome of this kind")
            raise InvalidArgument(
                "OUTCOME_NOT_ALLOWED", "an outcome of another kind", violations=[fault]
            )
        if self.start_time is not None and now < self.start_time:
            raise FailedPrecondition("FOLLOW_UP_TOO_EARLY", "done now it would not count")
        if self.kind is Kind.SUPERVISOR_REVIEW:
            self._require_reviewer(by, is_supervisor=is_supervisor)
        self._close(State.DONE, by, now)
        self.outcome = outcome

    def settle(self, by: str, outcome: Outcome, now: datetime) -> None:
        """What `by` did to the patient's safety plan was the review that this asked for."""
        self._refuse_closed()
        self._close(State.DONE, by, now)
        self.outcome = outcome

    def cancel(self, by: str, reason: CancelReason, now: datetime) -> None:
        """`by` decides that it will not be done."""
        self._refuse_closed()
        self._close(State.CANCELLED, by, now)
        self.cancel_reason = reason

    def reassign(self, owner: Owner, *, repeat: timedelta, now: datetime) -> None:
        """Somebody else has it; no time moves, least of all the due time.

        One that the supervisors owned for good escalates again where they hand it on: back to
        them, unless it is closed before.
        """
        self._refuse_closed()
        self.owner = owner
        if self.escalate_time is None and owner != SUPERVISORS:
            self.escalate_time = now + repeat

    def miss(self, *, supervisor_id: str, most: int, repeat: timedelta, now: datetime) -> None:
        """It was not closed in time. The owner hears of it; after `most` times the supervisors
        own it, and it waits in their list."""
        self._refuse_closed()
        self.state, self.escalation_count = State.MISSED, self.escalation_count + 1
        self.escalate_time = now + repeat
        if self.escalation_count >= most:
            self.owner, self.escalate_time = SUPERVISORS, None
        self.events.append(
            FollowUpMissed(
                follow_up_id=self.id,
                patient_id=self.patient_id,
                recipient_id=self.owner.clinician_id or supervisor_id,
                kind=self.kind.value,
                escalation_count=self.escalation_count,
                due_time=self.due_time,
                miss_time=now,
            )
        )

    @property
    def worry(self) -> Severity | None:
        """How severe the case is that missing it opens; None where it opens none."""
        if self.kind is Kind.READ_TEXT:
            return UNREAD_TEXT
        return WORRIES.get(self.kind) if self.severity is Severity.HIGH else None

    @property
    def source(self) -> Source:
        """What the case that missing it opens is about."""
        is_text = self.kind is Kind.READ_TEXT
        return Source.INBOUND_TEXT if is_text else Source.MISSED_FOLLOW_UP

    @property
    def is_open(self) -> bool:
        """True until a human has closed it."""
        return self.state in {State.OPEN, State.MISSED}

    def accepts(self, outcome: Outcome) -> bool:
        """True while it can be completed with this outcome."""
        return self.is_open and outcome in OUTCOMES[self.kind]

    def is_due(self, now: datetime) -> bool:
        """True once it must escalate."""
        return self.is_open and self.escalate_time is not None and self.escalate_time <= now

    def _require_reviewer(self, by: str, *, is_supervisor: bool) -> None:
        if not is_supervisor:
            raise FailedPrecondition("SUPERVISOR_REQUIRED", "a supervisor must review the case")
        if by == self.resolver_id:
            text = "somebody other than whoever resolved the case must review it"
            raise FailedPrecondition("SECOND_PERSON_REQUIRED", text)

    def _close(self, state: State, by: str, now: datetime) -> None:
        self.state, self.closer_id, self.close_time = state, by, now
        self.escalate_time = None

    def _refuse_closed(self) -> None:
        if not self.is_open:
            raise FailedPrecondition("FOLLOW_UP_CLOSED", "the follow-up is closed")
