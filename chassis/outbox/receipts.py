"""Repeats Deliver until the outbox row holds every consumer's receipt, or the event has expired.

Whether the broker has the event does not matter here: a dead broker, a hung worker or a parked
message must not hold it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from chassis.broker import Backoff
from chassis.clock import Clock
from chassis.errors import HavenError
from chassis.outbox.courier import EXPIRED, delivered
from chassis.store.outbox_rows import OutboxRow

# Of each end. Whoever committed delivers the oldest first; in a storm all of them would be read
# again and again, and those that are about to be delivered anyway would be delivered twice.
LIMIT = 200
# The process that committed the row delivers it at once; a repeat any sooner only competes.
FIRST_SECONDS = 0.3
REPEAT_FIRST, REPEAT_MOST = 0.1, 1.0
PAUSE_SECONDS = 0.1
SWEEP_SECONDS = 0.5  # where nothing waits that is known of


@dataclass
class Attempts:
    """When one delivery is to be tried next, and how the pauses grow."""

    next: float
    backoff: Backoff = field(default_factory=lambda: Backoff(REPEAT_FIRST, REPEAT_MOST))


class Receipts(Protocol):
    """What the loop needs of the store."""

    clock: Clock

    def awaiting_receipts(self, limit: int) -> list[OutboxRow]: ...
    def receipt(self, event_id: str, consumer: str) -> None: ...


class Leadership(Protocol):
    """A lease: at most one holder works."""

    def hold(self) -> bool: ...
    def release(self) -> None: ...


class ReceiptLoop:
    """Keeps one service's crisis-class events moving to those that have not taken them."""

    def __init__(
        self,
        receipts: Receipts,
        start: Callable[[OutboxRow, str], None],
        *,
        lease: Leadership,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receipts, self._start, self._lease = receipts, start, lease
        self._monotonic = monotonic
        self._attempts: dict[tuple[str, str], Attempts] = {}

    def turn(self) -> float:
        """Start every delivery that is due."""
        if not self._lease.hold():
            self._attempts.clear()
            return SWEEP_SECONDS
        rows = self._receipts.awaiting_receipts(LIMIT)
        waiting = {(row.event_id, consumer): row for row in rows for consumer in row.awaiting}
        self._attempts = {key: each for key, each in self._attempts.items() if key in waiting}
        # From the other end than whoever committed them, so that the two meet in the middle.
        for (event_id, consumer), row in reversed(waiting.items()):
            if self._has_expired(row):
                self._receipts.receipt(event_id, consumer)
                delivered.labels(EXPIRED).inc()
            elif self._is_due((event_id, consumer)):
                self._start(row, consumer)
        return PAUSE_SECONDS if waiting else SWEEP_SECONDS

    def failed(self, _error: HavenError) -> None:
        """The store is away; another replica may reach it."""
        self._lease.release()

    def close(self) -> None:
        """Let another relay take over at once."""
        self._lease.release()

    def _has_expired(self, row: OutboxRow) -> bool:
        return row.expire_time is not None and row.expire_time <= self._receipts.clock.now()

    def _is_due(self, key: tuple[str, str]) -> bool:
        now = self._monotonic()
        attempts = self._attempts.setdefault(key, Attempts(now + FIRST_SECONDS))
        if now < attempts.next:
            return False
        attempts.next = now + attempts.backoff.next()
        return True
