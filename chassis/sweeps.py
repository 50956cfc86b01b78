"""When a loop asks the store though nobody told it to: what no telling reached is found by that.

Whoever follows a watch is told of what is committed, so while the watch is current there is next to
nothing left to find, and to ask would cost the database as much for nobody as for somebody.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

# While the watch is current: for what it cannot know of, such as a row that was changed by hand.
QUIET_SECONDS = 5.0


def unknown() -> bool:
    """Nobody says whether the watch is current."""
    return False


class Sweeps:
    """One loop's: every `seconds`, and every QUIET_SECONDS while the watch is current."""

    def __init__(
        self,
        seconds: float,
        is_current: Callable[[], bool] = unknown,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_current` says whether everything was told that was committed up to a moment ago."""
        self._seconds, self._is_current, self._monotonic = seconds, is_current, monotonic
        self._last = -math.inf
        self._found_all = False

    @property
    def left(self) -> float:
        """Seconds until the next one; not above 0 where it is time."""
        return self._last + self._interval() - self._monotonic()

    @property
    def pause(self) -> float:
        """Seconds until it is to be asked again whether it is time: a watch may be lost."""
        left = self.left
        return min(self._seconds, left) if left > 0 else self._seconds

    def done(self, *, found_all: bool) -> None:
        """The store was asked; `found_all` where nothing it said has to be asked for again."""
        self._last, self._found_all = self._monotonic(), found_all

    def soon(self) -> None:
        """It is time, whatever is told until then."""
        self._last = -math.inf

    def _interval(self) -> float:
        if self._found_all and self._is_current():
            return max(self._seconds, QUIET_SECONDS)
        return self._seconds
