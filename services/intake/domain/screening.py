"""One answered instrument, from its first answer to its end.

A safety item acts when it arrives. Risk that was raised stays raised: a later answer can add to
it and not take it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID, uuid5

from chassis.errors import FailedPrecondition
from services.intake.domain.answers import Answer, GivenAnswer, read_answers
from services.intake.domain.instruments import instrument_of
from services.intake.domain.instruments.model import Instrument, Triage
from services.intake.domain.scoring import Score, score
from services.intake.domain.tier import Tier, Trigger
from services.intake.domain.triage import (
    TriageRules,
    certain_tier,
    reachable_tier,
    unanswered_safety_items,
)


class ScreeningState(Enum):
    """Where a screening stands."""

    ANSWERING = "answering"
    COMPLETED = "completed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class ScreeningRules:
    """The tenant's part: triage, and how long a safety item may stand without the rest."""

    triage: TriageRules
    left_after: timedelta


@dataclass(frozen=True, slots=True)
class RiskSeen:
    """The answers put somebody on this tier, for the first time in this screening."""

    screening_id: str
    patient_id: str
    tier: Tier
    trigger: Trigger
    time: datetime

    @property
    def risk_id(self) -> str:
        """The fact's own key: the same screening, trigger and tier are one fact for ever."""
        return str(uuid5(UUID(self.screening_id), f"risk.{self.trigger.name}.{self.tier.name}"))


@dataclass(frozen=True, slots=True)
class ScreeningEnded:
    """Completed, or left and counted as completed."""

    screening_id: str
    patient_id: str
    instrument: str
    instrument_version: str
    tier: Tier
    time: datetime


@dataclass(kw_only=True)
class Screening:
    """An instrument on its way through one patient's answers."""

    id: str
    patient_id: str
    instrument_id: str
    instrument_version: str
    is_part2_protected: bool
    create_time: datetime
    state: ScreeningState = ScreeningState.ANSWERING
    answers: dict[str, Answer] = field(default_factory=dict)
    # The highest tier raised so far.
    raised_tier: Tier = Tier.NONE
    score: Score | None = None
    is_safety_item_unanswered: bool = False
    leave_deadline_time: datetime | None = None
    complete_time: datetime | None = None
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def instrument(self) -> Instrument:
        """The instrument's own data."""
        return instrument_of(self.instrument_id, self.instrument_version)

    @property
    def tier(self) -> Tier:
        """While answering: what the answers already say. Afterwards: what stands."""
        return self.raised_tier

    @property
    def is_safety_screening(self) -> bool:
        """True for the suicide-risk screener."""
        return self.instrument.triage is Triage.COLUMBIA

    @property
    def is_pending(self) -> bool:
        """A safety item was met and the screening has not ended."""
        return self.leave_deadline_time is not None

    def record(self, given: Sequence[GivenAnswer], rules: ScreeningRules, now: datetime) -> None:
        """Take all the answers or none; raise at once what they already say."""
        self._require_answering()
        self.answers.update(read_answers(self.instrument, given))
        self._raise(certain_tier(self.instrument, self.answers, rules.triage), self._trigger, now)
        if any(item.code in self.answers for item in self.instrument.safety_items):
            self.leave_deadline_time = now + rules.left_after

    def complete(self, rules: ScreeningRules, now: datetime) -> None:
        """Score and close; whatever is missing counts as the worst it could be."""
        self._require_answering()
        self._end(ScreeningState.COMPLETED, self._trigger, rules, now)

    def leave(self, rules: ScreeningRules, now: datetime) -> bool:
        """Close a screening left after a safety item; False where there is nothing to do."""
        deadline = self.leave_deadline_time
        if self.state is not ScreeningState.ANSWERING or deadline is None or now < deadline:
            return False
        self._end(ScreeningState.ABANDONED, Trigger.SCREENING_ABANDONED, rules, now)
        return True

    @property
    def _trigger(self) -> Trigger:
        return self.instrument.trigger or Trigger.SCREENING_ABANDONED

    def _require_answering(self) -> None:
        if self.state is not ScreeningState.ANSWERING:
            raise FailedPrecondition("SCREENING_CLOSED", "the screening has ended")

    def _raise(self, tier: Tier, trigger: Trigger, now: datetime) -> None:
        if tier > self.raised_tier:
            self.raised_tier = tier
            self.events.append(RiskSeen(self.id, self.patient_id, tier, trigger, now))

    def _end(
        self, state: ScreeningState, trigger: Trigger, rules: ScreeningRules, now: datetime
    ) -> None:
        self._raise(reachable_tier(self.instrument, self.answers, rules.triage), trigger, now)
        self.state = state
        self.score = score(self.instrument, self.answers)
        unanswered = unanswered_safety_items(self.instrument, self.answers)
        self.is_safety_item_unanswered = bool(unanswered)
        self.leave_deadline_time, self.complete_time = None, now
        self.events.append(
            ScreeningEnded(
                self.id,
                self.patient_id,
                self.instrument_id,
                self.instrument_version,
                self.tier,
                now,
            )
        )
