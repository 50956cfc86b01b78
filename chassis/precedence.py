"""Who gives way: while many people in danger wait for this process, its other events do.

A storm loads every process it passes. What it causes besides the pages (copies, timelines, notices)
costs as much again, and comes a few seconds later without harm.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

MANY = 8  # fewer cost the others less than waiting would
# So much about people in danger has passed this process within as many seconds.
STORM, STORM_SECONDS = 20, 2.0
MOST_SECONDS = 20.0  # for which an event waits; then nothing gives way until the storm is over


class Precedence:
    """What the process's crisis-class jobs have before them."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}
        self._passed: deque[float] = deque(maxlen=STORM)
        self._since: dict[str, float] = {}  # by who gives way

    def tell(self, job: str, waiting: int) -> None:
        """So many wait for this job now."""
        with self._lock:
            self._waiting[job] = waiting

    def passed(self) -> None:
        """An event about somebody in danger was committed, or something due about one was begun."""
        with self._lock:
            self._passed.append(self._monotonic())

    def is_due(self, job: str) -> bool:
        """Whether this one should wait. Each counts for itself how long it has: a calm moment in
        which another asked was none for it."""
        with self._lock:
            now = self._monotonic()
            if not self._is_storm(now):
                self._since.pop(job, None)
                return False
            return now - self._since.setdefault(job, now) < MOST_SECONDS

    def _is_storm(self, now: float) -> bool:
        is_fast = len(self._passed) == STORM and now - self._passed[0] < STORM_SECONDS
        return is_fast or sum(self._waiting.values()) >= MANY


def never() -> bool:
    """The crisis class gives way to nobody."""
    return False
