"""A patient's seats in a series."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from chassis.errors import FailedPrecondition
from services.scheduling.domain.events import SeatReleased, SeriesEnrolled


class EnrollmentState(StrEnum):
    """Where an enrollment stands."""

    ACTIVE = "active"
    NEEDS_REVIEW = "needs_review"
    CANCELED = "canceled"
    COMPLETED = "completed"


OPEN = frozenset({EnrollmentState.ACTIVE, EnrollmentState.NEEDS_REVIEW})
_ACTIVE, _REVIEW = EnrollmentState.ACTIVE, EnrollmentState.NEEDS_REVIEW
MOVES: Mapping[tuple[EnrollmentState, str], EnrollmentState] = MappingProxyType(
    {
        (_ACTIVE, "flag"): _REVIEW,
        (_REVIEW, "flag"): _REVIEW,
        (_ACTIVE, "clear"): _ACTIVE,
        (_REVIEW, "clear"): _ACTIVE,
        (_ACTIVE, "cancel"): EnrollmentState.CANCELED,
        (_REVIEW, "cancel"): EnrollmentState.CANCELED,
        (_ACTIVE, "complete"): EnrollmentState.COMPLETED,
        (_REVIEW, "complete"): EnrollmentState.COMPLETED,
    }
)


@dataclass(slots=True)
class Enrollment:
    """Knows every seat that it ever held, and which of them it gave back."""

    id: str
    series_id: str
    group_id: str
    patient_id: str
    session_ids: tuple[str, ...]
    care_plan_id: str
    planned_weekly_minutes: int
    is_part2_protected: bool
    released_session_ids: tuple[str, ...] = ()
    state: EnrollmentState = EnrollmentState.ACTIVE
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    events: list[object] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """True while it may hold seats ahead."""
        return self.state in OPEN

    def announce(self) -> None:
        """Tell the other services of the new seats."""
        self.events.append(
            SeriesEnrolled(
                self.id, self.series_id, self.group_id, self.patient_id, self.session_ids
            )
        )

    def flag(self, *, needs_review: bool) -> None:
        """Show, or stop showing, that nobody may treat the patient in some session."""
        self._move("flag" if needs_review else "clear")

    def release(self, session_ids: Collection[str]) -> None:
        """Give back the seats in these sessions."""
        given_back = tuple(each for each in self.session_ids if each in session_ids)
        if not given_back:
            return
        self.session_ids = tuple(each for each in self.session_ids if each not in session_ids)
        self.released_session_ids = (*self.released_session_ids, *given_back)
        self.events.append(
            SeatReleased(
                self.id,
                self.group_id,
                self.patient_id,
                self.released_session_ids,
                self.session_ids,
            )
        )

    def cancel(self, ahead_session_ids: Collection[str]) -> None:
        """End it; what has begun stays on record, what lies ahead is given back."""
        self._move("cancel")
        self.release(ahead_session_ids)

    def complete(self) -> None:
        """Note that the series is over."""
        self._move("complete")

    def _move(self, verb: str) -> None:
        target = MOVES.get((self.state, verb))
        if target is None:
            raise FailedPrecondition("ENROLLMENT_NOT_OPEN", "it is canceled or completed")
        self.state = target
