"""A timer that is set again all the time and seldom rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Alarm:
    """Setting it is writing a time down: the event loop's own timer, which costs more, is made
    anew only once it has ended too early. For one event loop."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._at: float | None = None  # by the loop's clock; None = it shall not ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        """Ring in so many seconds, and not before."""
        self._at = asyncio.get_running_loop().time() + seconds
        if self._timer is not None and self._timer.when() > self._at:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._wait(self._at)

    def clear(self) -> None:
        """Do not ring. What is left of the loop's timer holds this alarm until it ends."""
        self._at = None

    def _wait(self, at: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(at, self._wake)

    def _wake(self) -> None:
        self._timer, at = None, self._at
        if at is None:
            return
        if asyncio.get_running_loop().time() < at:
            self._wait(at)
            return
        self._at = None
        self._ring()
