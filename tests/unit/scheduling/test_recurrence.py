"""Wall-clock times that stay where they are while the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from tests.unit.scheduling.builders import MONDAY, a_block, a_pattern, fields_of, reason_of

# Each with the Monday of the week before its clocks change, forward and back, in 2027.
ZONES = {
    "America/New_York": (date(2027, 3, 8), date(2027, 11, 1)),
    "America/Chicago": (date(2027, 3, 8), date(2027, 11, 1)),
    "America/Denver": (date(2027, 3, 8), date(2027, 11, 1)),
    "America/Los_Angeles": (date(2027, 3, 8), date(2027, 11, 1)),
    "America/Anchorage": (date(2027, 3, 8), date(2027, 11, 1)),
    "Europe/London": (date(2027, 3, 22), date(2027, 10, 25)),
}
EDGES = [(zone, monday) for zone, mondays in ZONES.items() for monday in mondays]
ALL_ZONES = [
    *ZONES,
    "America/Phoenix",
    "Pacific/Honolulu",
    "America/St_Johns",
    "Australia/Lord_Howe",  # sets its clocks by half an hour
    "Africa/Casablanca",  # sets them back for Ramadan
    "Asia/Kathmandu",
]


@pytest.mark.parametrize(("zone", "monday"), EDGES)
def test_eight_weeks_across_a_clock_change_stay_at_the_same_wall_time(
    zone: str, monday: date
) -> None:
    pattern = a_pattern(time_zone=zone, first_date=monday)
    found = pattern.occurrences()
    local = [each.span.start.astimezone(ZoneInfo(zone)) for each in found]
    assert len(found) == 24
    assert {each.time() for each in local} == {time(18)}
    assert [each.date() for each in local] == [each.local_date for each in found]
    offsets = {each.utcoffset() for each in local}
    assert len(offsets) == 2, "the clocks did change in these weeks"


@pytest.mark.parametrize(("zone", "monday"), EDGES)
def test_every_week_across_a_clock_change_supplies_the_full_dose(zone: str, monday: date) -> None:
    found = a_pattern(time_zone=zone, first_date=monday).occurrences()
    weeks = {each.local_date - timedelta(days=each.local_date.weekday()) for each in found}
    for week in weeks:
        days = [each for each in found if 0 <= (each.local_date - week).days < 7]
        assert sum(each.block.counted_minutes for each in days) == 540
    assert {each.span.end - each.span.start for each in found} == {timedelta(minutes=200)}


@pytest.mark.parametrize(("zone", "sunday"), [(z, m[0]) for z, m in ZONES.items()])
def test_a_time_that_the_clock_change_skips_is_refused_by_name(zone: str, sunday: date) -> None:
    gap = time(1, 30) if zone == "Europe/London" else time(2, 30)
    pattern = a_pattern([a_block(0), a_block(6, gap)], time_zone=zone, first_date=sunday)
    with pytest.raises(InvalidArgument) as error:
        pattern.occurrences()
    assert reason_of(error) == "LOCAL_TIME_IMPOSSIBLE"
    assert fields_of(error) == [("blocks[1].start_hour", "LOCAL_TIME_IMPOSSIBLE")]
    day = sunday + timedelta(days=6)
    assert error.value.metadata == {"local_time": f"{day}T{gap:%H:%M}", "time_zone": zone}


def test_a_time_that_the_clock_change_repeats_means_its_first_occurrence() -> None:
    pattern = a_pattern([a_block(6, time(1, 30))], first_date=date(2027, 11, 1), weeks=1)
    start = pattern.occurrences()[0].span.start
    assert start == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)  # 01:30 daylight time


def test_a_block_over_a_clock_change_lasts_its_minutes_as_they_pass() -> None:
    pattern = a_pattern([a_block(5, time(23))], first_date=date(2027, 3, 8), weeks=1)
    span = pattern.occurrences()[0].span
    assert span.end - span.start == timedelta(minutes=200)
    local_end = span.end.astimezone(ZoneInfo("America/New_York"))
    assert (local_end.hour, local_end.minute) == (3, 20)  # 02:20 does not exist that night


def test_the_first_session_falls_on_or_after_the_first_date() -> None:
    found = a_pattern(first_date=date(2027, 1, 6), weeks=2).occurrences()  # a Wednesday
    assert [each.local_date.isoformat() for each in found] == [
        "2027-01-06",
        "2027-01-08",
        "2027-01-11",
        "2027-01-13",
        "2027-01-15",
        "2027-01-18",
    ]


def test_two_blocks_on_one_day_may_touch() -> None:
    morning, noon = a_block(0, time(9)), a_block(0, time(12, 20))
    assert len(a_pattern([morning, noon], weeks=1).occurrences()) == 2


@pytest.mark.parametrize("second", [a_block(0, time(18)), a_block(0, time(21, 19))])
def test_two_blocks_may_not_share_a_minute(second: object) -> None:
    pattern = a_pattern([a_block(0, time(18)), second])  # type: ignore[list-item]
    with pytest.raises(InvalidArgument) as error:
        pattern.occurrences()
    assert reason_of(error) == "BLOCKS_OVERLAP"
    assert error.value.metadata == {"local_date": MONDAY.isoformat()}


def test_a_block_past_midnight_may_not_run_into_the_next_days() -> None:
    with pytest.raises(InvalidArgument) as error:
        a_pattern([a_block(6, time(23)), a_block(0, time(1))], weeks=2).occurrences()
    assert reason_of(error) == "BLOCKS_OVERLAP"


@given(
    zone=st.sampled_from(ALL_ZONES),
    first=st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    weekday=st.integers(0, 6),
    start=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    weeks=st.integers(1, 26),
)
def test_the_wall_time_is_stable_in_every_week_and_zone_or_refused(
    zone: str, first: date, weekday: int, start: time, weeks: int
) -> None:
    pattern = a_pattern([a_block(weekday, start)], time_zone=zone, first_date=first, weeks=weeks)
    try:
        found = pattern.occurrences()
    except InvalidArgument as error:
        assume(error.reason != "LOCAL_TIME_IMPOSSIBLE")
        raise
    local = [each.span.start.astimezone(ZoneInfo(zone)) for each in found]
    assert len(found) == weeks
    assert {each.time() for each in local} == {start}
    assert {each.weekday() for each in local} == {weekday}
    assert 0 <= (local[0].date() - first).days < 7
    assert all((b.date() - a.date()).days == 7 for a, b in pairwise(local))
    assert all(each.fold == 0 for each in local), "the first occurrence of a repeated time"


@given(
    zone=st.sampled_from(ALL_ZONES),
    first=st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    start=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
)
def test_only_times_that_no_clock_shows_are_refused(zone: str, first: date, start: time) -> None:
    pattern = a_pattern(
        [a_block(first.weekday(), start)], time_zone=zone, first_date=first, weeks=1
    )
    shown = any(
        datetime.combine(first, start, ZoneInfo(zone))
        .replace(fold=fold)
        .astimezone(UTC)
        .astimezone(ZoneInfo(zone))
        .replace(tzinfo=None)
        == datetime.combine(first, start)
        for fold in (0, 1)
    )
    try:
        pattern.occurrences()
    except InvalidArgument:
        assert not shown
    else:
        assert shown
