"""A post that staff must look at, by a time; open until somebody has decided.

OPEN --keep--> KEPT --report (by somebody else)--> OPEN
  `---hide--> HIDDEN <--hide-- KEPT
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition
from services.sessions.domain.events import BoardReportMissed, BoardReportOpened
from services.sessions.domain.policy import SessionsPolicy


class ReportReason(StrEnum):
    """Why somebody asks staff to look."""

    WORRIES = "worries"
    HURTS = "hurts"
    NAMES_A_PERSON = "names_a_person"
    OTHER = "other"
    # Nobody asked; the risk rules found something.
    RULES = "rules"


class DecisionReason(StrEnum):
    """Why a post is hidden or kept."""

    HURTS = "hurts"
    NAMES_A_PERSON = "names_a_person"
    HARMFUL_DETAIL = "harmful_detail"
    OFF_TOPIC = "off_topic"
    FINE = "fine"
    SPOKEN_WITH = "spoken_with"


KEEPING = frozenset({DecisionReason.FINE, DecisionReason.SPOKEN_WITH})
HIDING = frozenset(DecisionReason) - KEEPING


class ReportState(StrEnum):
    """Where a report stands."""

    OPEN = "open"
    KEPT = "kept"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a moderator decided."""

    is_hidden: bool
    reason: DecisionReason
    moderator_id: str
    decide_time: datetime


@dataclass(slots=True)
class BoardReport:
    """One per post, whoever asks; `miss_time` is when the supervisors hear of it."""

    id: str
    group_id: str
    # The post.
    number: int
    # Whose post; empty for staff's.
    author_id: str
    state: ReportState = ReportState.KEPT
    reasons: tuple[ReportReason, ...] = ()
    # Who asked; the rules are nobody.
    reporter_ids: tuple[str, ...] = ()
    open_time: datetime | None = None
    due_time: datetime | None = None
    open_count: int = 0
    miss_time: datetime | None = None
    escalation_count: int = 0
    decisions: tuple[Decision, ...] = ()
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """It is about what this patient wrote."""
        return self.author_id

    @property
    def is_open(self) -> bool:
        """True until somebody has decided."""
        return self.state is ReportState.OPEN

    def ask(
        self, by: str, reason: ReportReason, recipient_id: str, now: datetime, *, within: float
    ) -> None:
        """`by` wants staff to look. Who asked before, and got an answer, has had it."""
        if self.state is ReportState.HIDDEN:
            raise FailedPrecondition("POST_HIDDEN", "the post is hidden")
        has_asked = by in self.reporter_ids
        if not has_asked and by:
            self.reporter_ids = (*self.reporter_ids, by)
        if self.is_open or not has_asked:
            self.reasons = tuple(dict.fromkeys((*self.reasons, reason)))
        if self.is_open or has_asked:
            return
        self.state, self.open_time = ReportState.OPEN, now
        self.due_time = self.miss_time = now + timedelta(seconds=within)
        self.open_count += 1
        self.events.append(
            BoardReportOpened(self.id, self.group_id, recipient_id, self.open_count, self.due_time)
        )

    def hide(self, by: str, reason: DecisionReason, now: datetime) -> None:
        """`by` takes the post from the board."""
        if self.state is ReportState.HIDDEN:
            raise FailedPrecondition("POST_HIDDEN", "the post is hidden")
        if self.due_time is None:  # nobody asked: it has its place in the list all the same
            self.open_time = self.due_time = now
        self._decide(ReportState.HIDDEN, Decision(True, reason, by, now))

    def keep(self, by: str, reason: DecisionReason, now: datetime) -> None:
        """`by` has looked, and it stays."""
        if not self.is_open:
            raise FailedPrecondition("BOARD_REPORT_NOT_OPEN", "nobody asks to look at it")
        self._decide(ReportState.KEPT, Decision(False, reason, by, now))

    def miss(self, now: datetime, policy: SessionsPolicy) -> bool:
        """Nobody has looked in time: the supervisors hear of it; it stays open, and they hear of it
        again. False where it is not so."""
        due = self.due_time
        if not self.is_open or due is None or self.miss_time is None or self.miss_time > now:
            return False
        self.escalation_count += 1
        self.miss_time = now + timedelta(seconds=policy.board_report_repeat_seconds)
        self.events.append(
            BoardReportMissed(
                board_report_id=self.id,
                group_id=self.group_id,
                recipient_id=policy.supervisor_id,
                escalation_count=self.escalation_count,
                due_time=due,
                miss_time=now,
            )
        )
        return True

    def _decide(self, state: ReportState, decision: Decision) -> None:
        self.state, self.miss_time = state, None
        self.decisions = (*self.decisions, decision)
