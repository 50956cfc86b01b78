"""A collection's documents as they are committed: in the order of the commits, each once, and each
with its place, which is the same for every process that follows.

A place is the cluster's time of the commit and the number within it, so whoever knows a place can
go on after it anywhere. A stream that breaks is opened again where it was; only if the database no
longer knows what came after does the feed begin anew, and says so.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bson.timestamp import Timestamp
from pymongo.change_stream import ChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from chassis.log import failure, get_logger
from chassis.store.engine import CROSS_TENANT, Document
from chassis.store.store import Store
from chassis.store.watch import FIRST_PAUSE, LONGEST_PAUSE, WRITES

AWAIT_MILLIS = 1_000
# What the database answers where it has forgotten: ChangeStreamFatalError, ChangeStreamHistoryLost.
FORGOTTEN = frozenset({280, 286})
TIMESTAMP_TOKEN = "82"  # noqa: S105  # a resume token that begins with a time

log = get_logger(__name__)


class Place(NamedTuple):
    """Where something stands in the order of all commits; compares as they were committed."""

    seconds: int
    increment: int
    number: int  # within one commit; -1 stands before all of it


@dataclass(frozen=True, slots=True)
class Change:
    """One document as one commit left it."""

    place: Place
    document: Document


class Follower(Protocol):
    """Who hears of it, on the feed's own thread; what it raises ends the feed."""

    def begun(self, place: Place) -> None:
        """Everything from this place on will be told. Again later: what lay between is lost."""
        ...

    def take(self, change: Change) -> None:
        """The next change."""
        ...

    def reached(self, place: Place) -> None:
        """Everything before this place has been told."""
        ...


class Feed:
    """One change stream on a thread of its own."""

    def __init__(
        self, store: Store, collection: str, follower: Follower, *, lookback_seconds: int
    ) -> None:
        self._database = store.database
        self._collection = collection
        self._follower = follower
        self._lookback = lookback_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        # Where to open next: behind what was told, or where it began; nowhere before it first did.
        self._token: Any = None
        self._begin: Timestamp | None = None
        self._last = Place(0, 0, -1)
        self._looked = -float("inf")

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End, within about the time of one answer."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def age(self) -> float:
        """Seconds since the database last said what there is; infinite before it first did."""
        return time.monotonic() - self._looked

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with self._opened() as stream:
                    pause = FIRST_PAUSE
                    self._follow(stream)
            except PyMongoError as error:
                log.warning("feed.stream-lost", **failure(error))
                if isinstance(error, OperationFailure) and error.code in FORGOTTEN:
                    self._forget()
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _opened(self) -> ChangeStream[Document]:
        if self._token is not None:
            return self._watch(resume_after=self._token)
        if self._begin is not None:
            return self._watch(start_at_operation_time=self._begin)
        now: Timestamp = self._database.command("ping")["operationTime"]
        begin = Timestamp(now.time - self._lookback, 0) if self._lookback else now
        stream = self._watch(start_at_operation_time=begin)
        self._begin, self._last = begin, Place(begin.time, begin.inc, -1)
        self._follower.begun(self._last)
        return stream

    def _watch(self, **where: Any) -> ChangeStream[Document]:
        wanted = {"ns.coll": self._collection, "operationType": {"$in": list(WRITES)}}
        fields = {"clusterTime": 1, "fullDocument": 1}
        return self._database.watch(
            [{"$match": wanted}, {"$project": fields}],
            full_document="updateLookup",
            max_await_time_ms=AWAIT_MILLIS,
            comment=f"{CROSS_TENANT}feed",
            **where,
        )

    def _follow(self, stream: ChangeStream[Document]) -> None:
        while not self._stopping.is_set() and stream.alive:
            change = stream.try_next()
            self._looked = time.monotonic()
            if change is not None:
                self._hand_on(change)
                self._token = stream.resume_token
            elif (place := place_of(stream.resume_token)) is not None and place > self._last:
                self._last, self._token = place, stream.resume_token
                self._follower.reached(place)
        if not stream.alive:  # the collection's database is gone: whatever comes next is new
            self._forget()
            self._stopping.wait(LONGEST_PAUSE)

    def _forget(self) -> None:
        """What followed is lost: the next opening is a new beginning, at that moment."""
        self._token, self._begin, self._lookback = None, None, 0

    def _hand_on(self, change: Document) -> None:
        instant = change["clusterTime"]
        is_same = (instant.time, instant.inc) == self._last[:2]
        number = self._last.number + 1 if is_same else 0
        self._last = Place(instant.time, instant.inc, number)
        if change.get("fullDocument") is not None:
            self._follower.take(Change(self._last, change["fullDocument"]))


def place_of(token: Any) -> Place | None:
    """How far a stream has come that had nothing to tell, as its resume token says; else None.

    Nothing rests on it but that a quiet stream's place stays young: the database does not promise
    the form of its tokens, and one that looks different says nothing.
    """
    data = token.get("_data", "") if isinstance(token, dict) else ""
    if not isinstance(data, str) or not data.startswith(TIMESTAMP_TOKEN) or len(data) < 18:
        return None
    try:
        return Place(int(data[2:10], 16), int(data[10:18], 16), -1)
    except ValueError:
        return None
