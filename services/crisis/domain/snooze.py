"""How long, and how often, a human may postpone what a case does by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chassis.errors import FailedPrecondition, InvalidArgument, Violation
from services.crisis.domain.signal import Severity


@dataclass(frozen=True, slots=True)
class SnoozeLimit:
    """A tenant's bounds; a case of high severity is never postponed."""

    longest: timedelta
    most: int

    def check(self, severity: Severity, span: timedelta, snoozes: int) -> None:
        """Raise unless a case of this severity, postponed `snoozes` times, may be once more."""
        if severity is Severity.HIGH:
            raise FailedPrecondition("SNOOZE_REFUSED", "a case of high severity cannot wait")
        if snoozes >= self.most:
            raise FailedPrecondition("SNOOZES_EXHAUSTED", "it was postponed too often already")
        if not timedelta(0) < span <= self.longest:
            text = f"at most {self.longest.total_seconds():g} seconds"
            fault = Violation("snooze_duration", "OUT_OF_RANGE", text)
            raise InvalidArgument("FIELDS_INVALID", "snooze_duration", violations=[fault])
