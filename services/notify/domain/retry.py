"""When to try again: later each time, never all at once, never without end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LARGEST_DOUBLING = 20


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Pauses that double from the first to the longest, and how many attempts there are."""

    first: timedelta
    longest: timedelta
    most_attempts: int

    def pause(self, attempts: int, jitter: float) -> timedelta:
        """How long to wait after that many attempts; `jitter` in [0, 1] spreads the upper half.

        Messages that failed together must not come back together.
        """
        doubled = self.first * float(2 ** min(max(attempts - 1, 0), LARGEST_DOUBLING))
        bounded = min(doubled, self.longest)
        return bounded / 2 + bounded / 2 * jitter
