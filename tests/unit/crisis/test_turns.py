"""In every zone of the country a hand-off happens once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.crisis.domain.coverage import gaps, stretches
from services.crisis.domain.opt_out import NOBODY_AWAY
from services.crisis.domain.rotation import Override
from services.crisis.domain.turns import HandOff
from tests.unit.crisis.builders import a_rotation

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
# The hours around both changes of a year, in every one of these zones.
EDGES = (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
DAY_AND_NIGHT = tuple(HandOff(day, hour, 0) for day in range(1, 8) for hour in (8, 20))
PEOPLE = ("dr-one", "dr-two", "dr-three")

zones = st.sampled_from(ZONES)
hand_offs = st.lists(
    st.builds(HandOff, st.integers(1, 7), st.integers(0, 23), st.sampled_from([0, 15, 30, 45])),
    min_size=1,
    max_size=20,
    unique=True,
)
# From two days before a change to two days after it.
edges = st.builds(
    lambda edge, minutes: edge + timedelta(minutes=minutes),
    st.sampled_from(EDGES),
    st.integers(-2 * 24 * 60, 2 * 24 * 60),
)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def weekly(zone: str, *times: HandOff, start: datetime, people: Any = PEOPLE) -> Any:
    return a_rotation(
        "on-call", *people, time_zone=zone, start=start, shift_days=0, hand_offs=times
    )


def who(rotation: Any, instant: datetime) -> str:
    shift = rotation.on_call(instant)
    assert shift is not None
    return str(shift.clinician_id)


def test_day_and_night_shifts_alternate_between_two() -> None:
    zone = "America/Chicago"
    rotation = weekly(
        zone, *DAY_AND_NIGHT, start=local(zone, 2026, 1, 5, 8), people=("dr-day", "dr-night")
    )

    assert who(rotation, local(zone, 2026, 1, 5, 8)) == "dr-day"
    assert who(rotation, local(zone, 2026, 1, 5, 19, 59)) == "dr-day"
    assert who(rotation, local(zone, 2026, 1, 5, 20)) == "dr-night"
    assert who(rotation, local(zone, 2026, 1, 6, 7, 59)) == "dr-night"
    assert who(rotation, local(zone, 2026, 1, 6, 8)) == "dr-day"


def test_a_shift_that_begins_between_two_hand_offs_lasts_until_the_next_one() -> None:
    zone = "America/Denver"
    rotation = weekly(zone, HandOff(1, 8, 0), start=local(zone, 2026, 1, 7, 12))

    assert rotation.on_call(local(zone, 2026, 1, 7, 12)).end == local(zone, 2026, 1, 12, 8)
    assert who(rotation, local(zone, 2026, 1, 12, 8)) == "dr-two"


@pytest.mark.parametrize("zone", ZONES)
def test_day_and_night_shifts_keep_their_wall_times_through_a_year(zone: str) -> None:
    rotation = weekly(
        zone, *DAY_AND_NIGHT, start=local(zone, 2026, 1, 5, 8), people=("dr-day", "dr-night")
    )

    for day in range(365):
        wall = date(2026, 1, 5) + timedelta(days=day)
        for hour, person in ((8, "dr-day"), (20, "dr-night")):
            hand_off = local(zone, wall.year, wall.month, wall.day, hour)
            assert who(rotation, hand_off) == person
            assert rotation.on_call(hand_off).end > hand_off


def test_two_hand_offs_that_a_skipped_hour_throws_together_pass_over_one_turn() -> None:
    """2:15 does not exist on that day and lies at 3:15, where another hand-off is already."""
    zone = "America/New_York"
    rotation = weekly(zone, HandOff(7, 2, 15), HandOff(7, 3, 15), start=local(zone, 2026, 3, 2, 8))

    assert who(rotation, local(zone, 2026, 3, 8, 1, 59)) == "dr-one"
    assert who(rotation, local(zone, 2026, 3, 8, 3, 14)) == "dr-one"
    assert who(rotation, local(zone, 2026, 3, 8, 3, 15)) == "dr-three"


@settings(max_examples=200)
@given(zones, hand_offs, edges, st.integers(0, 4 * 24 * 60))
def test_at_every_instant_around_a_change_there_is_one_turn_and_it_only_grows(
    zone: Any, times: Any, instant: Any, minutes: Any
) -> None:
    rotation = weekly(zone, *times, start=EDGES[0] - timedelta(days=20))
    later = instant + timedelta(minutes=minutes)
    turns = rotation.turns

    assert turns.at(instant) <= turns.at(later)
    following = turns.next_after(instant)
    assert instant < following
    assert turns.at(following - timedelta(milliseconds=1)) == turns.at(instant)
    assert turns.at(following) > turns.at(instant)


@settings(max_examples=200)
@given(zones, hand_offs, st.sampled_from(EDGES))
def test_every_hand_off_of_a_week_happens_exactly_once_over_a_change(
    zone: Any, times: Any, edge: Any
) -> None:
    monday = edge.date() - timedelta(days=edge.weekday() + 7)
    start, end = (
        datetime.combine(day, time(0), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        for day in (monday, monday + timedelta(days=21))
    )
    turns = weekly(zone, *times, start=start - timedelta(days=7)).turns

    just_before = timedelta(milliseconds=1)
    assert turns.at(end - just_before) - turns.at(start - just_before) == 3 * len(times)


@settings(max_examples=150)
@given(
    zones,
    st.one_of(hand_offs, st.integers(1, 14)),
    edges,
    st.lists(st.tuples(st.integers(-72, 72), st.integers(1, 48)), max_size=3),
)
def test_the_shifts_over_a_change_leave_no_hole_and_do_not_overlap(
    zone: Any, plan: Any, begin: Any, overrides: Any
) -> None:
    rotation = a_rotation(
        "on-call",
        *PEOPLE,
        time_zone=zone,
        start=EDGES[0] - timedelta(days=30),
        shift_days=plan if isinstance(plan, int) else 0,
        hand_offs=() if isinstance(plan, int) else tuple(plan),
        overrides=tuple(
            Override(
                "dr-override",
                begin + timedelta(hours=first),
                begin + timedelta(hours=first + hours),
            )
            for first, hours in overrides
        ),
    )
    end = begin + timedelta(days=4)

    found = stretches(rotation, NOBODY_AWAY, start=begin, end=end)

    assert found[0].start == begin
    assert found[-1].end == end
    assert all(one.end == two.start for one, two in pairwise(found))
    assert all(each.start < each.end for each in found)
    assert gaps(rotation, NOBODY_AWAY, start=begin, end=end) == []
    for each in found:
        middle = each.start + (each.end - each.start) / 2
        for instant in (each.start, middle, each.end - timedelta(milliseconds=1)):
            assert who(rotation, instant) == each.clinician_id


@pytest.mark.parametrize("zone", ZONES)
def test_a_hand_off_in_the_hour_that_comes_twice_is_not_taken_back(zone: str) -> None:
    rotation = weekly(zone, HandOff(7, 1, 30), start=local(zone, 2026, 10, 26, 8))

    assert who(rotation, local(zone, 2026, 11, 1, 1, 29)) == "dr-one"
    assert who(rotation, local(zone, 2026, 11, 1, 1, 30)) == "dr-two"
    assert who(rotation, local(zone, 2026, 11, 1, 1, 10, fold=1)) == (
        "dr-one" if ZoneInfo(zone).dst(datetime(2026, 7, 1)) == timedelta(0) else "dr-two"  # noqa: DTZ001
    )
    assert who(rotation, local(zone, 2026, 11, 2, 0, 0)) == "dr-two"
