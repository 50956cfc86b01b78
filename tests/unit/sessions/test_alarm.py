"""An alarm rings when nothing put it off for so long; putting it off makes no timer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.sessions.live.alarm import Alarm


class Timer:
    """One of the loop's."""

    def __init__(self, at: float, then: Callable[[], None]) -> None:
        self._at, self.then, self.is_canceled = at, then, False

    def when(self) -> float:
        return self._at

    def cancel(self) -> None:
        self.is_canceled = True


class Loop:
    """An event loop whose time a test moves."""

    def __init__(self) -> None:
        self.now, self.made = 100.0, 0
        self._timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, then: Callable[[], None]) -> Timer:
        self.made += 1
        self._timers.append(Timer(at, then))
        return self._timers[-1]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        while due := [each for each in self._timers if each.when() <= self.now]:
            self._timers.remove(due[0])
            if not due[0].is_canceled:
                due[0].then()


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    loop = Loop()
    monkeypatch.setattr("asyncio.get_running_loop", lambda: loop)
    return loop


def test_it_rings_once_when_its_time_has_come(loop: Loop) -> None:
    rung: list[float] = []
    clock = Alarm(lambda: rung.append(loop.now))
    clock.set(10)
    loop.pass_time(9)
    assert rung == []
    loop.pass_time(1)
    loop.pass_time(50)
    assert rung == [110.0]


def test_who_puts_it_off_all_the_time_is_not_woken_and_makes_hardly_a_timer(loop: Loop) -> None:
    rung: list[float] = []
    clock = Alarm(lambda: rung.append(loop.now))
    for _ in range(1000):
        clock.set(10)
        loop.pass_time(0.1)
    assert rung == []
    assert loop.made <= 11
    loop.pass_time(9.9)
    assert rung == [pytest.approx(209.9)]


def test_one_that_was_cleared_does_not_ring_and_can_be_set_again(loop: Loop) -> None:
    rung: list[float] = []
    clock = Alarm(lambda: rung.append(loop.now))
    clock.set(10)
    clock.clear()
    loop.pass_time(20)
    assert rung == []
    clock.set(5)
    loop.pass_time(5)
    assert rung == [125.0]


def test_one_that_is_set_to_ring_sooner_rings_sooner(loop: Loop) -> None:
    rung: list[float] = []
    clock = Alarm(lambda: rung.append(loop.now))
    clock.set(10)
    clock.set(2)
    loop.pass_time(2)
    assert rung == [102.0]
