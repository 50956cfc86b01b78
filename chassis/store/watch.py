"""Wake-ups by change stream: a hint that somebody should look, with what they need to see of it.

A hint may come without reason, or be lost with the stream; whoever waits for one sweeps as well.
Every open stream costs the database a look at every write, so a process opens one for all.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from pymongo.change_stream import ChangeStream
from pymongo.errors import PyMongoError

from chassis.log import failure, get_logger
from chassis.store.engine import CROSS_TENANT, Document
from chassis.store.store import Store

AWAIT_MILLIS = 500
# A stream that waits answers after AWAIT_MILLIS at the latest, and what it says holds from before.
CURRENT_SECONDS = 1.5
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 1.0
# So many changes a second are a storm; then every other REST_SECONDS pass without a look.
STORM, WINDOW_SECONDS, REST_SECONDS = 60, 0.2, 0.02
INSERTS = ("insert",)
WRITES = ("insert", "update", "replace")

Wake = Callable[[Document], None]
Only = Mapping[str, Collection[str]]  # a field of what is inserted, and the values that count
ANY: Only = MappingProxyType({})

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know of a collection."""

    collection: str
    operations: Sequence[str]
    fields: Sequence[str]
    only: Only
    wake: Wake

    @property
    def match(self) -> Document:
        """For the database: what nobody asked for costs nobody a look."""
        values = {f"fullDocument.{field}": {"$in": [*of]} for field, of in self.only.items()}
        return {"ns.coll": self.collection, "operationType": {"$in": [*self.operations]}, **values}

    def is_for(self, change: Document) -> bool:
        """True where they, and not only others, want to know of it."""
        if change["ns"]["coll"] != self.collection:
            return False
        row = change.get("fullDocument", {})
        is_one = all(row.get(field) in values for field, values in self.only.items())
        return is_one and change["operationType"] in self.operations


class Pace:
    """In a storm one answer brings what many would: the database wakes a stream for every commit,
    and each wake costs both sides as much as a statement."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since, self._changes, self._is_storm = monotonic(), 0, False
        self._rested = self._since

    def is_time_to_rest(self) -> bool:
        """To be asked after each change."""
        self._changes += 1
        now = self._monotonic()
        if now - self._since >= WINDOW_SECONDS:
            self._is_storm = self._changes >= STORM * (now - self._since)
            self._since, self._changes = now, 0
        if not self._is_storm or now - self._rested < 2 * REST_SECONDS:
            return False
        self._rested = now
        return True


class Watch:
    """One change stream on a thread of its own, for all who listen."""

    def __init__(self, store: Store, *, await_millis: int = AWAIT_MILLIS) -> None:
        """`await_millis` is how long the database holds an answer in which there is nothing; so
        long may `stop` take."""
        self._await_millis = await_millis
        self._database = store.database
        self._clock = store.clock
        self._listeners: list[Listener] = []
        self._told_until = -math.inf  # by this process's monotonic clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def listen(
        self,
        collection: str,
        wake: Wake,
        *,
        operations: Sequence[str] = WRITES,
        fields: Sequence[str] = (),
        only: Only = ANY,
    ) -> None:
        """Call `wake` with those fields of what is written, from the watch's thread; before start.

        With an empty document where anything may have been written unseen. `only` is for those who
        ask for inserts alone: an update does not bring the fields.
        """
        self._listeners.append(Listener(collection, operations, [*fields, *only], only, wake))

    def start(self) -> None:
        """Begin to follow, if anybody listens."""
        if self._listeners:
            self._thread.start()

    def stop(self) -> None:
        """End, within about a second."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def is_alive(self) -> bool:
        """False once the thread has ended that should follow."""
        return not self._listeners or self._thread.is_alive()

    def is_current(self) -> bool:
        """True where all that was committed until CURRENT_SECONDS ago has been told."""
        return time.monotonic() - self._told_until < CURRENT_SECONDS

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with self._opened() as stream:
                    self._wake_all()
                    pause = FIRST_PAUSE
                    self._follow(stream)
            except PyMongoError as error:
                self._told_until = -math.inf
                log.warning("watch.stream-lost", **failure(error))
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:  # one listener's mistake must not leave all without a watch
                self._told_until = -math.inf
                log.exception("watch.listener-failed")
                self._stopping.wait(pause)

    def _opened(self) -> ChangeStream[Document]:
        wanted = [each.match for each in self._listeners]
        fields = {f"fullDocument.{field}": 1 for each in self._listeners for field in each.fields}
        asked = {"ns": 1, "operationType": 1, "wallTime": 1, **fields}
        return self._database.watch(
            [{"$match": {"$or": wanted}}, {"$project": asked}],
            max_await_time_ms=self._await_millis,
            comment=f"{CROSS_TENANT}watch",
        )

    def _follow(self, stream: ChangeStream[Document]) -> None:
        pace = Pace()
        while not self._stopping.is_set():
            asked = time.monotonic()
            if (change := stream.try_next()) is None:
                self._told_until = asked
                continue
            self._wake(change)
            self._note_lag(change)
            if pace.is_time_to_rest():
                self._stopping.wait(REST_SECONDS)

    def _note_lag(self, change: Document) -> None:
        """Changes come in the order of their commits, so all before this one has been told."""
        if isinstance(committed := change.get("wallTime"), datetime):
            lag = (self._clock.now() - committed).total_seconds()
            self._told_until = max(self._told_until, time.monotonic() - max(0.0, lag))

    def _wake(self, change: Document) -> None:
        for each in self._listeners:
            if each.is_for(change):
                each.wake(change.get("fullDocument", {}))

    def _wake_all(self) -> None:
        for each in self._listeners:
            each.wake({})
