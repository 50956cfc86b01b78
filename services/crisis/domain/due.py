"""When something is due, as an instant. A rule that says "hours" is a length of time; one that says
"day" is about the calendar of a place, and keeps its wall time through daylight-saving changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Office:
    """A place's calendar, and the hour at which its working day ends."""

    time_zone: str
    close_hour: int

    def day_of(self, instant: datetime) -> date:
        """The local day of an instant."""
        return instant.astimezone(ZoneInfo(self.time_zone)).date()

    def close_of(self, day: date) -> datetime:
        """The end of the working day."""
        return self._at(day, time(self.close_hour))

    def on_day(self, anchor: datetime, number: int) -> datetime:
        """The end of the working day, `number` (from 1) local days after the anchor's."""
        return self.close_of(self.day_of(anchor) + timedelta(days=number))

    def within_days(self, anchor: datetime, number: int) -> datetime:
        """The last end of a working day that is no more than `number` days after the anchor.

        `number` is from 2: the day after may have no end of a working day left. The limit itself
        is the anchor's wall time; an escalation in the middle of a night would help nobody.
        """
        local = anchor.astimezone(ZoneInfo(self.time_zone))
        day = local.date() + timedelta(days=number)
        limit = self._at(day, local.time())
        close = self.close_of(day)
        return close if close <= limit else self.close_of(day - timedelta(days=1))

    def _at(self, day: date, wall: time) -> datetime:
        # A wall time that comes twice means the first; one that is skipped lies, read with the
        # offset before the gap, as far behind it as it was into it.
        local = datetime.combine(day, wall.replace(fold=0), ZoneInfo(self.time_zone))
        return local.astimezone(UTC)
