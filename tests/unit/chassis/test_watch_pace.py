"""A watch rests in a storm of changes, and at no other time."""

from __future__ import annotations

from chassis.store.watch import REST_SECONDS, STORM, WINDOW_SECONDS, Pace
from tests.unit.chassis.relay_stand import Seconds


def rests(pace: Pace, seconds: Seconds, *, a_second: float, during: float) -> int:
    """How often it is time to rest while so many changes a second come for so long."""
    count = 0
    for _ in range(round(a_second * during)):
        seconds.now += 1 / a_second
        count += pace.is_time_to_rest()
    return count


def test_a_change_now_and_then_is_told_at_once() -> None:
    seconds = Seconds()
    assert rests(Pace(monotonic=seconds), seconds, a_second=STORM / 2, during=5) == 0


def test_in_a_storm_it_looks_half_of_the_time() -> None:
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    rests(pace, seconds, a_second=STORM * 3, during=2 * WINDOW_SECONDS)
    during = 50 * REST_SECONDS

    assert 20 <= rests(pace, seconds, a_second=STORM * 3, during=during) <= 25


def test_after_the_storm_it_rests_no_more() -> None:
    seconds = Seconds()
    pace = Pace(monotonic=seconds)
    rests(pace, seconds, a_second=STORM * 3, during=1)
    rests(pace, seconds, a_second=STORM / 10, during=2 * WINDOW_SECONDS)

    assert rests(pace, seconds, a_second=STORM / 10, during=5) == 0
