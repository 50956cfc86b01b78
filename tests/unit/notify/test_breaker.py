"""When a provider is tried first, and when it is left alone."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.gateways.breaker import Breaker

PAUSE = 15.0


class Watch:
    """A monotonic clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def breaker(watch: Watch) -> Breaker:
    return Breaker(watch, failures=3, pause_seconds=PAUSE)


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_two_failures_may_be_chance(breaker: Breaker) -> None:
    fail(breaker, 2)

    assert breaker.admits()
    assert not breaker.is_open


def test_the_third_failure_in_a_row_opens_the_circuit(breaker: Breaker) -> None:
    opened = [breaker.failed() for _ in range(4)]

    assert opened == [False, False, True, False]
    assert breaker.is_open
    assert not breaker.admits()


def test_a_success_between_failures_starts_the_count_again(breaker: Breaker) -> None:
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)

    assert not breaker.is_open


def test_after_the_pause_one_probe_goes_and_no_second(breaker: Breaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += PAUSE

    assert breaker.is_ready
    assert [breaker.admits() for _ in range(3)] == [True, False, False]
    assert not breaker.is_ready


def test_a_probe_that_succeeds_closes_the_circuit(breaker: Breaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += PAUSE
    breaker.admits()

    assert breaker.succeeded()
    assert not breaker.is_open
    assert breaker.admits()


def test_a_probe_that_fails_costs_another_pause(breaker: Breaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += PAUSE
    breaker.admits()
    watch.now += 1
    breaker.failed()

    watch.now += PAUSE - 0.1
    assert not breaker.admits()
    watch.now += 0.1
    assert breaker.admits()


def test_a_probe_of_which_nothing_is_heard_is_followed_by_another(
    breaker: Breaker, watch: Watch
) -> None:
    fail(breaker, 3)
    watch.now += PAUSE
    assert breaker.admits()
    watch.now += PAUSE

    assert breaker.admits()


def test_of_many_threads_one_is_the_probe(breaker: Breaker, watch: Watch) -> None:
    fail(breaker, 3)
    watch.now += PAUSE
    together = threading.Barrier(8)
    admitted: list[bool] = []

    def ask() -> None:
        together.wait()
        admitted.append(breaker.admits())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(admitted) == [False] * 7 + [True]


@given(st.lists(st.sampled_from(["fail", "succeed", "ask", "wait"]), max_size=60))
def test_however_it_was_used_it_is_open_exactly_after_three_failures_in_a_row(
    acts: list[str],
) -> None:
    watch = Watch()
    breaker = Breaker(watch, failures=3, pause_seconds=PAUSE)
    in_a_row = 0
    for act in acts:
        if act == "fail":
            breaker.failed()
            in_a_row += 1
        elif act == "succeed":
            breaker.succeeded()
            in_a_row = 0
        elif act == "ask":
            breaker.admits()
        else:
            watch.now += PAUSE
        assert breaker.is_open == (in_a_row >= 3)
    watch.now += PAUSE
    assert breaker.admits(), "no circuit stays open for ever"
