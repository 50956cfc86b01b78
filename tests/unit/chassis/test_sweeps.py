"""A loop asks the store often where it may have missed something, and rarely where it has not."""

from __future__ import annotations

import pytest

from chassis.sweeps import QUIET_SECONDS, Sweeps
from tests.unit.chassis.relay_stand import Seconds


class Loop:
    """Sweeps every half second, and has just looked."""

    def __init__(self) -> None:
        self.seconds, self.is_current = Seconds(), True
        self.sweeps = Sweeps(0.5, lambda: self.is_current, monotonic=self.seconds)


@pytest.fixture
def loop() -> Loop:
    return Loop()


def test_the_first_look_is_due_at_once(loop: Loop) -> None:
    assert loop.sweeps.left <= 0


def test_while_the_watch_is_current_looks_are_few(loop: Loop) -> None:
    loop.sweeps.done(found_all=True)

    assert loop.sweeps.left == QUIET_SECONDS
    assert loop.sweeps.pause == 0.5, "the watch may be lost meanwhile"


def test_a_watch_that_falls_behind_makes_the_next_look_due(loop: Loop) -> None:
    loop.sweeps.done(found_all=True)
    loop.seconds.now += 0.75
    loop.is_current = False

    assert loop.sweeps.left <= 0


def test_what_was_left_over_is_asked_for_soon_though_the_watch_is_current(loop: Loop) -> None:
    loop.sweeps.done(found_all=False)

    assert loop.sweeps.left == 0.5


def test_a_failed_look_is_repeated(loop: Loop) -> None:
    loop.sweeps.done(found_all=True)
    loop.sweeps.soon()

    assert loop.sweeps.left <= 0


def test_nobody_who_sweeps_less_than_that_sweeps_more_for_a_current_watch() -> None:
    seldom = Sweeps(60.0, lambda: True, monotonic=Seconds())
    seldom.done(found_all=True)

    assert seldom.left == 60.0
