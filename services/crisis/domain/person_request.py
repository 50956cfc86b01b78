"""A patient asks for a person to talk to, and waits in a queue until one takes them.

WAITING --take--> TAKEN --finish--> FINISHED
   | `--leave--> LEFT
   `--pass the bound: still WAITING; a case is open, and there is a number to call
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition
from services.crisis.domain.cover import OnDuty
from services.crisis.domain.events import PersonRequested


class State(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    TAKEN = "taken"
    FINISHED = "finished"
    LEFT = "left"


# Who asks again within it, past the bound, still waits and keeps their place. [D]
SAME_WAIT = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class QueuePolicy:
    """A tenant's bounds of waiting and talking, in seconds."""

    # A longer wait opens a case, and the patient is told to call.
    wait_bound_seconds: float = 300  # [D]
    # What a talk takes where none has ended lately, and how many of the last ones count.
    talk_seconds: float = 900  # [D]
    talks_counted: int = 20  # [D]
    # A talk that nobody finished has ended by then.
    longest_talk_seconds: float = 7_200  # [D]

    @property
    def wait_bound(self) -> timedelta:
        """How long a patient may wait before a case opens."""
        return timedelta(seconds=self.wait_bound_seconds)

    @property
    def longest_talk(self) -> timedelta:
        """After which a talk counts as over."""
        return timedelta(seconds=self.longest_talk_seconds)


@dataclass(slots=True)
class PersonRequest:
    """Never without a time at which it acts by itself until it has ended."""

    id: str
    patient_id: str
    request_time: datetime
    # When it acts by itself: the bound of the wait, the end of a talk that nobody finished. None
    # once it has ended, and while a case looks after whoever waits beyond the bound.
    act_time: datetime | None
    state: State = State.WAITING
    is_past_bound: bool = False
    taken_by: str = ""
    take_time: datetime | None = None
    end_time: datetime | None = None
    # Nobody said when it ended: how long it took is not known.
    is_lapsed: bool = False
    version: int = 0
    events: list[object] = field(default_factory=list)

    def tell(self, on_duty: OnDuty, until: datetime) -> None:
        """Let those on duty know that somebody waits."""
        self.events += [
            PersonRequested(self.id, recipient_id, self.request_time, until)
            for recipient_id in on_duty.recipient_ids
        ]

    def place(self, now: datetime) -> datetime:
        """Since when they wait who ask again: for a while it is the same wait, later another. A
        moment after this one, because a patient's newest request is what counts."""
        is_same = now - self.request_time <= SAME_WAIT
        return self.request_time + timedelta(milliseconds=1) if is_same else now

    def take(self, by: str, policy: QueuePolicy, now: datetime) -> None:
        """A clinician is with them now."""
        if self.state is not State.WAITING:
            raise FailedPrecondition("PERSON_NOT_WAITING", "the patient does not wait any more")
        self.state, self.taken_by, self.take_time = State.TAKEN, by, now
        self.act_time = now + policy.longest_talk

    def finish(self, by: str, now: datetime, *, is_supervisor: bool) -> None:
        """The talk has ended, says whoever had it, or a supervisor."""
        if self.state is not State.TAKEN:
            raise FailedPrecondition("PERSON_NOT_TAKEN", "nobody talks with the patient")
        if by != self.taken_by and not is_supervisor:
            raise FailedPrecondition("PERSON_OF_ANOTHER", "another clinician has the patient")
        self._end(State.FINISHED, now)

    def leave(self, now: datetime) -> None:
        """The patient waits no longer."""
        if self.state is not State.WAITING:
            raise FailedPrecondition("PERSON_NOT_WAITING", "the patient does not wait any more")
        self._end(State.LEFT, now)

    def pass_bound(self) -> None:
        """Waited for longer than allowed: a case is open now, and the place in the queue stays."""
        self.is_past_bound, self.act_time = True, None

    def lapse(self, now: datetime) -> None:
        """Nobody has finished the talk; it is over, by its time or by the patient's asking anew."""
        self.is_lapsed = True
        self._end(State.FINISHED, now)

    def is_due(self, now: datetime) -> bool:
        """True once it must act by itself."""
        return self.act_time is not None and self.act_time <= now

    def _end(self, state: State, now: datetime) -> None:
        self.state, self.end_time, self.act_time = state, now, None


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the queue looks like from one place in it."""

    before: int
    # How long the last talks took, and how many there are now.
    talks: tuple[timedelta, ...]
    under_way: int
    # Somebody is on duty.
    is_staffed: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """A request and what the patient may expect; position 0 where nobody waits any more."""

    request: PersonRequest
    call_number: str
    position: int = 0
    # None where it is not known: nobody is there whose pace could be told.
    expected_wait: timedelta | None = None
    # The patient did not wait before.
    is_new: bool = False


def standing_of(
    request: PersonRequest, traffic: Traffic, policy: QueuePolicy, call_number: str
) -> Standing:
    """The wait to expect: as many talks as are in front, at the pace of the last ones, shared by
    the clinicians who talk now. Not known where nobody talks and nobody is on duty."""
    if request.state is not State.WAITING:
        return Standing(request, call_number)
    position = traffic.before + 1
    if not traffic.is_staffed and not traffic.under_way:
        return Standing(request, call_number, position)
    lengths = [each.total_seconds() for each in traffic.talks] or [policy.talk_seconds]
    mean = sum(lengths) / len(lengths)
    seconds = round(position * mean / max(1, traffic.under_way))
    return Standing(request, call_number, position, timedelta(seconds=seconds))
