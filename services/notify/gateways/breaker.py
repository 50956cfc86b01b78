"""Whether a provider is worth trying first, as its last answers tell.

    CLOSED --failures in a row--> OPEN --a pause--> one probe --> CLOSED | OPEN for another pause

The state is a process's own: each sees for itself, and none needs a store to tell it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

FAILURES = 3  # [D] one may be chance; each costs a page the time until the next provider is tried
PAUSE_SECONDS = 15.0  # [D]


class Breaker:
    """Counts failures in a row. Safe to share between threads."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        failures: int = FAILURES,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._clock = clock
        self._most, self._pause = failures, pause_seconds
        self._lock = threading.Lock()
        self._failures = 0
        # None while closed; else when the next probe may go.
        self._probe_time: float | None = None

    @property
    def is_open(self) -> bool:
        """True from the last of the failures until the first success after it."""
        return self._probe_time is not None

    @property
    def is_ready(self) -> bool:
        """True where `admits` would be, if nobody else asks meanwhile."""
        probe_time = self._probe_time
        return probe_time is None or self._clock() >= probe_time

    def admits(self) -> bool:
        """True where the provider should be tried as if it were well. Ask right before the try.

        While open: once per pause, for the probe. A probe of which nothing is heard any more is
        followed by another one after the next pause.
        """
        with self._lock:
            if self._probe_time is None:
                return True
            if self._clock() < self._probe_time:
                return False
            self._probe_time = self._clock() + self._pause
            return True

    def succeeded(self) -> bool:
        """The provider did its work. True where that closed the circuit."""
        with self._lock:
            was_open = self._probe_time is not None
            self._failures, self._probe_time = 0, None
            return was_open

    def failed(self) -> bool:
        """The provider did not. True where that opened the circuit."""
        with self._lock:
            self._failures += 1
            if self._failures < self._most:
                return False
            was_closed = self._probe_time is None
            self._probe_time = self._clock() + self._pause
            return was_closed
