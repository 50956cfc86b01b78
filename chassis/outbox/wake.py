"""Who must look at the outbox now: what the process's watch sees, fanned out by message class.

A wake-up is a hint. It may come without reason or be lost with the stream; sweeps find what it
misses.
"""

from __future__ import annotations

import threading
from collections import defaultdict

from chassis.store import Document
from chassis.store.outbox_rows import OUTBOX
from chassis.store.watch import INSERTS, Watch
from chassis.topology import MessageClass


class Wakes:
    """Events to wait on, by class."""

    def __init__(self) -> None:
        self._listening: defaultdict[MessageClass, list[threading.Event]] = defaultdict(list)

    def follow(self, watch: Watch) -> None:
        """Be told of every committed row; bodies stay where they are."""
        watch.listen(OUTBOX, self.committed, operations=INSERTS, fields=["message_class"])

    def listen(self, message_class: MessageClass) -> threading.Event:
        """An event of the listener's own, set when something of the class was committed."""
        wake = threading.Event()
        self._listening[message_class].append(wake)
        return wake

    def committed(self, row: Document) -> None:
        """This row was committed; an empty one says that any may have been."""
        classes = [MessageClass(row["message_class"])] if row else list(MessageClass)
        for message_class in classes:
            for each in self._listening[message_class]:
                each.set()
