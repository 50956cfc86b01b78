"""What scheduling knows of a patient: copies of other services' facts, newer ones only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from chassis.errors import FailedPrecondition

NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a copy came from; decides which of two is newer."""

    aggregate_id: str
    version: int
    time: datetime

    def supersedes(self, known: Source | None) -> bool:
        """Versions order facts of one aggregate; facts of two are ordered by their time."""
        if known is None:
            return True
        if self.aggregate_id == known.aggregate_id:
            return self.version > known.version
        return self.time > known.time


@dataclass(frozen=True, slots=True)
class Plan:
    """The active care plan's dose."""

    care_plan_id: str
    weekly_minutes: int
    weeks: int


@dataclass(slots=True)
class Patient:
    """Comes into being with the first fact that arrives, in whichever order they do."""

    id: str
    episode_id: str = ""
    admission: Source | None = None
    plan: Plan | None = None
    plan_source: Source | None = None
    attending_state: str = ""
    attending_time: datetime = NEVER
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """Whose record this is."""
        return self.id

    def admit(self, source: Source, *, state: str, admit_time: datetime) -> bool:
        """Take over an admission; True where the attending state changed."""
        if not source.supersedes(self.admission):
            return False
        self.admission, self.episode_id = source, source.aggregate_id
        return self.attend(state, admit_time)

    def activate_plan(self, source: Source, plan: Plan) -> None:
        """Take over a care plan."""
        if source.supersedes(self.plan_source):
            self.plan, self.plan_source = plan, source

    def attend(self, state: str, at: datetime) -> bool:
        """Take over where the patient sits, unless something later is known; True on a change."""
        if at < self.attending_time:
            return False
        changed = state != self.attending_state
        self.attending_state, self.attending_time = state, at
        return changed

    def require_admitted(self) -> None:
        """Refuse whom intake has not admitted."""
        if self.admission is None:
            raise FailedPrecondition("PATIENT_NOT_ADMITTED", "no admission is known here")

    def require_plan(self) -> Plan:
        """The active care plan."""
        if self.plan is None:
            raise FailedPrecondition("PLAN_NOT_ACTIVE", "no active care plan is known here")
        return self.plan
