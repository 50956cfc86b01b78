"""Other events give way to a storm, and not for ever."""

from __future__ import annotations

from chassis.precedence import MANY, MOST_SECONDS, STORM, STORM_SECONDS, Precedence
from tests.unit.chassis.relay_stand import Seconds


def test_a_few_people_in_danger_hold_nothing_up() -> None:
    precedence = Precedence()
    precedence.tell("pages", MANY - 1)
    for _ in range(STORM - 1):
        precedence.passed()

    assert not precedence.is_due("bulk")


def test_while_many_wait_the_others_do_and_no_longer() -> None:
    precedence = Precedence()
    precedence.tell("pages", MANY)
    assert precedence.is_due("bulk")
    precedence.tell("pages", MANY - 1)
    assert not precedence.is_due("bulk")


def test_many_that_come_fast_are_a_storm_until_they_come_slower() -> None:
    seconds = Seconds()
    precedence = Precedence(monotonic=seconds)
    for _ in range(STORM):
        precedence.passed()
    assert precedence.is_due("bulk")
    seconds.now += STORM_SECONDS
    assert not precedence.is_due("bulk")


def test_nobody_waits_longer_than_some_seconds_however_long_the_storm_lasts() -> None:
    seconds = Seconds()
    precedence = Precedence(monotonic=seconds)
    precedence.tell("pages", MANY)
    assert precedence.is_due("bulk")
    seconds.now += MOST_SECONDS
    assert not precedence.is_due("bulk")
    precedence.tell("pages", 0)
    assert not precedence.is_due("bulk")
    precedence.tell("pages", MANY)
    assert precedence.is_due("bulk"), "the next storm is another one"


def test_a_calm_moment_in_which_another_asked_makes_nobody_else_wait_anew() -> None:
    seconds = Seconds()
    precedence = Precedence(monotonic=seconds)
    precedence.tell("pages", MANY)
    assert precedence.is_due("clinical")
    precedence.tell("pages", 0)
    assert not precedence.is_due("bulk")
    precedence.tell("pages", MANY)
    seconds.now += MOST_SECONDS

    assert not precedence.is_due("clinical")
    assert precedence.is_due("bulk")
