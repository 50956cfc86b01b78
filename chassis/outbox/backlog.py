"""What one class has left to publish: told by the watch as it is committed, and swept for the rest.

A row that was told needs no question to the store. Sweeps find what no telling reached, and are all
that counts after a gap, a failed turn, or a time without the lease. What steps aside is swept for
until it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from chassis.outbox.wake import Telling
from chassis.store.outbox_rows import OutboxRow
from chassis.sweeps import Sweeps, unknown
from chassis.topology import MessageClass

BATCH, BULK_BATCH = 500, 100
# For what the watch did not tell of, and how often a relay without the lease asks for it.
CRISIS_SWEEP, SWEEP = 0.25, 2.0
REMEMBERED = 2000  # marked rows, of which a watch that lags behind may still tell


class Outbox(Protocol):
    """What is needed of the store."""

    def pending(
        self, message_class: MessageClass, limit: int, *, without: Collection[str] = ()
    ) -> list[OutboxRow]: ...

    def mark_published(self, event_ids: Sequence[str], *, at_once: bool = False) -> int: ...


class Backlog:
    """One class of one service's outbox."""

    def __init__(
        self,
        message_class: MessageClass,
        outbox: Outbox,
        told: Telling,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.message_class = message_class
        self._is_bulk = message_class is MessageClass.BULK
        self.batch = BULK_BATCH if self._is_bulk else BATCH
        self._outbox, self._told = outbox, told
        # Of bulk nobody tells.
        self._sweeps = Sweeps(
            CRISIS_SWEEP if message_class is MessageClass.CRISIS else SWEEP,
            unknown if self._is_bulk else told.is_current,
            monotonic=monotonic,
        )
        self._marked: dict[str, None] = {}  # the last ones, oldest first

    @property
    def pause(self) -> float:
        """Seconds until it is time to look, at most a sweep; that where it is time already."""
        return self._sweeps.pause

    def look(self, *, without: Collection[str]) -> Sequence[OutboxRow]:
        """Rows of other types than these that may wait, up to a batch, first committed first."""
        told = self._told.take()
        if told is not None and self._sweeps.left > 0:
            return [row for row in told if row.type not in without and self._is_new(row)]
        rows = self._outbox.pending(self.message_class, self.batch, without=without)
        self._sweeps.done(found_all=not without)
        if len(rows) == self.batch:
            self._sweeps.soon()
        return rows

    def look_anew(self) -> None:
        """Ask the store next time, whatever is told until then."""
        self._sweeps.soon()

    def mark(self, event_ids: Sequence[str]) -> None:
        """The broker has confirmed these."""
        # Many rows one by one would wake every watch of the cluster so many times. What a dead
        # relay's transaction keeps locked for a moment may wait, of this class alone.
        self._outbox.mark_published(event_ids, at_once=self._is_bulk)
        self._marked |= dict.fromkeys(event_ids)
        for oldest in list(self._marked)[:-REMEMBERED]:
            del self._marked[oldest]

    def _is_new(self, row: OutboxRow) -> bool:
        return row.event_id not in self._marked
