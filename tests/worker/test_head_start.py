"""The queue lets the direct way go first, and does not wait for one that does not come."""

from __future__ import annotations

import pytest

from chassis.call import Call
from chassis.errors import Unavailable
from chassis.subscribe.head_start import SECONDS, HeadStart
from tests.charts import a_call


class Ways:
    """The inbox, and how long the queue has waited for it."""

    def __init__(self) -> None:
        self.is_done = False
        self.comes_after: float | None = None
        self.waited = 0.0
        self.start = HeadStart(self._look, sleep=self._sleep)

    def takes(self, *, age: float = 0.01) -> bool:
        """Whether the queue has to take an event of that age."""
        self.is_done, self.waited = False, 0.0
        return not self.start.is_taken(a_call(), age=age)

    def _look(self, _: Call) -> bool:
        return self.is_done

    def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.is_done = self.comes_after is not None and self.waited >= self.comes_after


@pytest.fixture
def ways() -> Ways:
    return Ways()


def test_an_event_that_the_direct_way_takes_meanwhile_is_not_taken_again(ways: Ways) -> None:
    ways.comes_after = 0.1
    assert not ways.takes()


def test_an_event_that_nobody_takes_is_taken_after_a_moment(ways: Ways) -> None:
    assert ways.takes()
    assert ways.waited == SECONDS


def test_where_the_direct_way_is_closed_a_storm_does_not_wait_for_it(ways: Ways) -> None:
    ways.takes()

    assert ways.takes(age=1.0)
    assert ways.waited == 0


def test_what_is_known_already_waits_for_nothing(ways: Ways) -> None:
    ways.is_done = True
    assert ways.start.is_taken(a_call(), age=0.01)
    assert ways.waited == 0


def test_a_direct_way_that_is_open_again_goes_first_again(ways: Ways) -> None:
    ways.takes()
    ways.comes_after = 0.1
    ways.takes()

    assert not ways.takes(age=1.0), "an old one is given time too while that helps"


def test_without_a_database_the_handler_is_left_to_say_so(ways: Ways) -> None:
    def away(_: Call) -> bool:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    assert not HeadStart(away, sleep=ways._sleep).is_taken(a_call(), age=0.01)
