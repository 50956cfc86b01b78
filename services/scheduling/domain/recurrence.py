"""Weekly wall-clock times to instants, through changes of daylight saving.

A block at 18:00 is at 18:00 in every week. A time that a clock change skips does not exist and is
refused; a time that it repeats means its first occurrence. A block lasts its minutes as they pass,
whatever the clock on the wall does meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dateutil.rrule import WEEKLY, rrule

from chassis.errors import InvalidArgument, Violation
from services.scheduling.domain.span import Span


@dataclass(frozen=True, slots=True)
class Block:
    """One block of treatment in each week; Monday is 0."""

    weekday: int
    start: time
    counted_minutes: int
    break_minutes: int = 0

    @property
    def length(self) -> timedelta:
        """From beginning to end, breaks included."""
        return timedelta(minutes=self.counted_minutes + self.break_minutes)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One block in one week."""

    block: Block
    local_date: date
    span: Span


@dataclass(frozen=True, slots=True)
class Pattern:
    """The blocks of a series and the weeks in which they take place."""

    time_zone: str
    first_date: date
    weeks: int
    blocks: tuple[Block, ...]

    @property
    def weekly_minutes(self) -> int:
        """Counted minutes that one week supplies."""
        return sum(each.counted_minutes for each in self.blocks)

    def occurrences(self) -> list[Occurrence]:
        """Every block in every week, in order of time."""
        zone = ZoneInfo(self.time_zone)
        found = [
            Occurrence(block, local.date(), _span(block, _instant(local, zone, index)))
            for index, block in enumerate(self.blocks)
            for local in self._local_starts(block)
        ]
        found.sort(key=lambda each: each.span)
        _refuse_overlaps(found)
        return found

    def _local_starts(self, block: Block) -> Sequence[datetime]:
        first = datetime.combine(self.first_date, block.start)
        return list(rrule(WEEKLY, dtstart=first, byweekday=block.weekday, count=self.weeks))


def _instant(local: datetime, zone: ZoneInfo, index: int) -> datetime:
    """The first instant at which the wall clock shows this time; refused where it never does."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) != local:
        raise InvalidArgument(
            "LOCAL_TIME_IMPOSSIBLE",
            f"the clocks in {zone.key} skip {local:%H:%M} on {local:%Y-%m-%d}",
            violations=[
                Violation(
                    f"blocks[{index}].start_hour",
                    "LOCAL_TIME_IMPOSSIBLE",
                    f"does not exist on {local:%Y-%m-%d}: clocks are set forward over it",
                )
            ],
            metadata={"local_time": f"{local:%Y-%m-%dT%H:%M}", "time_zone": zone.key},
        )
    return instant


def _span(block: Block, start: datetime) -> Span:
    return Span(start, start + block.length)


def _refuse_overlaps(found: Sequence[Occurrence]) -> None:
    for earlier, later in pairwise(found):
        if earlier.span.overlaps(later.span):
            raise InvalidArgument(
                "BLOCKS_OVERLAP",
                "two blocks share some time",
                violations=[Violation("blocks", "BLOCKS_OVERLAP", "must not share any time")],
                metadata={"local_date": later.local_date.isoformat()},
            )
