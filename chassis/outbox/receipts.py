"""Repeats Deliver until the outbox row holds every consumer's receipt, or the event has expired.

Whether the broker has the event does not matter here: a dead broker, a hung worker or a parked
message must not hold it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from chassis.broker import Backoff
from chassis.clock import Clock
from chassis.errors import HavenError
from chassis.outbox.courier import EXPIRED, delivered
from chassis.outbox.wake import Telling
from chassis.store.outbox_rows import Awaited, OutboxRow
from chassis.sweeps import Sweeps

# Of each end. Whoever committed delivers the oldest first; in a storm all of them would be read
# again and again, and those that are about to be delivered anyway would be delivered twice.
LIMIT = 100
MOST_AT_ONCE = 32  # of each consumer: as many as its few threads can deliver until the next turn
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

    def awaited(self, limit: int) -> list[Awaited]: ...
    def events(self, event_ids: Collection[str]) -> list[OutboxRow]: ...
    def receipt(self, event_ids: Sequence[str], consumer: str) -> None: ...


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
        told: Telling,
        tell: Callable[[int], None] = lambda _waiting: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`told` are this class's rows; `tell` is told in every turn how many deliveries wait."""
        self._receipts, self._start, self._lease, self._tell = receipts, start, lease, tell
        self._monotonic, self._told = monotonic, told
        self._sweeps = Sweeps(SWEEP_SECONDS, told.is_current, monotonic=monotonic)
        self._attempts: dict[tuple[str, str], Attempts] = {}
        self._next_look = 0.0

    def turn(self) -> float:
        """Start every delivery that is due."""
        if not self._lease.hold():
            self._attempts.clear()
            self._sweeps.soon()
            self._tell(0)
            return SWEEP_SECONDS
        if (early := self._next_look - self._monotonic()) > 0:
            return early  # nothing new can be due: whoever committed it delivers it first
        is_told = self._told.take() != []
        if not (is_told or self._attempts) and self._sweeps.left > 0:
            return self._sweeps.pause
        self._next_look = self._monotonic() + PAUSE_SECONDS
        self._sweeps.soon()  # until this look has come to its end
        found = self._receipts.awaited(LIMIT)
        waiting = {(each.event_id, consumer): each for each in found for consumer in each.awaiting}
        self._tell(len(waiting))
        self._sweeps.done(found_all=not waiting)
        self._attempts = {key: each for key, each in self._attempts.items() if key in waiting}
        expired = [key for key, each in waiting.items() if self._has_expired(each)]
        for event_id, consumer in expired:
            self._receipts.receipt([event_id], consumer)
            delivered.labels(EXPIRED).inc()
        # From the other end than whoever committed them, so that the two meet in the middle.
        due = [key for key in reversed(waiting) if key not in expired and self._is_due(key)]
        self._repeat(_first_of_each(due))
        return PAUSE_SECONDS if waiting else SWEEP_SECONDS

    def failed(self, _error: HavenError) -> None:
        """The store is away; another replica may reach it."""
        self._lease.release()

    def close(self) -> None:
        """Let another relay take over at once."""
        self._lease.release()

    def _repeat(self, due: Sequence[tuple[str, str]]) -> None:
        if not due:
            return
        rows = {row.event_id: row for row in self._receipts.events({key[0] for key in due})}
        for event_id, consumer in due:
            attempts = self._attempts[event_id, consumer]
            attempts.next = self._monotonic() + attempts.backoff.next()
            if event_id in rows:
                self._start(rows[event_id], consumer)

    def _has_expired(self, awaited: Awaited) -> bool:
        time = awaited.expire_time
        return time is not None and time <= self._receipts.clock.now()

    def _is_due(self, key: tuple[str, str]) -> bool:
        now = self._monotonic()
        attempts = self._attempts.setdefault(key, Attempts(now + FIRST_SECONDS))
        return now >= attempts.next


def _first_of_each(due: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What one consumer cannot take keeps no other from what it needs."""
    taken: Counter[str] = Counter()
    first = []
    for event_id, consumer in due:
        taken[consumer] += 1
        if taken[consumer] <= MOST_AT_ONCE:
            first.append((event_id, consumer))
    return first
