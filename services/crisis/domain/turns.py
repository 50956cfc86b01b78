"""When turns change. Wall times stand: daylight saving neither drops a hand-off nor doubles one.

A turn is a number, counted in hand-offs since the first shift began. Because it is counted in
instants it only ever grows: at each instant there is one turn, and none is missing in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, order=True)
class HandOff:
    """A wall time of every week at which the next one takes over."""

    weekday: int  # 1 = Monday, as ISO 8601 counts
    hour: int
    minute: int

    def on(self, monday: date, zone: ZoneInfo) -> datetime:
        """The instant in the week that begins with this Monday."""
        day = monday + timedelta(days=self.weekday - 1)
        return instant_of(day, time(self.hour, self.minute), zone)


class Turns(Protocol):
    """The order in which people follow each other, without the people."""

    def at(self, instant: datetime) -> int:
        """The turn that holds then; the first one is 0, and it begins with the start."""
        ...

    def next_after(self, instant: datetime) -> datetime:
        """The first hand-off later than the instant."""
        ...


@dataclass(frozen=True, slots=True)
class EveryDays:
    """A hand-off every so many days, at the wall time of the first one."""

    start: datetime
    days: int
    zone: ZoneInfo

    def at(self, instant: datetime) -> int:
        """The turn that holds then."""
        first = self.start.astimezone(self.zone).date()
        today = instant.astimezone(self.zone).date()
        # Compared as instants: on the day when an hour comes twice, a hand-off inside it
        # happens once and is not taken back.
        turn = (today - first).days // self.days
        return turn if self._hand_off(turn) <= instant else turn - 1

    def next_after(self, instant: datetime) -> datetime:
        """The first hand-off later than the instant."""
        return self._hand_off(self.at(instant) + 1)

    def _hand_off(self, turn: int) -> datetime:
        local = self.start.astimezone(self.zone)
        day: date = local.date() + timedelta(days=turn * self.days)
        return instant_of(day, local.time(), self.zone)


@dataclass(frozen=True, slots=True)
class EveryWeek:
    """The same hand-offs in every week, each to the next one in turn."""

    start: datetime
    hand_offs: tuple[HandOff, ...]
    zone: ZoneInfo

    def at(self, instant: datetime) -> int:
        """The turn that holds then."""
        return self._passed(instant) - self._passed(self.start)

    def next_after(self, instant: datetime) -> datetime:
        """The first hand-off later than the instant."""
        return min(each for each in self._around(instant) if each > instant)

    def _passed(self, instant: datetime) -> int:
        """How many hand-offs have come by then, counted from the week before the first shift."""
        weeks = (self._monday(instant) - self._monday(self.start)).days // 7
        return weeks * len(self.hand_offs) + sum(each <= instant for each in self._around(instant))

    def _around(self, instant: datetime) -> Iterator[datetime]:
        """Every hand-off from the week before to the week after: none of an earlier week can be
        late enough to come after the instant, however an hour is skipped."""
        monday = self._monday(instant)
        for week in (monday - WEEK, monday, monday + WEEK):
            for each in self.hand_offs:
                yield each.on(week, self.zone)

    def _monday(self, instant: datetime) -> date:
        today = instant.astimezone(self.zone).date()
        return today - timedelta(days=today.weekday())


def instant_of(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall time; of one that comes twice the first.

    A wall time that daylight saving skips lies, read with the offset before the gap, as far behind
    it as it was into it.
    """
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)
