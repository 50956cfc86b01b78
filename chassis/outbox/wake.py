"""What was committed to the outbox, told by the process's watch to those whose class it is.

A loop that is told the rows need not ask for them. Rows may be told twice or be lost with the
stream, and `Told.take` says when some may be missing; sweeps find what it cannot know of.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

from chassis.store import Document
from chassis.store.outbox_rows import FACTS, OUTBOX, OutboxRow, row_from
from chassis.store.watch import INSERTS, Watch
from chassis.sweeps import unknown
from chassis.topology import MessageClass

MOST_TOLD = 500  # a loop so far behind reads batches from the store instead
# Bulk is swept for: a hundred thousand rows of it would stand before a crisis in the one stream.
TOLD = frozenset(MessageClass) - {MessageClass.BULK}


class Telling(Protocol):
    """What somebody is told of one class."""

    def take(self) -> Sequence[OutboxRow] | None:
        """The rows committed since the last time, in that order; None where any may be missing."""
        ...

    def is_current(self) -> bool:
        """True where all that was committed up to a moment ago has been told."""
        ...


class Told:
    """What one listener has been told since it last asked."""

    def __init__(self, is_current: Callable[[], bool] = unknown) -> None:
        self.is_current = is_current
        self.event = threading.Event()  # set with every telling
        self._lock = threading.Lock()
        self._rows: list[OutboxRow] = []
        self._is_all = False

    def tell(self, row: OutboxRow | None) -> None:
        """This row was committed; None says that any may have been."""
        with self._lock:
            self._is_all &= row is not None and len(self._rows) < MOST_TOLD
            if row is None or not self._is_all:
                self._rows.clear()
            else:
                self._rows.append(row)
        self.event.set()

    def take(self) -> list[OutboxRow] | None:
        """The rows committed since the last time, in that order; None where any may be missing."""
        with self._lock:
            rows, is_all = self._rows, self._is_all
            self._rows, self._is_all = [], True
        return rows if is_all else None


class Wakes:
    """Listeners by message class."""

    def __init__(self) -> None:
        self._listening: defaultdict[MessageClass, list[Told]] = defaultdict(list)
        self._watch: Watch | None = None

    def follow(self, watch: Watch) -> None:
        """Be told of every committed row that is not bulk."""
        fields, only = ["_id", *sorted(FACTS)], {"message_class": sorted(TOLD)}
        watch.listen(OUTBOX, self.committed, operations=INSERTS, fields=fields, only=only)
        self._watch = watch

    def listen(self, message_class: MessageClass) -> Told:
        """What the listener alone is told of a class; of bulk nothing but an open watch."""
        told = Told(self.is_current)
        self._listening[message_class].append(told)
        return told

    def is_current(self) -> bool:
        """True where a watch is followed that has told all up to a moment ago."""
        return self._watch is not None and self._watch.is_current()

    def committed(self, document: Document) -> None:
        """This row was committed; an empty one says that any may have been."""
        row = row_from(document) if document else None
        for message_class in [row.message_class] if row else MessageClass:
            for each in self._listening[message_class]:
                each.tell(row)
