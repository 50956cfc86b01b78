"""The queue lets the direct way go first, and does not wait for one that is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import eventlet
import pytest

from chassis.call import Call
from chassis.errors import Unavailable
from chassis.subscribe.head_start import (
    EARLY_SECONDS,
    MOST_SECONDS,
    STEP_SECONDS,
    YOUNG_SECONDS,
    HeadStart,
)
from tests.charts import a_call

YOUNG, OLD = 0.0, 9.0


class Ways:
    """The inbox, and how long the queue has waited for it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.begin = 0.0
        self.comes_after: float | None = None
        self.looks: list[int] = []  # and for how many each was
        self.start = HeadStart(self._look, sleep=self._sleep, monotonic=lambda: self.now)

    def takes(self, age: float) -> bool:
        """Whether the queue has to take an event of that age."""
        self.begin = self.now
        return not self.start.is_taken(a_call(), age=age)

    @property
    def waited(self) -> float:
        return self.now - self.begin

    def _look(self, calls: Sequence[Call]) -> list[bool]:
        self.looks.append(len(calls))
        is_there = self.comes_after is not None and self.waited >= self.comes_after
        return [is_there] * len(calls)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def ways() -> Ways:
    return Ways()


def test_an_event_that_the_direct_way_takes_meanwhile_is_not_taken_again(ways: Ways) -> None:
    ways.comes_after = 0.1
    assert not ways.takes(YOUNG)


def test_what_is_known_already_waits_for_nothing(ways: Ways) -> None:
    ways.comes_after = 0.0
    assert not ways.takes(EARLY_SECONDS)
    assert ways.waited == 0


def test_nobody_looks_for_what_cannot_have_come_yet(ways: Ways) -> None:
    ways.comes_after = 0.0
    assert not ways.takes(YOUNG)
    assert ways.waited == pytest.approx(EARLY_SECONDS)


def test_an_event_that_nobody_takes_is_taken_after_a_moment(ways: Ways) -> None:
    assert ways.takes(YOUNG)
    assert YOUNG_SECONDS <= ways.waited < YOUNG_SECONDS + STEP_SECONDS


def test_where_the_direct_way_is_closed_an_old_event_does_not_wait_for_it(ways: Ways) -> None:
    assert ways.takes(OLD)
    assert ways.waited == 0


def test_while_the_direct_way_takes_others_an_old_event_waits_for_it(ways: Ways) -> None:
    ways.comes_after = 0.0
    ways.takes(OLD)
    ways.comes_after = STEP_SECONDS

    assert not ways.takes(OLD)


def test_one_event_that_the_direct_way_leaves_out_does_not_wait_long(ways: Ways) -> None:
    ways.comes_after = 0.0
    ways.takes(OLD)
    ways.comes_after = None

    assert ways.takes(OLD)
    assert ways.waited <= MOST_SECONDS


def test_without_a_database_the_handler_is_left_to_say_so(ways: Ways) -> None:
    def away(_: Sequence[Call]) -> list[bool]:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    assert not HeadStart(away, sleep=ways._sleep).is_taken(a_call(), age=YOUNG)


def test_those_who_look_at_the_same_moment_look_once() -> None:
    looks: list[int] = []

    def odd_ones(calls: Sequence[Call]) -> list[bool]:
        looks.append(len(calls))
        return [call.tenant_id.endswith("1") for call in calls]

    start = HeadStart(odd_ones)
    calls = [replace(a_call(), tenant_id=f"t{number}") for number in range(10)]
    waiting = [eventlet.spawn(start.is_taken, each, age=OLD) for each in calls]

    assert [each.wait() for each in waiting] == [number == 1 for number in range(10)]
    assert looks[0] == 10
    assert sum(looks) < 10 * len(looks), "and who has an answer looks no more"


def test_one_that_is_killed_while_it_looks_leaves_nobody_waiting() -> None:
    def slowly(calls: Sequence[Call]) -> list[bool]:
        eventlet.sleep(60)
        return [True] * len(calls)

    start = HeadStart(slowly)
    first, second = (eventlet.spawn(start.is_taken, a_call(), age=OLD) for _ in range(2))
    eventlet.sleep(0.1)
    first.kill()

    with eventlet.Timeout(10):
        assert second.wait() is False


def test_an_event_that_comes_from_the_future_waits_no_longer_than_one_of_now(ways: Ways) -> None:
    assert ways.takes(age=-60)
    assert ways.waited < EARLY_SECONDS + YOUNG_SECONDS + 2 * STEP_SECONDS
