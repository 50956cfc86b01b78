"""One occurrence of a group: its time, who leads it, and who has a seat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from chassis.errors import FailedPrecondition
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.events import CoFacilitator, SessionScheduled
from services.scheduling.domain.group import GroupKind
from services.scheduling.domain.span import Span


class SessionState(StrEnum):
    """Where a session stands."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    ENDED = "ended"
    CANCELED = "canceled"


OPEN = frozenset({SessionState.SCHEDULED, SessionState.STARTED})
# A session of which no start was heard ends all the same.
MOVES: Mapping[tuple[SessionState, str], SessionState] = MappingProxyType(
    {
        (SessionState.SCHEDULED, "start"): SessionState.STARTED,
        (SessionState.SCHEDULED, "end"): SessionState.ENDED,
        (SessionState.STARTED, "end"): SessionState.ENDED,
        (SessionState.SCHEDULED, "cancel"): SessionState.CANCELED,
    }
)


@dataclass(frozen=True, slots=True)
class Seat:
    """One patient's place; by the series' enrollment, or booked into this session alone."""

    patient_id: str
    enrollment_id: str = ""


@dataclass(slots=True)
class Session:
    """Guards its capacity and its states; every change that others must know becomes an event."""

    id: str
    group_id: str
    series_id: str
    facilitator_id: str
    facilitator_states: tuple[str, ...]
    span: Span
    time_zone: str
    local_date: date
    counted_minutes: int
    break_minutes: int
    capacity: int
    is_part2_protected: bool
    # None in what earlier releases wrote.
    group_kind: GroupKind | None = None
    seats: tuple[Seat, ...] = ()
    # In the order in which they would lead.
    co_facilitators: tuple[CoFacilitator, ...] = ()
    state: SessionState = SessionState.SCHEDULED
    version: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None
    patient_id: str = ""
    events: list[object] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """True until it has ended or was canceled."""
        return self.state in OPEN

    @property
    def is_full(self) -> bool:
        """True where nobody more can be seated."""
        return len(self.seats) >= self.capacity

    @property
    def roster(self) -> tuple[str, ...]:
        """Everybody with a seat."""
        return tuple(seat.patient_id for seat in self.seats)

    @property
    def booked_ids(self) -> tuple[str, ...]:
        """Patients booked into this session alone."""
        return tuple(seat.patient_id for seat in self.seats if not seat.enrollment_id)

    def announce(self) -> None:
        """Tell the other services how it stands; one telling at the end says it all."""
        self.events = [each for each in self.events if not isinstance(each, SessionScheduled)]
        self.events.append(
            SessionScheduled(
                session_id=self.id,
                group_id=self.group_id,
                series_id=self.series_id,
                facilitator_id=self.facilitator_id,
                facilitator_states=self.facilitator_states,
                patient_ids=self.booked_ids,
                span=self.span,
                counted_minutes=self.counted_minutes,
                break_minutes=self.break_minutes,
                is_canceled=self.state is SessionState.CANCELED,
                co_facilitators=self.co_facilitators,
                group_kind=self.group_kind,
            )
        )

    def seat(self, *seats: Seat) -> None:
        """Give these patients a place, or none of them."""
        taken = set(self.roster) & {each.patient_id for each in seats}
        if taken:
            raise FailedPrecondition("ALREADY_SEATED", "a patient has a seat in it already")
        if len(self.seats) + len(seats) > self.capacity:
            raise FailedPrecondition(
                "SESSION_FULL",
                "more patients than seats",
                metadata={"capacity": str(self.capacity), "taken": str(len(self.seats))},
            )
        self.seats = (*self.seats, *seats)

    def release(self, patient_id: str) -> None:
        """Free the patient's seat, if there is one."""
        self.seats = tuple(each for each in self.seats if each.patient_id != patient_id)

    def give_to(self, clinician: Clinician) -> None:
        """Let this clinician lead it; the roster's states are judged by the caller."""
        if not self.is_open:
            raise FailedPrecondition("SESSION_NOT_OPEN", "the session is over or canceled")
        self.facilitator_id = clinician.id
        self.facilitator_states = clinician.states(self.span)
        self.co_facilitators = tuple(
            each for each in self.co_facilitators if each.clinician_id != clinician.id
        )
        self.announce()

    def be_helped_by(self, clinicians: Sequence[Clinician]) -> None:
        """Let these, and nobody else, help to lead it."""
        if not self.is_open:
            raise FailedPrecondition("SESSION_NOT_OPEN", "the session is over or canceled")
        if any(each.id == self.facilitator_id for each in clinicians):
            raise FailedPrecondition("CO_FACILITATOR_LEADS", "a co-facilitator leads it already")
        self.co_facilitators = tuple(
            CoFacilitator(each.id, each.states(self.span)) for each in clinicians
        )
        self.announce()

    def follow_licenses(self, clinician: Clinician) -> bool:
        """Take over what became of a facilitator's licenses; True where it matters here."""
        states = clinician.states(self.span)
        before = (self.facilitator_states, self.co_facilitators)
        if all(each.clinician_id != clinician.id for each in self.co_facilitators):
            self.facilitator_states = states
        self.co_facilitators = tuple(
            replace(each, states=states) if each.clinician_id == clinician.id else each
            for each in self.co_facilitators
        )
        if before == (self.facilitator_states, self.co_facilitators):
            return False
        self.announce()
        return True

    def start(self) -> None:
        """Note that the room has opened."""
        if self.state is not SessionState.STARTED:
            self._move("start")

    def end(self) -> None:
        """Note that its time is over."""
        self._move("end")

    def cancel(self) -> tuple[Seat, ...]:
        """Call it off and empty it; the seats that were held."""
        if self.state is SessionState.STARTED:
            raise FailedPrecondition("SESSION_STARTED", "people are in the room")
        self._move("cancel")
        seats, self.seats = self.seats, ()
        self.announce()
        return seats

    def _move(self, verb: str) -> None:
        target = MOVES.get((self.state, verb))
        if target is None:
            raise FailedPrecondition("SESSION_NOT_OPEN", "the session is over or canceled")
        self.state = target


def seat_in_all(sessions: Iterable[Session], seat: Seat) -> tuple[str, ...]:
    """Seat one patient in every session, or in none; the sessions' ids."""
    wanted = tuple(sessions)
    if not wanted:
        raise FailedPrecondition("SERIES_ENDED", "no session lies ahead")
    full = [each for each in wanted if each.is_full]
    if full:
        raise FailedPrecondition(
            "SERIES_FULL",
            "some session has no free seat",
            metadata={
                "capacity": str(full[0].capacity),
                "full_sessions": str(len(full)),
                "first_start_time": full[0].span.start.isoformat(),
            },
        )
    for each in wanted:
        each.seat(seat)
    return tuple(each.id for each in wanted)
