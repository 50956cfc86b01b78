"""Receipts that are to be kept at the same time are kept in one stroke.

Nothing waits for company: the first goes at once, and what comes meanwhile goes together after it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence

from chassis.errors import HavenError, Unavailable

Keep = Callable[[Sequence[str], str], object]


class Batch:
    """Events of one consumer whose receipts go together."""

    def __init__(self) -> None:
        self.event_ids: list[str] = []
        self.is_over = False
        # Until they are kept, and where the attempt broke: the relay delivers again.
        self.error: HavenError | None = Unavailable("STORE_UNAVAILABLE", "receipts were not kept")


class Gathering:
    """Keeps receipts for threads that each have one."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._lock = threading.Lock()  # held for moments
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._open: dict[str, Batch] = {}

    def keep(self, event_id: str, consumer: str) -> None:
        """The consumer has the event. Returns when that is kept; raises why it could not be."""
        with self._lock:
            batch = self._open.setdefault(consumer, Batch())
            batch.event_ids.append(event_id)
            turn = self._turns[consumer]
        with turn:
            if not batch.is_over:
                self._write(batch, consumer)
        if batch.error is not None:
            raise batch.error

    def _write(self, batch: Batch, consumer: str) -> None:
        with self._lock:
            del self._open[consumer]
        try:
            self._keep(batch.event_ids, consumer)
            batch.error = None
        except HavenError as error:
            batch.error = error
        finally:
            batch.is_over = True
