"""How long due work that is still due after its handler rests, so that it holds up no other."""

from __future__ import annotations

import time
from dataclasses import dataclass

OUTCOMES = DONE, RETRIED, FAILED = ("done", "retried", "failed")
# The first pause, and the longest one.
PAUSES = {DONE: (0.05, 5.0), RETRIED: (0.05, 1.0), FAILED: (1.0, 60.0)}


@dataclass(slots=True)
class Rest:
    """Tried so often, and left alone until then."""

    attempts: int
    until: float


def rest_after(outcome: str, attempts: int) -> Rest:
    """From now on."""
    first, longest = PAUSES[outcome]
    return Rest(attempts, time.monotonic() + min(longest, first * 2.0 ** min(attempts - 1, 20)))
