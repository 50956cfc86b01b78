"""How well a connection works, as its client measures it, and whether it is about to drop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from chassis.errors import InvalidArgument

LONGEST_SECONDS = 60.0

# A round trip is two ways. ITU-T G.114: up to 150 ms one way most talk is not affected, above
# 400 ms it is not acceptable. Loss and jitter: [D], as media.md 6 saw: bad from 7 % on, gone at 30.
FAIR_ROUND_TRIP, POOR_ROUND_TRIP = 0.3, 0.8
FAIR_JITTER, POOR_JITTER = 0.03, 0.1
FAIR_LOSS, POOR_LOSS = 0.02, 0.1


class Device(StrEnum):
    """A class of device, no more."""

    UNKNOWN = "unknown"
    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"


class Grade(IntEnum):
    """Ordered: the worse of two is `max`."""

    GOOD = 1
    FAIR = 2
    POOR = 3


@dataclass(frozen=True, slots=True)
class Report:
    """What a client measured; None where it does not know. Times in seconds."""

    round_trip: float | None
    jitter: float | None
    loss_ratio: float | None
    device: Device

    def require_plausible(self) -> None:
        """Refuses what no connection has, and what says nothing."""
        limits = ((self.round_trip, LONGEST_SECONDS), (self.jitter, LONGEST_SECONDS))
        known = [pair for pair in (*limits, (self.loss_ratio, 1.0)) if pair[0] is not None]
        is_plausible = all(
            value is not None and math.isfinite(value) and 0 <= value <= limit
            for value, limit in known
        )
        if not known or not is_plausible:
            raise InvalidArgument("QUALITY_INVALID", "numbers within their ranges, one at least")

    @property
    def grade(self) -> Grade:
        """As bad as the worst part."""
        parts = (
            (self.round_trip, FAIR_ROUND_TRIP, POOR_ROUND_TRIP),
            (self.jitter, FAIR_JITTER, POOR_JITTER),
            (self.loss_ratio, FAIR_LOSS, POOR_LOSS),
        )
        return max(_graded(*part) for part in parts)


@dataclass(slots=True)
class Quality:
    """A participant's last report in a session, and what staff were told last."""

    # The participant's.
    id: str
    session_id: str
    report: Report
    report_time: datetime
    is_told_poor: bool = False
    tell_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """A connection is no part of a patient's record."""
        return ""

    def take(self, report: Report, now: datetime) -> None:
        """A newer report."""
        self.report, self.report_time = report, now

    def news(self, now: datetime, quiet: timedelta) -> bool:
        """True where staff should be told: about to drop, at once; well again, once it stays so."""
        is_poor = self.report.grade is Grade.POOR
        if is_poor == self.is_told_poor:
            return False
        if not is_poor and self.tell_time is not None and now - self.tell_time < quiet:
            return False
        self.is_told_poor, self.tell_time = is_poor, now
        return True


def _graded(value: float | None, fair: float, poor: float) -> Grade:
    if value is None or value <= fair:
        return Grade.GOOD
    return Grade.POOR if value > poor else Grade.FAIR
