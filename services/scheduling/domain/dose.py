"""Counted minutes of a week against the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

SECONDS_PER_MINUTE = 60


class DoseState(StrEnum):
    """Whether the plan is, or can still be, fulfilled this week."""

    MET = "met"
    ON_TRACK = "on_track"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class Part:
    """What one session gives one patient."""

    local_date: date
    attended_seconds: int
    counted_minutes: int
    lies_ahead: bool  # it has not ended, and the patient holds a seat


@dataclass(frozen=True, slots=True)
class DoseDay:
    """One day with attendance."""

    date: date
    attended_minutes: int
    is_countable: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """One patient's week, Monday to Sunday by the sessions' local dates."""

    patient_id: str
    week_start_date: date
    planned_minutes: int
    attended_minutes: int
    upcoming_minutes: int
    days: tuple[DoseDay, ...]

    @property
    def shortfall_minutes(self) -> int:
        """What will be missing even if everything still to come is attended."""
        return max(0, self.planned_minutes - self.attended_minutes - self.upcoming_minutes)

    @property
    def state(self) -> DoseState:
        """Met, still within reach, or short."""
        if self.attended_minutes >= self.planned_minutes:
            return DoseState.MET
        return DoseState.SHORTFALL if self.shortfall_minutes else DoseState.ON_TRACK


def week_of(day: date) -> tuple[date, date]:
    """The week's Monday and Sunday."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def dose_of(
    patient_id: str, day: date, planned_minutes: int, parts: Iterable[Part], *, countable: int
) -> Dose:
    """The week of `day`; whole minutes per day, so that no day gains from rounding."""
    monday, sunday = week_of(day)
    seconds: dict[date, int] = defaultdict(int)
    upcoming = 0
    for part in parts:
        if not monday <= part.local_date <= sunday:
            continue
        seconds[part.local_date] += part.attended_seconds
        if part.lies_ahead:
            left = part.counted_minutes - part.attended_seconds // SECONDS_PER_MINUTE
            upcoming += max(0, left)
    minutes = {each: total // SECONDS_PER_MINUTE for each, total in seconds.items() if total}
    days = tuple(
        DoseDay(each, minutes[each], minutes[each] >= countable) for each in sorted(minutes)
    )
    return Dose(patient_id, monday, planned_minutes, sum(minutes.values()), upcoming, days)
