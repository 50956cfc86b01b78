"""Loops turn when woken and when time comes, survive failed turns, and their end is noticed."""

from __future__ import annotations

import threading

import pytest

from chassis.errors import HavenError, Unavailable
from chassis.outbox.loops import Loops
from tests.waiting import eventually


class Work:
    """Counts its turns; fails or breaks when told."""

    def __init__(self) -> None:
        self.turns, self.failures, self.is_closed = 0, 0, False
        self.raises: BaseException | None = None
        self.more = 0
        self.pause = 60.0

    def turn(self) -> float:
        self.turns += 1
        if self.raises is not None:
            raise self.raises
        self.more -= 1
        return 0.0 if self.more > 0 else self.pause

    def failed(self, _error: HavenError) -> None:
        self.failures += 1

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def loops() -> Loops:
    return Loops()


def test_a_loop_turns_at_once_and_then_when_woken(loops: Loops) -> None:
    work, wake = Work(), threading.Event()
    loops.start("w", work, wake=wake)
    eventually(lambda: work.turns == 1, within=5)

    wake.set()

    eventually(lambda: work.turns == 2, within=5)
    assert loops.close(within=5)


def test_a_loop_sweeps_without_being_woken(loops: Loops) -> None:
    work = Work()
    work.pause = 0.01
    loops.start("w", work)

    eventually(lambda: work.turns > 3, within=5)
    assert loops.close(within=5)


def test_a_loop_does_not_pause_while_there_is_more(loops: Loops) -> None:
    work = Work()
    work.more = 5
    loops.start("w", work)

    eventually(lambda: work.turns == 5, within=5)
    assert loops.close(within=5)


def test_a_failed_turn_is_followed_by_another(loops: Loops) -> None:
    work = Work()
    work.raises = Unavailable("STORE_UNAVAILABLE")
    loops.start("w", work)

    eventually(lambda: work.failures == 2, within=5)
    work.raises = None
    eventually(lambda: work.turns == 3, within=5)
    assert loops.is_alive()
    assert loops.close(within=5)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_broke_is_noticed(loops: Loops) -> None:
    work = Work()
    work.raises = ZeroDivisionError()
    loops.start("w", work)

    eventually(lambda: not loops.is_alive(), within=5)


def test_closing_waits_for_the_turn_and_lets_the_work_clean_up(loops: Loops) -> None:
    work = Work()
    loops.start("w", work)
    eventually(lambda: work.turns == 1, within=5)

    assert loops.close(within=5)
    assert work.is_closed
