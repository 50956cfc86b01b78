"""Who is on call at an instant. Hand-offs keep their wall time through daylight-saving changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.errors import InvalidArgument, Violation


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else takes over for a while."""

    clinician_id: str
    start: datetime
    end: datetime

    def holds_at(self, instant: datetime) -> bool:
        """True from its start until just before its end."""
        return self.start <= instant < self.end


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call, and the instant from which it may be somebody else."""

    clinician_id: str
    end: datetime
    is_override: bool = False


@dataclass(slots=True)
class Rotation:
    """People who take turns of `shift_days`, from `start` on, handing off at its wall time."""

    id: str
    name: str
    time_zone: str
    start: datetime
    shift_days: int
    clinician_ids: tuple[str, ...]
    overrides: tuple[Override, ...] = ()
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def on_call(self, instant: datetime) -> Shift | None:
        """Whoever is on call then; None where nobody is, which is before the first shift."""
        for override in reversed(self.overrides):
            if override.holds_at(instant):
                return Shift(override.clinician_id, self._end_of(override, instant), True)
        if instant < self.start:
            return None
        turn = self._turn_at(instant)
        end = min([self._hand_off(turn + 1), *self._starts_after(instant)])
        return Shift(self.clinician_ids[turn % len(self.clinician_ids)], end)

    def replace_with(self, other: Rotation) -> None:
        """Take over another plan; it holds from the next page on."""
        self.time_zone, self.start, self.shift_days = (
            other.time_zone,
            other.start,
            other.shift_days,
        )
        self.clinician_ids, self.overrides = other.clinician_ids, other.overrides

    def _turn_at(self, instant: datetime) -> int:
        first = self.start.astimezone(ZoneInfo(self.time_zone)).date()
        today = instant.astimezone(ZoneInfo(self.time_zone)).date()
        # Compared as instants: on the day when an hour comes twice, a hand-off inside it
        # happens once and is not taken back.
        turn = (today - first).days // self.shift_days
        return turn if self._hand_off(turn) <= instant else turn - 1

    def _hand_off(self, turn: int) -> datetime:
        local = self.start.astimezone(ZoneInfo(self.time_zone))
        day: date = local.date() + timedelta(days=turn * self.shift_days)
        # A wall time that daylight saving skips lies, read with the offset before the gap, as
        # far behind it as it was into it.
        return datetime.combine(day, local.timetz().replace(fold=0)).astimezone(UTC)

    def _end_of(self, override: Override, instant: datetime) -> datetime:
        return min([override.end, *self._starts_after(instant)])

    def _starts_after(self, instant: datetime) -> list[datetime]:
        return [override.start for override in self.overrides if override.start > instant]


def check_overrides(overrides: tuple[Override, ...]) -> None:
    """Raise InvalidArgument for an override that ends before it starts."""
    faults = [
        Violation(f"rotation.overrides[{index}].end_time", "OUT_OF_RANGE", "must be after start")
        for index, override in enumerate(overrides)
        if override.end <= override.start
    ]
    if faults:
        names = ", ".join(fault.field for fault in faults)
        raise InvalidArgument("FIELDS_INVALID", f"fields at fault: {names}", violations=faults)
