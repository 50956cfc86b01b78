"""When people may be written to: from 08:00 to 21:00 where they are (47 CFR 64.1200(c)).

Wall clocks decide, so a day of 23 or 25 hours has the same window as any other. Where a zone is
not known every plausible one must agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# Windows of several zones meet at least once a day, or never.
MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of a local day, in minutes after midnight; 1440 is the end of the day."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= 24 * 60:
            raise ValueError("hours begin and end within one day")

    def holds(self, local: datetime) -> bool:
        """True inside the window; its end is outside."""
        return self.start <= local.hour * 60 + local.minute < self.end

    def within(self, other: Hours) -> Hours | None:
        """What both allow; None where they never meet."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Hours(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Windows:
    """The same window in one zone, or in each of several that a person may be in."""

    zones: Sequence[ZoneInfo]
    hours: Hours

    def allow(self, now: datetime) -> bool:
        """True where it is inside the window in every zone."""
        return all(self.hours.holds(now.astimezone(zone)) for zone in self.zones)

    def next_from(self, now: datetime) -> datetime | None:
        """The first instant, `now` or later, that every zone allows; None where none ever does."""
        instant = now
        for _ in range(MOST_STEPS):
            latest = max(self._next_in(zone, instant) for zone in self.zones)
            if latest == instant:
                return instant
            instant = latest
        return None

    def next_day(self, now: datetime) -> datetime:
        """The instant at which a new day has begun in every zone."""
        return max(_midnight(_day(now, zone) + DAY, zone) for zone in self.zones)

    def days_since(self, earlier: datetime, now: datetime) -> int:
        """How many midnights lie between; the fewest where zones differ, so that caps hold."""
        return min((_day(now, zone) - _day(earlier, zone)).days for zone in self.zones)

    def _next_in(self, zone: ZoneInfo, now: datetime) -> datetime:
        local = now.astimezone(zone)
        if self.hours.holds(local):
            return now
        minutes = local.hour * 60 + local.minute
        day = local.date() if minutes < self.hours.start else local.date() + DAY
        return _at(day, self.hours.start, zone)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of that name; None where there is none, which is as good as unknown."""
    return _zone(name) if name else None


def zones_of(names: Collection[str]) -> tuple[ZoneInfo, ...]:
    """The zones of these names; ValueError where one does not exist."""
    zones = tuple(_zone(name) for name in names)
    if not zones or None in zones:
        raise ValueError("a time zone does not exist, or none is given")
    return tuple(zone for zone in zones if zone is not None)


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None


def _day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return _at(day, 0, zone)


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # A time that the clock skips becomes one after the gap: the window has begun by then.
    return datetime.combine(day, time(*divmod(minutes, 60)), zone).astimezone(UTC)
