"""Who must look at the outbox now: one change stream, fanned out by message class.

A wake-up is a hint. It may come without reason or be lost with the stream; sweeps find what it
misses.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from chassis.broker import Backoff
from chassis.log import failure, get_logger
from chassis.store import CROSS_TENANT
from chassis.topology import MessageClass

AWAIT_MILLIS = 500
PIPELINE: list[Mapping[str, Any]] = [
    {"$match": {"operationType": "insert"}},
    {"$project": {"fullDocument.message_class": 1}},  # bodies stay where they are
]
COMMENT = f"{CROSS_TENANT}relay"

log = get_logger(__name__)


class Wakes:
    """Events to wait on, by class."""

    def __init__(self) -> None:
        self._listening: defaultdict[MessageClass, list[threading.Event]] = defaultdict(list)

    def listen(self, message_class: MessageClass) -> threading.Event:
        """An event of the listener's own, set when something of the class was committed."""
        wake = threading.Event()
        self._listening[message_class].append(wake)
        return wake

    def wake(self, message_class: MessageClass) -> None:
        """Something of this class was committed."""
        for each in self._listening[message_class]:
            each.set()

    def wake_all(self) -> None:
        """Something may have been committed unseen."""
        for message_class in MessageClass:
            self.wake(message_class)


def watch(outbox: Collection[dict[str, Any]], wakes: Wakes, stopping: Callable[[], bool]) -> None:
    """Follow the outbox until `stopping`; after any failure open a new stream and wake everyone."""
    backoff = Backoff()
    pause = threading.Event()
    while not stopping():
        try:
            with outbox.watch(PIPELINE, max_await_time_ms=AWAIT_MILLIS, comment=COMMENT) as stream:
                wakes.wake_all()
                backoff.reset()
                while not stopping():
                    if (change := stream.try_next()) is not None:
                        wakes.wake(MessageClass(change["fullDocument"]["message_class"]))
        except PyMongoError as error:
            log.warning("relay.stream-lost", **failure(error))
            pause.wait(backoff.next())
