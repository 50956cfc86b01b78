"""A week's counted minutes against the plan."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduling.domain.dose import Dose, DoseDay, DoseState, Part, dose_of, week_of
from tests.unit.scheduling.builders import MONDAY

WEDNESDAY, FRIDAY = MONDAY + timedelta(days=2), MONDAY + timedelta(days=4)


def attended(day: date, minutes: int, seconds: int = 0) -> Part:
    return Part(day, minutes * 60 + seconds, 180, False)


def upcoming(day: date, attended_seconds: int = 0) -> Part:
    return Part(day, attended_seconds, 180, True)


def a_dose(*parts: Part, planned: int = 540) -> Dose:
    return dose_of("p-1", WEDNESDAY, planned, parts, countable=180)


def test_three_full_blocks_meet_nine_hours() -> None:
    dose = a_dose(attended(MONDAY, 180), attended(WEDNESDAY, 180), attended(FRIDAY, 180))
    assert dose.state is DoseState.MET
    assert (dose.attended_minutes, dose.shortfall_minutes) == (540, 0)


def test_a_week_that_can_still_be_met_is_on_track() -> None:
    dose = a_dose(attended(MONDAY, 180), upcoming(WEDNESDAY), upcoming(FRIDAY))
    assert dose.state is DoseState.ON_TRACK
    assert dose.upcoming_minutes == 360


def test_a_missed_block_is_a_shortfall_before_the_week_is_over() -> None:
    dose = a_dose(attended(MONDAY, 0), upcoming(WEDNESDAY), upcoming(FRIDAY))
    assert dose.state is DoseState.SHORTFALL
    assert dose.shortfall_minutes == 180


def test_a_make_up_session_closes_the_gap() -> None:
    thursday = MONDAY + timedelta(days=3)
    dose = a_dose(upcoming(WEDNESDAY), upcoming(thursday), upcoming(FRIDAY))
    assert dose.state is DoseState.ON_TRACK


def test_what_was_attended_of_a_running_session_is_not_counted_twice() -> None:
    dose = a_dose(upcoming(WEDNESDAY, attended_seconds=60 * 60))
    assert (dose.attended_minutes, dose.upcoming_minutes) == (60, 120)


def test_a_day_counts_from_three_hours_on() -> None:
    dose = a_dose(attended(MONDAY, 180), attended(WEDNESDAY, 179, 59))
    assert dose.days == (DoseDay(MONDAY, 180, True), DoseDay(WEDNESDAY, 179, False))
    assert dose.attended_minutes == 359


def test_two_sessions_of_one_day_count_together() -> None:
    dose = a_dose(attended(MONDAY, 90, 30), attended(MONDAY, 89, 30))
    assert dose.days == (DoseDay(MONDAY, 180, True),)


@pytest.mark.parametrize("days", [-1, 7])
def test_other_weeks_do_not_count(days: int) -> None:
    assert a_dose(attended(MONDAY + timedelta(days=days), 180)).attended_minutes == 0


def test_a_week_runs_from_monday_to_sunday() -> None:
    sunday = MONDAY + timedelta(days=6)
    assert week_of(MONDAY) == week_of(sunday) == (MONDAY, sunday)
    assert a_dose(attended(sunday, 30)).attended_minutes == 30


@given(
    st.lists(
        st.builds(
            Part,
            st.dates(MONDAY, MONDAY + timedelta(days=6)),
            st.integers(0, 20_000),
            st.integers(15, 480),
            st.booleans(),
        ),
        max_size=12,
    ).flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts)))
)
def test_the_order_of_sessions_does_not_matter_and_nothing_is_gained(
    orders: tuple[list[Part], list[Part]],
) -> None:
    one, other = (a_dose(*parts) for parts in orders)
    assert one == other
    assert one.attended_minutes * 60 <= sum(each.attended_seconds for each in orders[0])
    assert one.attended_minutes == sum(each.attended_minutes for each in one.days)
