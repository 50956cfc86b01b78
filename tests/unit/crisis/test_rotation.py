"""Somebody is on call, and it is always clear who."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crisis.domain.rotation import Override
from tests.unit.crisis.builders import NOON, a_rotation, after

SIX_ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)


def local(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def test_clinicians_take_turns() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two", shift_days=1, start=NOON)

    assert who(rotation, NOON) == "dr-one"
    assert who(rotation, after(days=1)) == "dr-two"
    assert who(rotation, after(days=2)) == "dr-one"


def test_a_shift_ends_a_moment_before_the_next_one_begins() -> None:
    rotation = a_rotation("on-call", "dr-one", "dr-two", shift_days=1, start=NOON)

    assert who(rotation, after(days=1) - timedelta(milliseconds=1)) == "dr-one"
    assert rotation.on_call(NOON).end == after(days=1)


def test_nobody_is_on_call_before_the_first_shift() -> None:
    assert a_rotation("on-call", "dr-one", start=NOON).on_call(after(seconds=-1)) is None


def test_an_override_takes_over_and_gives_back() -> None:
    cover = Override("dr-three", after(hours=1), after(hours=2))
    rotation = a_rotation("on-call", "dr-one", overrides=(cover,))

    assert who(rotation, after(minutes=59)) == "dr-one"
    assert who(rotation, after(hours=1)) == "dr-three"
    assert who(rotation, after(hours=2)) == "dr-one"


def test_an_override_covers_the_time_before_the_first_shift_too() -> None:
    cover = Override("dr-three", after(hours=-2), after(hours=-1))
    rotation = a_rotation("on-call", "dr-one", start=NOON, overrides=(cover,))

    assert who(rotation, after(hours=-2)) == "dr-three"


def test_of_two_overrides_the_later_entry_holds() -> None:
    first = Override("dr-three", after(hours=1), after(hours=4))
    second = Override("dr-four", after(hours=2), after(hours=3))
    rotation = a_rotation("on-call", "dr-one", overrides=(first, second))

    assert [who(rotation, after(hours=hour)) for hour in (1, 2, 3, 4)] == [
        "dr-three",
        "dr-four",
        "dr-three",
        "dr-one",
    ]


def test_the_end_of_a_shift_is_told_when_an_override_cuts_it_short() -> None:
    cover = Override("dr-three", after(hours=1), after(hours=2))
    rotation = a_rotation("on-call", "dr-one", overrides=(cover,))

    assert rotation.on_call(NOON).end == after(hours=1)
    assert rotation.on_call(after(hours=1)).end == after(hours=2)


@pytest.mark.parametrize("zone", SIX_ZONES)
def test_hand_offs_keep_their_wall_time_through_a_year(zone: Any) -> None:
    start = local(zone, 2026, 1, 5, 8, 0)
    rotation = a_rotation("on-call", "dr-one", "dr-two", time_zone=zone, start=start, shift_days=1)

    for day in range(1, 365):
        instant = local(zone, 2026, 1, 5, 8, 0) + timedelta(days=day)
        wall = instant.astimezone(ZoneInfo(zone)).date()
        hand_off = local(zone, wall.year, wall.month, wall.day, 8, 0)
        person = ("dr-one", "dr-two")[(wall - date(2026, 1, 5)).days % 2]
        assert who(rotation, hand_off) == person
        assert who(rotation, hand_off - timedelta(seconds=1)) != person


def test_in_the_hour_that_comes_twice_a_hand_off_happens_once() -> None:
    zone = "America/New_York"
    rotation = a_rotation(
        "on-call",
        "dr-one",
        "dr-two",
        time_zone=zone,
        start=local(zone, 2026, 10, 31, 1, 30),
        shift_days=1,
    )

    assert who(rotation, local(zone, 2026, 11, 1, 1, 29)) == "dr-one"
    assert who(rotation, local(zone, 2026, 11, 1, 1, 30)) == "dr-two"
    assert who(rotation, local(zone, 2026, 11, 1, 1, 10, fold=1)) == "dr-two"


def test_in_the_hour_that_is_skipped_a_hand_off_still_happens() -> None:
    zone = "America/New_York"
    rotation = a_rotation(
        "on-call",
        "dr-one",
        "dr-two",
        time_zone=zone,
        start=local(zone, 2026, 3, 7, 2, 30),
        shift_days=1,
    )

    assert who(rotation, local(zone, 2026, 3, 8, 1, 59)) == "dr-one"
    assert who(rotation, local(zone, 2026, 3, 8, 3, 30)) == "dr-two"
    assert who(rotation, local(zone, 2026, 3, 9, 2, 30)) == "dr-one"


@given(
    st.sampled_from(SIX_ZONES),
    st.integers(0, 3 * 365 * 24 * 60),
    st.integers(1, 14),
    st.integers(0, 24 * 60 - 1),
)
def test_a_started_rotation_has_no_hole_and_its_shift_ends_in_the_future(
    zone: Any, minutes: Any, shift_days: Any, wall_minutes: Any
) -> None:
    start = local(zone, 2026, 1, 5, *divmod(wall_minutes, 60))
    rotation = a_rotation("on-call", "dr-one", time_zone=zone, start=start, shift_days=shift_days)
    instant = start + timedelta(minutes=minutes)

    shift = rotation.on_call(instant)

    assert shift is not None
    assert instant < shift.end <= instant + timedelta(days=shift_days, hours=2)


def who(rotation: Any, instant: Any) -> Any:
    shift = rotation.on_call(instant)
    return shift.clinician_id if shift else None
