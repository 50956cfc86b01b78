"""How long a caller is still willing to wait. Counted on the monotonic clock."""

from __future__ import annotations

import time
from dataclasses import dataclass

from chassis.errors import DeadlineExceeded


@dataclass(frozen=True, slots=True)
class Deadline:
    """An instant after which nobody wants the answer any more."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline that many seconds from now."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self.at - time.monotonic())

    def check(self) -> None:
        """Raise DeadlineExceeded once the time is over."""
        if self.remaining() <= 0:
            raise DeadlineExceeded("DEADLINE_EXCEEDED", "the caller's deadline has passed")
