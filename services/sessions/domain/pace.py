"""How fast one participant may send: a bucket that refills."""

from __future__ import annotations


class Bucket:
    """Lets `burst` through at once, `per_second` in the long run. Times are monotonic seconds."""

    def __init__(self, burst: int, per_second: float, *, now: float) -> None:
        self._burst, self._per_second = float(burst), per_second
        self._left, self._at = float(burst), now

    def take(self, now: float) -> bool:
        """True where one more may pass."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
