"""Wake-ups by change stream: a hint that somebody should look, never the data itself.

A hint may come without reason, or be lost with the stream; whoever waits for one sweeps as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from pymongo.change_stream import ChangeStream
from pymongo.errors import PyMongoError

from chassis.log import failure, get_logger
from chassis.store.engine import CROSS_TENANT, Document
from chassis.store.store import Store

AWAIT_MILLIS = 500
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 1.0
WRITES = ["insert", "update", "replace"]

log = get_logger(__name__)


class Watch:
    """One change stream on a thread of its own; calls `wake` of a collection that was written."""

    def __init__(self, store: Store, wakes: Mapping[str, Callable[[], None]]) -> None:
        self._database = store.database
        self._wakes = wakes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, within about a second."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with self._opened() as stream:
                    self._wake_all()  # something may have been written unseen
                    pause = FIRST_PAUSE
                    self._follow(stream)
            except PyMongoError as error:
                log.warning("watch.stream-lost", **failure(error))
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _opened(self) -> ChangeStream[Document]:
        written = {"ns.coll": {"$in": list(self._wakes)}, "operationType": {"$in": WRITES}}
        return self._database.watch(
            [{"$match": written}, {"$project": {"ns": 1}}],
            max_await_time_ms=AWAIT_MILLIS,
            comment=f"{CROSS_TENANT}watch",
        )

    def _follow(self, stream: ChangeStream[Document]) -> None:
        while not self._stopping.is_set():
            if (change := stream.try_next()) is not None:
                self._wakes[change["ns"]["coll"]]()

    def _wake_all(self) -> None:
        for wake in self._wakes.values():
            wake()
