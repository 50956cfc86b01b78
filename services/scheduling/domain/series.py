"""A group's weekly program over some weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.group import Group
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.domain.recurrence import Occurrence, Pattern
from services.scheduling.domain.session import Session, SessionState


class SeriesState(StrEnum):
    """Whether anything lies ahead."""

    ACTIVE = "active"
    ENDED = "ended"


@dataclass(slots=True)
class Series:
    """The pattern from which the sessions were made."""

    id: str
    group_id: str
    facilitator_id: str
    pattern: Pattern
    capacity: int
    is_part2_protected: bool
    state: SeriesState = SeriesState.ACTIVE
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    patient_id: str = ""
    events: list[object] = field(default_factory=list)

    def require_active(self) -> None:
        """Refuse what needs sessions ahead."""
        if self.state is SeriesState.ENDED:
            raise FailedPrecondition("SERIES_ENDED", "no session lies ahead")

    def require_policy(self, policy: SchedulingPolicy) -> None:
        """Refuse more than the tenant's program allows."""
        limits = (
            ("weeks", "WEEKS_EXCEEDED", self.pattern.weeks, policy.series_weeks_max),
            (
                "blocks",
                "WEEKLY_MINUTES_EXCEEDED",
                self.pattern.weekly_minutes,
                policy.weekly_minutes_max,
            ),
        )
        for name, reason, value, limit in limits:
            if value > limit:
                raise _refused(reason, name, f"at most {limit}, counted {value}")

    def require_dose(self, planned_weekly_minutes: int) -> None:
        """Refuse a patient whose plan asks for more than a week supplies."""
        supplied = self.pattern.weekly_minutes
        if supplied < planned_weekly_minutes:
            raise FailedPrecondition(
                "DOSE_NOT_MET",
                f"a week supplies {supplied} counted minutes, the plan asks for "
                f"{planned_weekly_minutes}",
                metadata={
                    "supplied_minutes": str(supplied),
                    "planned_minutes": str(planned_weekly_minutes),
                    "missing_minutes": str(planned_weekly_minutes - supplied),
                },
            )

    def sessions(
        self, group: Group, facilitator: Clinician, now: datetime, new_id: Callable[[], str]
    ) -> list[Session]:
        """One session per block and week, all of them ahead."""
        occurrences = self.pattern.occurrences()
        if occurrences[0].span.start < now:
            raise _refused("FIRST_DATE_PAST", "first_date", "the first session lies in the past")
        return [self._session(each, group, facilitator, new_id()) for each in occurrences]

    def assign(self, clinician: Clinician) -> None:
        """Let this clinician lead what lies ahead."""
        self.require_active()
        self.facilitator_id = clinician.id

    def end(self) -> None:
        """Note that the last session is over."""
        self.state = SeriesState.ENDED

    def _session(
        self, occurrence: Occurrence, group: Group, facilitator: Clinician, session_id: str
    ) -> Session:
        session = Session(
            id=session_id,
            group_id=group.id,
            series_id=self.id,
            facilitator_id=facilitator.id,
            facilitator_states=facilitator.states(occurrence.span),
            span=occurrence.span,
            time_zone=self.pattern.time_zone,
            local_date=occurrence.local_date,
            counted_minutes=occurrence.block.counted_minutes,
            break_minutes=occurrence.block.break_minutes,
            capacity=group.capacity,
            is_part2_protected=group.is_part2_protected,
            group_kind=group.kind,
        )
        session.announce()
        return session


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series with what its sessions say about it."""

    series: Series
    session_ids: tuple[str, ...]
    free_seats: int


def view_of(series: Series, sessions: Iterable[Session], now: datetime) -> SeriesView:
    """The series with its sessions in order of time; canceled ones do not count."""
    kept = sorted(
        (each for each in sessions if each.state is not SessionState.CANCELED),
        key=lambda each: each.span,
    )
    free = [each.capacity - len(each.seats) for each in kept if each.span.start > now]
    return SeriesView(series, tuple(each.id for each in kept), max(0, min(free, default=0)))


def _refused(reason: str, name: str, description: str) -> InvalidArgument:
    text = f"{name}: {description}"
    return InvalidArgument(reason, text, violations=[Violation(name, reason, description)])
