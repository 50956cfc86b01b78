"""Something to do between sessions: handed out in a room, due, handed in, looked at.

    ASSIGNED --submit--> SUBMITTED --review--> REVIEWED
       |                  |     ^
       |                return  submit
       |                  v     |
       `--expire-->      RETURNED --expire--> EXPIRED

    ASSIGNED, SUBMITTED or RETURNED --withdraw--> WITHDRAWN

Texts are ciphertext here; nothing in this file can read them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.sessions.domain.events import AssignmentReminderRequested, Reminder
from services.sessions.domain.policy import SessionsPolicy

MINUTES_OF_A_DAY = 24 * 60
LATE_WORD = timedelta(days=1)  # [D] later than that nobody is told that it was due


class State(StrEnum):
    """Where an assignment stands."""

    ASSIGNED = "assigned"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    RETURNED = "returned"
    EXPIRED = "expired"
    # Staff took it back: nobody waits for it.
    WITHDRAWN = "withdrawn"


# The patient has it.
WAITING = frozenset({State.ASSIGNED, State.RETURNED})
EDGES = {
    (State.ASSIGNED, "submit"): State.SUBMITTED,
    (State.RETURNED, "submit"): State.SUBMITTED,
    (State.SUBMITTED, "review"): State.REVIEWED,
    (State.SUBMITTED, "return"): State.RETURNED,
    (State.ASSIGNED, "expire"): State.EXPIRED,
    (State.RETURNED, "expire"): State.EXPIRED,
    (State.ASSIGNED, "withdraw"): State.WITHDRAWN,
    (State.SUBMITTED, "withdraw"): State.WITHDRAWN,
    (State.RETURNED, "withdraw"): State.WITHDRAWN,
}
REFUSALS = {
    State.ASSIGNED: "ASSIGNMENT_NOT_SUBMITTED",
    State.SUBMITTED: "ASSIGNMENT_SUBMITTED",
    State.REVIEWED: "ASSIGNMENT_REVIEWED",
    State.RETURNED: "ASSIGNMENT_RETURNED",
    State.EXPIRED: "ASSIGNMENT_EXPIRED",
    State.WITHDRAWN: "ASSIGNMENT_WITHDRAWN",
}


@dataclass(frozen=True, slots=True)
class LocalDue:
    """A minute of a calendar day, wherever the patient is."""

    day: date
    minute: int

    def at(self, zone: str) -> datetime:
        """The instant. A minute that the clocks leave out comes as much later; of one that they
        show twice the first counts."""
        hour, minute = divmod(self.minute, 60)
        local = datetime.combine(self.day, time(hour, minute), tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Review:
    """What staff said about a round."""

    comment_ciphertext: bytes
    is_returned: bool
    reviewer_id: str
    review_time: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """What was handed in once, text and numbers together."""

    answer_ciphertext: bytes
    submit_time: datetime
    is_late: bool
    review: Review | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Who of staff took it back."""

    withdrawer_id: str
    withdraw_time: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, and where it was said."""

    session_id: str
    group_id: str
    facilitator_id: str
    title_ciphertext: bytes
    instructions_ciphertext: bytes


@dataclass(slots=True)
class Assignment:
    """One patient's; `look_time` is when something becomes of it by itself."""

    id: str
    patient_id: str
    task: Task
    due_time: datetime
    time_zone: str
    hand_out_time: datetime
    state: State = State.ASSIGNED
    rounds: tuple[Round, ...] = ()
    # Set by time alone, so that a list of them stays the same while it is paged.
    is_overdue: bool = False
    # When to remind; None = not any more, for this due time.
    remind_time: datetime | None = None
    look_time: datetime | None = None
    withdrawal: Withdrawal | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def submit(self, answer_ciphertext: bytes, now: datetime) -> int:
        """The patient hands it in; the number of the round."""
        self._move("submit")
        self.rounds = (*self.rounds, Round(answer_ciphertext, now, now >= self.due_time))
        self.is_overdue, self.remind_time, self.look_time = False, None, None
        return len(self.rounds)

    def review(self, by: str, comment_ciphertext: bytes, now: datetime) -> None:
        """`by` accepts what was handed in."""
        self._move("review")
        self._said(Review(comment_ciphertext, False, by, now))

    def give_back(
        self, review: Review, due: LocalDue | None, zone: str, policy: SessionsPolicy
    ) -> None:
        """To be done again; by the day that is named, or there is time as the tenant says."""
        now = review.review_time
        again = now + timedelta(seconds=policy.assignment_again_seconds)
        due_time = max(self.due_time, again) if due is None else due_at(due, zone, now)
        self._move("return")
        self._said(review)
        if due is not None:
            self.time_zone = zone
        self.plan(due_time, now, policy)

    def withdraw(self, by: str, now: datetime) -> None:
        """`by` takes it back; what was handed in and said stays."""
        self._move("withdraw")
        self.withdrawal = Withdrawal(by, now)
        self.is_overdue, self.remind_time, self.look_time = False, None, None

    def plan(self, due_time: datetime, now: datetime, policy: SessionsPolicy) -> None:
        """Be due then; who has less time than a reminder's needs none."""
        remind_time = due_time - timedelta(seconds=policy.assignment_remind_seconds)
        self.due_time, self.is_overdue = due_time, False
        self.remind_time = remind_time if remind_time > now else None
        self.look_time = self.remind_time or due_time

    def look(self, reminder_id: str, now: datetime, policy: SessionsPolicy) -> bool:
        """Do what time asks for; False where it asks for nothing yet.

        Whoever looks late tells what is true then: of what is overdue nobody hears that it is soon.
        """
        if self.look_time is None or self.look_time > now:
            return False
        if self.state not in WAITING:
            self.look_time = None
            return True
        expire_time = self.due_time + timedelta(seconds=policy.assignment_expire_seconds)
        if now >= expire_time:
            self._move("expire")
            self.is_overdue, self.remind_time, self.look_time = False, None, None
        elif now >= self.due_time:
            if not self.is_overdue:
                last = min(expire_time, self.due_time + LATE_WORD)
                self._remind(reminder_id, Reminder.OVERDUE, last)
            self.is_overdue, self.remind_time, self.look_time = True, None, expire_time
        else:
            self._remind(reminder_id, Reminder.DUE_SOON, self.due_time)
            self.remind_time, self.look_time = None, self.due_time
        return True

    @property
    def is_waiting(self) -> bool:
        """True while the patient has it."""
        return self.state in WAITING

    def _remind(self, id: str, kind: Reminder, expire_time: datetime) -> None:
        self.events.append(
            AssignmentReminderRequested(
                id, self.id, self.patient_id, kind, self.due_time, expire_time
            )
        )

    def _said(self, review: Review) -> None:
        *earlier, last = self.rounds
        self.rounds = (*earlier, replace(last, review=review))

    def _move(self, verb: str) -> None:
        target = EDGES.get((self.state, verb))
        if target is None:
            raise FailedPrecondition(REFUSALS[self.state], "the assignment's state forbids it")
        self.state = target


@dataclass(frozen=True, slots=True)
class AssignmentNotice:
    """What a private log says of an assignment, as it stood then: nothing of what it is about."""

    assignment_id: str
    session_id: str
    state: State
    due_time: datetime


def due_at(due: LocalDue, zone: str, now: datetime) -> datetime:
    """The instant, if it is still to come."""
    at = due.at(zone)
    if at <= now:
        fault = Violation("due_date", "OUT_OF_RANGE", "is over where the patient is")
        raise InvalidArgument("FIELDS_INVALID", "fields at fault: due_date", violations=[fault])
    return at


def handed_out(
    id: str, patient_id: str, task: Task, due: tuple[LocalDue, str, datetime]
) -> Assignment:
    """A patient's own, as of an instant; not planned yet."""
    local, zone, now = due
    return Assignment(id, patient_id, task, due_at(local, zone, now), zone, now)


def notice_of(assignment: Assignment) -> AssignmentNotice:
    """For a private log."""
    return AssignmentNotice(
        assignment.id, assignment.task.session_id, assignment.state, assignment.due_time
    )
