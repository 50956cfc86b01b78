"""Due times are instants; a rule that says "day" keeps the wall time of the office."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crisis.domain.due import Office

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Europe/London",
    "Australia/Lord_Howe",
)
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # the strategy adds the zone
NEW_YORK = Office("America/New_York", 17)


def new_york(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo("America/New_York"))  # type: ignore[misc]


@given(anchor=INSTANTS, days=st.integers(2, 365), zone=st.sampled_from(ZONES))
def test_within_days_is_never_later_than_the_limit_and_less_than_a_day_before_it(
    anchor: datetime, days: int, zone: str
) -> None:
    due = Office(zone, 17).within_days(anchor, days)

    local, limit_day = due.astimezone(ZoneInfo(zone)), anchor.astimezone(ZoneInfo(zone)).date()
    wall = anchor.astimezone(ZoneInfo(zone)).time()
    assert (local.date() - limit_day).days in {days, days - 1}
    assert (local.date() - limit_day).days == days or wall < local.time()
    assert due > anchor


@given(
    anchor=INSTANTS, day=st.integers(1, 365), zone=st.sampled_from(ZONES), hour=st.integers(0, 23)
)
def test_on_a_day_is_that_local_day_at_the_close_of_work(
    anchor: datetime, day: int, zone: str, hour: int
) -> None:
    office = Office(zone, hour)

    due = office.on_day(anchor, day)

    assert (office.day_of(due) - office.day_of(anchor)).days == day
    # An hour that daylight saving skips is the one after it.
    assert due.astimezone(ZoneInfo(zone)).hour in {hour, hour + 1}
    assert due.tzinfo is UTC


@given(anchor=INSTANTS, day=st.integers(1, 364), zone=st.sampled_from(ZONES))
def test_a_later_day_is_later_by_a_day_give_or_take_daylight_saving(
    anchor: datetime, day: int, zone: str
) -> None:
    office = Office(zone, 17)

    gap = office.on_day(anchor, day + 1) - office.on_day(anchor, day)

    assert timedelta(hours=23) <= gap <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("resolved", "due"),
    [
        # Spring: seven local days are 167 hours.
        (new_york(2026, 3, 5, 18), new_york(2026, 3, 12, 17)),
        # Autumn: 169 hours.
        (new_york(2026, 10, 29, 18), new_york(2026, 11, 5, 17)),
        # Before the close of work: the last close within seven days is the day before.
        (new_york(2026, 6, 1, 9), new_york(2026, 6, 7, 17)),
        (new_york(2026, 6, 1, 17), new_york(2026, 6, 8, 17)),
    ],
)
def test_seven_days_end_at_a_close_of_work(resolved: datetime, due: datetime) -> None:
    assert NEW_YORK.within_days(resolved, 7) == due


def test_day_one_of_a_case_that_ended_at_night_is_the_next_local_day() -> None:
    late_evening = new_york(2026, 6, 1, 23)  # already the second of June in UTC

    assert NEW_YORK.on_day(late_evening, 1) == new_york(2026, 6, 2, 17)


def test_a_close_in_the_hour_that_comes_twice_is_the_first_of_both() -> None:
    office = Office("America/New_York", 1)

    assert office.on_day(new_york(2026, 10, 31, 12), 1) == datetime(2026, 11, 1, 5, tzinfo=UTC)
