"""Who gives way: while many people in danger wait for this process, its other events do.

A storm loads every process it passes. What it causes besides the pages (copies, timelines, notices)
costs as much again, and comes a few seconds later without harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

MANY = 8  # fewer cost the others less than waiting would
MOST_SECONDS = 10.0  # for which an event waits; then nothing gives way until the storm is over


class Precedence:
    """What the process's crisis-class jobs have before them."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._since: float | None = None

    def tell(self, job: str, waiting: int) -> None:
        """So many wait for this job now."""
        with self._lock:
            self._waiting[job] = waiting
            if sum(self._waiting.values()) < MANY:
                self._since = None
            elif self._since is None:
                self._since = self._monotonic()

    def is_due(self) -> bool:
        """Whether others should wait."""
        since = self._since
        return since is not None and self._monotonic() - since < MOST_SECONDS


def never() -> bool:
    """The crisis class gives way to nobody."""
    return False
