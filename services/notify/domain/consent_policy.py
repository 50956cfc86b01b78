"""A tenant's numbers for when and how often people are written to, each with its source.

Section `consent` of a tenant's `notify`. The clinical specification's 6.4 is the law here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.notify.domain.address import is_number
from services.notify.domain.hours import Hours, Windows, zone_of, zones_of

# Every zone of the states and inhabited territories: somebody whose zone is unknown may be in any.
PLAUSIBLE_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Pago_Pago",
    "Pacific/Guam",
)
# Zones differ by their summer time too; windows must meet in both halves of the year.
SEASONS = (datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC))


@dataclass(frozen=True, kw_only=True)
class ConsentPolicy:
    """Hours, caps, codes, numbers and reminders."""

    # 47 CFR 64.1200(c): 8 a.m. to 9 p.m. at the called party's location [K].
    allowed_from_hour: int = 8
    allowed_until_hour: int = 21
    plausible_zones: tuple[str, ...] = PLAUSIBLE_ZONES
    # 47 CFR 64.1200(a)(9)(iv): texts and calls together, per person [K]. A week: seven local days.
    daily_cap: int = 1
    weekly_cap: int = 3
    # Numbers to which people may text, in E.164; each belongs to one tenant.
    receiving_numbers: tuple[str, ...] = ()
    # What HELP answers; empty = the answer names 988 alone.
    help_phone: str = ""
    # Before a session's start; none = no reminders.
    reminder_offsets_seconds: tuple[int, ...] = (86_400, 1_800)  # [D] a day, half an hour

    def __post_init__(self) -> None:
        if any(each <= 0 for each in self.reminder_offsets_seconds):
            raise ValueError("reminder_offsets_seconds are before the start")
        if any(not is_number(each) for each in self.receiving_numbers):
            raise ValueError("receiving_numbers are + and digits (E.164)")
        hours, zones = self.hours, zones_of(self.plausible_zones)
        if any(Windows(zones, hours).next_from(season) is None for season in SEASONS):
            raise ValueError("the hours of plausible_zones never meet")

    @property
    def hours(self) -> Hours:
        """The window of a local day in which people may be written to."""
        return Hours(self.allowed_from_hour * 60, self.allowed_until_hour * 60)

    def windows(self, time_zone: str, own: Hours | None) -> Windows | None:
        """When somebody there may be written to, within their own hours; None = never."""
        hours = self.hours if own is None else self.hours.within(own)
        zone = zone_of(time_zone)
        zones = zones_of(self.plausible_zones) if zone is None else (zone,)
        return None if hours is None else Windows(zones, hours)

    def local_day(self, now: datetime) -> str:
        """The date where the tenant's people most likely are: in the first plausible zone."""
        return now.astimezone(zones_of(self.plausible_zones)[0]).date().isoformat()

    @property
    def remembered(self) -> timedelta:
        """How long a sent message can count against a cap: seven local days, in any zone."""
        return timedelta(days=9)
