"""A hole in the cover that somebody must hear of: once, and again each day until it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.crisis.domain.coverage import Gap, GapKind
from services.crisis.domain.escalation import Target
from services.crisis.domain.events import CoverageGapClosed, CoverageGapFound


class Closing(StrEnum):
    """How a gap ended."""

    COVERED = "covered"  # somebody is there now
    PASSED = "passed"  # its time is over; nobody came


@dataclass(slots=True)
class CoverageGap:
    """What has been told of one gap. Its target and its start make it what it is."""

    id: str
    target: Target
    kind: GapKind
    start: datetime
    end: datetime
    # Whom it is told.
    recipient_id: str = ""
    is_open: bool = False
    # How often it has been told, and when it is told again.
    notices: int = 0
    next_notice: datetime | None = None
    close_time: datetime | None = None
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def see(self, gap: Gap, recipient_id: str, now: datetime, *, again: timedelta) -> None:
        """The gap is there; told where it is new, and where it was told `again` ago."""
        self.kind, self.end, self.recipient_id = gap.kind, gap.end, recipient_id
        if self.is_open and self.next_notice is not None and now < self.next_notice:
            return
        self.is_open, self.close_time = True, None
        self.notices, self.next_notice = self.notices + 1, now + again
        self.events.append(
            CoverageGapFound(
                gap_id=self.id,
                target=self.target,
                kind=self.kind,
                start=self.start,
                end=self.end,
                notice=self.notices,
                recipient_id=recipient_id,
            )
        )

    def close(self, now: datetime) -> None:
        """The gap is no longer there."""
        closing = Closing.PASSED if self.end <= now else Closing.COVERED
        self.is_open, self.close_time, self.next_notice = False, now, None
        self.events.append(
            CoverageGapClosed(
                gap_id=self.id,
                target=self.target,
                closing=closing.value,
                close_time=now,
                recipient_id=self.recipient_id,
                notice=self.notices,
            )
        )


def begun_as(gap: Gap, known: Sequence[CoverageGap], now: datetime) -> datetime:
    """When the gap began: one that is seen in its middle is the open one that began before."""
    before = [
        each.start
        for each in known
        if each.target == gap.target and each.is_open and each.start <= now
    ]
    return max(before, default=gap.start) if gap.start <= now else gap.start
