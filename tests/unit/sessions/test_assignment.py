"""One assignment: its states, its times, and what falls due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chassis.errors import FailedPrecondition, InvalidArgument
from services.sessions.codec.assignment_documents import assignment_document, assignment_from
from services.sessions.domain.answer import Answer, accepted
from services.sessions.domain.assignment import (
    EDGES,
    Assignment,
    LocalDue,
    Review,
    State,
    Task,
    Withdrawal,
    handed_out,
)
from services.sessions.domain.events import AssignmentReminderRequested, Reminder
from services.sessions.domain.policy import SessionsPolicy
from tests.unit.sessions.builders import NOON, POLICY

EASTERN = "America/New_York"
TASK = Task("s-1", "g-1", "f-1", b"title", b"do it")
FRIDAY = LocalDue(date(2026, 3, 6), 18 * 60)  # NOON is a Monday
DUE = datetime(2026, 3, 6, 23, 0, tzinfo=UTC)


def an_assignment(due: LocalDue = FRIDAY, zone: str = EASTERN) -> Assignment:
    assignment = handed_out("a-1", "p-1", TASK, (due, zone, NOON))
    assignment.plan(assignment.due_time, NOON, POLICY)
    return assignment


def a_review(at: datetime = NOON) -> Review:
    return Review(b"again", True, "f-1", at)


def in_state(state: State) -> Assignment:
    assignment = an_assignment()
    assignment.state = state
    return assignment


def reminders(assignment: Assignment) -> list[Reminder]:
    asked = [each for each in assignment.events if isinstance(each, AssignmentReminderRequested)]
    return [each.kind for each in asked]


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("America/New_York", DUE),
        ("America/Los_Angeles", DUE + timedelta(hours=3)),
        ("Pacific/Guam", datetime(2026, 3, 6, 8, 0, tzinfo=UTC)),
    ],
)
def test_friday_at_six_is_friday_at_six_where_the_patient_is(zone: str, instant: datetime) -> None:
    assert an_assignment(zone=zone).due_time == instant


@pytest.mark.parametrize(
    ("day", "minute", "instant"),
    [
        # 02:30 does not exist that night: an hour later by the clock, never earlier.
        (date(2026, 3, 8), 150, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        (date(2026, 3, 9), 150, datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        # 01:30 comes twice: the first one.
        (date(2026, 11, 1), 90, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_the_nights_when_clocks_change_have_their_due_times(
    day: date, minute: int, instant: datetime
) -> None:
    assert LocalDue(day, minute).at(EASTERN) == instant


def test_what_would_be_over_already_is_not_given() -> None:
    with pytest.raises(InvalidArgument) as refused:
        an_assignment(LocalDue(date(2026, 3, 2), 60))
    assert refused.value.violations[0].field == "due_date"


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("verb", ["submit", "review", "return", "withdraw"])
def test_only_the_edges_of_the_table_can_be_gone(state: State, verb: str) -> None:
    assignment = in_state(State.ASSIGNED)
    assignment.submit(b"answer", NOON)
    assignment.state = state
    acts = {
        "submit": lambda: assignment.submit(b"answer", NOON),
        "review": lambda: assignment.review("f-1", b"", NOON),
        "return": lambda: assignment.give_back(a_review(), None, EASTERN, POLICY),
        "withdraw": lambda: assignment.withdraw("f-1", NOON),
    }
    if (state, verb) in EDGES:
        acts[verb]()
        assert assignment.state is EDGES[state, verb]
        return
    before = assignment_document(assignment)
    with pytest.raises(FailedPrecondition):
        acts[verb]()
    assert assignment_document(assignment) == before


def test_a_patient_is_reminded_the_day_before_and_told_once_that_it_is_over() -> None:
    assignment = an_assignment()
    looked = []
    for hours in range(24 * 30):
        looked.append(assignment.look("r", NOON + timedelta(hours=hours), POLICY))
    assert reminders(assignment) == [Reminder.DUE_SOON, Reminder.OVERDUE]
    assert (assignment.state, assignment.is_overdue) == (State.EXPIRED, False)
    assert looked.count(True) == 3
    assert assignment.look_time is None


def test_who_has_less_than_a_day_gets_no_word_of_soon() -> None:
    assignment = an_assignment(LocalDue(date(2026, 3, 2), 20 * 60))
    assignment.look("r", assignment.due_time, POLICY)
    assert reminders(assignment) == [Reminder.OVERDUE]


def test_a_relay_that_was_away_says_what_is_true_when_it_comes_back() -> None:
    assignment = an_assignment()
    assignment.look("r", DUE + timedelta(hours=1), POLICY)
    assert reminders(assignment) == [Reminder.OVERDUE]

    late = an_assignment()
    late.look("r", DUE + timedelta(days=60), POLICY)
    assert (reminders(late), late.state) == ([], State.EXPIRED)


def test_what_was_handed_in_is_due_no_more() -> None:
    assignment = an_assignment()
    assignment.look("r", DUE, POLICY)
    assert assignment.is_overdue
    assignment.submit(b"answer", DUE + timedelta(hours=1))
    assert (assignment.is_overdue, assignment.look_time) == (False, None)
    assert [each.is_late for each in assignment.rounds] == [True]


def test_what_was_withdrawn_is_due_no_more_reminds_of_nothing_and_is_the_same_when_stored() -> None:
    assignment = an_assignment()
    assignment.look("r", DUE, POLICY)
    assignment.events.clear()
    assignment.withdraw("f-1", DUE)
    assert not assignment.look("r", DUE + timedelta(days=60), POLICY)
    assert (assignment.is_overdue, assignment.events) == (False, [])
    assert assignment.withdrawal == Withdrawal("f-1", DUE)
    assert assignment_from(assignment_document(assignment)) == assignment


def test_what_is_given_back_is_due_again_and_keeps_what_was_said() -> None:
    assignment = an_assignment()
    assignment.submit(b"first", NOON)
    assignment.give_back(a_review(DUE), None, EASTERN, POLICY)
    assert assignment.due_time == DUE + timedelta(seconds=POLICY.assignment_again_seconds)
    assert assignment.look_time is not None
    assignment.submit(b"second", DUE)
    assignment.review("f-1", b"good", DUE)
    returned = [each.review.is_returned for each in assignment.rounds if each.review]
    assert returned == [True, False]


def test_a_refused_due_time_leaves_what_was_handed_in_as_it_was() -> None:
    assignment = an_assignment()
    assignment.submit(b"first", NOON)
    with pytest.raises(InvalidArgument):
        assignment.give_back(a_review(DUE), LocalDue(date(2026, 3, 3), 0), EASTERN, POLICY)
    assert (assignment.state, assignment.rounds[0].review) == (State.SUBMITTED, None)


def test_an_assignment_is_the_same_after_it_was_stored() -> None:
    assignment = an_assignment()
    assignment.submit(b"first", NOON)
    assignment.give_back(a_review(), FRIDAY, EASTERN, POLICY)
    assert replace(assignment_from(assignment_document(assignment)), events=[]) == assignment


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("  "), "ANSWER_REQUIRED"),
        (Answer("x" * 11), "TEXT_TOO_LONG"),
        (Answer("a\x00"), "TEXT_MALFORMED"),
        (Answer("", tuple(range(21))), "NUMBERS_TOO_MANY"),
        (Answer("", (float("nan"),)), "NUMBER_INVALID"),
        (Answer("", (float("inf"),)), "NUMBER_INVALID"),
    ],
)
def test_what_is_no_answer_is_refused(answer: Answer, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        accepted(answer, 10)
    assert refused.value.reason == reason


@pytest.mark.parametrize("answer", [Answer("words"), Answer("", (3.0, 7.5)), Answer("w", (0.0,))])
def test_words_or_numbers_or_both_are_an_answer(answer: Answer) -> None:
    assert accepted(answer, 10) == answer


def test_a_tenants_zone_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match="time_zone"):
        SessionsPolicy(time_zone="Mars/Olympus")
