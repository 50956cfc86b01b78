"""Counted presence is a function of the set of marks."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.sessions.domain.ledger import Counting, Interval, Ledger, counted_seconds
from tests.unit.sessions.builders import NOON, after

BEAT = timedelta(seconds=10)
COUNTING = Counting(BEAT, timedelta(seconds=30), timedelta(minutes=10), timedelta(minutes=10))
WINDOW = Interval(NOON, after(hours=3))
UNLIMITED = timedelta(days=1)
# kind, connection, seconds after noon
Mark = tuple[str, str, float]


def ledger_of(marks: list[Mark]) -> Ledger:
    ledger = Ledger()
    for kind, connection_id, seconds in marks:
        at = NOON + timedelta(seconds=seconds)
        if kind == "leave":
            ledger = ledger.leave(connection_id, at)
        else:
            ledger = ledger.beat(connection_id, at, COUNTING)
    return ledger


def counted(marks: list[Mark], *, breaks: tuple[Interval, ...] = ()) -> int:
    return counted_seconds(ledger_of(marks).intervals(WINDOW, breaks, COUNTING), UNLIMITED)


def stay(connection_id: str, start: float, end: float, *, leaves: bool = True) -> list[Mark]:
    """Joins, beats every ten seconds, leaves."""
    beats = [start + 10 * step for step in range(int((end - start) // 10) + 1)]
    marks: list[Mark] = [("beat", connection_id, at) for at in beats]
    return [*marks, ("leave", connection_id, end)] if leaves else marks


@st.composite
def stays(draw: st.DrawFn) -> list[list[Mark]]:
    """Some visits of one patient, each on its own connection, one after the other."""
    visits, at = [], float(draw(st.integers(-120, 600)))
    for number in range(draw(st.integers(1, 5))):
        length = draw(st.integers(0, 400))
        visits.append(stay(f"c{number}", at, at + length))
        at += length + draw(st.integers(1, 900))
    return visits


@given(stays(), st.randoms(use_true_random=False))
def test_the_order_of_marks_and_their_repetition_change_nothing(
    visits: list[list[Mark]], chance: random.Random
) -> None:
    marks = [mark for visit in visits for mark in visit]
    shuffled = marks + chance.choices(marks, k=len(marks) // 2)
    chance.shuffle(shuffled)
    assert counted(shuffled) == counted(marks)


@given(stays(), st.randoms(use_true_random=False))
def test_a_lost_leave_moves_the_count_by_one_heartbeat_at_most(
    visits: list[list[Mark]], chance: random.Random
) -> None:
    marks = [mark for visit in visits for mark in visit]
    lost = [mark for mark in marks if mark[0] == "leave" and chance.random() < 0.5]
    with_losses = [mark for mark in marks if mark not in lost]
    difference = counted(with_losses) - counted(marks)
    assert 0 <= difference <= len(lost) * BEAT.total_seconds()


@given(stays())
def test_a_patient_is_never_counted_for_longer_than_the_session(visits: list[list[Mark]]) -> None:
    marks = [mark for visit in visits for mark in visit]
    intervals = ledger_of(marks).intervals(WINDOW, (), COUNTING)
    assert all(WINDOW.start <= each.start < each.end <= WINDOW.end for each in intervals)
    assert all(first.end <= second.start for first, second in pairwise(intervals))


@given(stays(), st.integers(0, 3600), st.integers(1, 1200))
def test_presence_in_a_break_and_outside_of_it_add_up(
    visits: list[list[Mark]], start: int, length: int
) -> None:
    marks = [mark for visit in visits for mark in visit]
    pause = Interval(after(seconds=start), after(seconds=start + length))
    in_break = ledger_of(marks).intervals(pause, (), COUNTING)
    whole = ledger_of(marks).intervals(WINDOW, (), COUNTING)
    outside = ledger_of(marks).intervals(WINDOW, (pause,), COUNTING)
    assert _total(outside) + _total(in_break) == _total(whole)


def _total(intervals: tuple[Interval, ...]) -> timedelta:
    return sum((each.length for each in intervals), timedelta(0))


def test_a_clean_visit_counts_to_the_second() -> None:
    assert counted(stay("c1", 0, 3601)) == 3601


def test_a_lost_connection_within_the_tolerated_gap_costs_nothing() -> None:
    assert counted(stay("c1", 0, 600) + stay("c2", 900, 1800)) == 1800


def test_a_longer_gap_is_not_counted() -> None:
    assert counted(stay("c1", 0, 600) + stay("c2", 1300, 1800)) == 1100


def test_tolerated_gaps_are_summed_and_used_up_in_order_of_time() -> None:
    visits = stay("c1", 0, 600) + stay("c2", 1000, 1600) + stay("c3", 2000, 2600)
    assert counted(visits) == 1600 + 600  # the second gap of 400 s is past the sum of 600 s


def test_two_devices_at_once_count_once() -> None:
    assert counted(stay("c1", 0, 1200) + stay("c2", 300, 900)) == 1200


def test_waiting_before_the_start_does_not_count() -> None:
    assert counted(stay("c1", -300, 600)) == 600


def test_a_break_that_is_known_does_not_count() -> None:
    pause = Interval(after(minutes=10), after(minutes=20))
    assert counted(stay("c1", 0, 3600), breaks=(pause,)) == 3000


def test_a_silent_hour_on_an_open_connection_does_not_count() -> None:
    marks: list[Mark] = [*stay("c1", 0, 600, leaves=False), *stay("c1", 4200, 4800)]
    assert counted(marks) == 610 + 600


def test_the_count_is_never_more_than_the_session_is_worth() -> None:
    intervals = ledger_of(stay("c1", 0, 10_800)).intervals(WINDOW, (), COUNTING)
    assert counted_seconds(intervals, timedelta(minutes=170)) == 170 * 60


def test_a_crash_loses_at_most_the_time_since_the_last_heartbeat() -> None:
    assert counted(stay("c1", 0, 605, leaves=False)) == 610


def test_many_heartbeats_of_one_connection_are_kept_as_one_span() -> None:
    ledger = ledger_of(stay("c1", 0, 10_000, leaves=False))
    assert [(span.start, span.end) for span in ledger.spans] == [(NOON, _at(10_000))]


def _at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
