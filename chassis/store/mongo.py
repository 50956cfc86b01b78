"""MongoDB as the store's engine: transactions with bounded waits and bounded repeats.

A frozen server answers nothing and closes nothing; only our own clock tells. Every attempt is
therefore bounded by ATTEMPT_SECONDS, or by less when the caller has less time.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pymongo
from pymongo import IndexModel, MongoClient, ReadPreference
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.monitoring import CommandListener
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition
from chassis.store.engine import (
    CROSS_TENANT,
    Document,
    Due,
    EffectExists,
    Index,
    Rows,
    Timetable,
)
from chassis.store.faults import (
    is_conflict,
    is_lost_connection,
    is_unknown_commit,
    translated,
    translation,
)
from chassis.store.mongo_rows import Collections, MongoRows

ATTEMPT_SECONDS = 2.5  # a healthy transaction takes milliseconds; past this the server is frozen
ABORT_SECONDS = 0.5
LOST_CONNECTION_ATTEMPTS = 2
# A server that restarts closes at once. A connection that was given up after a long wait is one of
# a frozen server: to wait for it once more would only tell the caller later.
CLOSED_WITHIN = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.1
SHORTEST_ATTEMPT = 0.02  # with less time left, the conflict is the better answer
DURABLE = WriteConcern(w="majority", j=True)
INDEX_SECONDS = 600.0
ANYWHERE, SETTLING = "inbox", f"{CROSS_TENANT}settling"  # nothing is looked for there
T = TypeVar("T")


def connect(
    uri: str, *, app_name: str, pool_size: int, listeners: Sequence[CommandListener] = ()
) -> MongoClient[Document]:
    """A client whose every wait is bounded; `pool_size` is the size of the executor using it."""
    return MongoClient(
        uri,
        appname=app_name,
        maxPoolSize=pool_size,
        serverSelectionTimeoutMS=2_000,
        connectTimeoutMS=2_000,
        socketTimeoutMS=2_500,
        waitQueueTimeoutMS=2_000,
        heartbeatFrequencyMS=1_000,  # a server that is back is seen within a second
        w="majority",
        journal=True,
        tz_aware=True,
        retryWrites=True,
        retryReads=True,
        event_listeners=list(listeners),
    )


class MongoEngine:
    """One service's database on a replica set."""

    def __init__(self, client: MongoClient[Document], database: str) -> None:
        self.client = client
        self.database = client.get_database(
            database,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=DURABLE,
        )
        self._collections = Collections(self.database)

    def transact(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` in one transaction, again after a conflict; what it did is durable."""
        longest, lost = FIRST_PAUSE, 0
        while True:
            begin = time.monotonic()
            try:
                return self._attempt(deadline, body)
            except PyMongoError as error:
                is_closed = is_lost_connection(error) and time.monotonic() - begin < CLOSED_WITHIN
                lost += is_closed
                again = is_conflict(error) or (is_closed and lost < LOST_CONNECTION_ATTEMPTS)
                # Jitter: two that met once must not meet again in step.
                pause = random.uniform(0, longest)  # noqa: S311
                # A signal is not given back for being one of many while its caller has time.
                if not again or deadline.remaining() < pause + SHORTEST_ATTEMPT:
                    raise translated(error) from error
            time.sleep(pause)
            longest = min(LONGEST_PAUSE, 2 * longest)

    def look(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` on committed rows; single writes in it are durable when it returns."""
        with translation(), pymongo.timeout(_bound(deadline)):
            return body(MongoRows(self._collections, None))

    def timetable(
        self, collection: str, field: str, limit: int, *, rank_field: str = ""
    ) -> Timetable:
        """Rows whose time in `field` has come by the database's own clock, and the next one's."""
        is_due = {"$lte": [f"${field}", "$$NOW"]}
        asked = {
            "tenant_id": 1,
            field: 1,
            "is_due": is_due,
            **({rank_field: 1} if rank_field else {}),
        }
        with translation(), pymongo.timeout(ATTEMPT_SECONDS):
            found = self.database[collection].find(
                {field: {"$type": "date"}},
                asked,
                sort=[(field, 1)],
                limit=limit + 1,
                comment=f"{CROSS_TENANT}timer",
            )
            rows = list(found)
        due = [
            Due(row["tenant_id"], row["_id"], row[field], str(row.get(rank_field, "")))
            for row in rows
            if row["is_due"]
        ]
        upcoming = next((row[field] for row in rows if not row["is_due"]), None)
        return Timetable(due[:limit], upcoming)

    def ensure_indexes(self, indexes: Sequence[Index]) -> None:
        """Make what is missing; FailedPrecondition where one exists differently."""
        existing = self._existing(indexes)
        missing: defaultdict[str, list[IndexModel]] = defaultdict(list)
        for index in indexes:
            if (found := existing.get(index.name)) is None:
                missing[index.collection].append(_model(index))
            elif not _same(index, found):
                raise FailedPrecondition("INDEX_DIFFERS", f"{index.name} exists differently")
        for collection, models in missing.items():  # each is read once, whatever it lacks
            with translation(), pymongo.timeout(INDEX_SECONDS):
                self.database[collection].create_indexes(models)

    def missing_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Names of those that do not exist, or exist differently."""
        existing = self._existing(indexes)
        return [
            index.name
            for index in indexes
            if index.name not in existing or not _same(index, existing[index.name])
        ]

    def _existing(self, indexes: Sequence[Index]) -> dict[str, Document]:
        existing: dict[str, Document] = {}
        for collection in {index.collection for index in indexes}:
            with translation(), pymongo.timeout(ATTEMPT_SECONDS):
                existing |= self.database[collection].index_information()
        return existing

    def _attempt(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        deadline.check()
        with (
            self.client.start_session() as session,
            _aborted_in_time(session),
            pymongo.timeout(_bound(deadline)),
        ):
            session.start_transaction(ReadConcern("snapshot"), DURABLE)
            try:
                result = body(MongoRows(self._collections, session))
            except EffectExists:
                self._settle(session)
                raise
            _commit(session)
            return result

    def _settle(self, session: ClientSession) -> None:
        """Wait until what the transaction has seen can no longer be lost.

        It sees commits that are not on the disks of a majority yet. Whoever is told that they are
        there already forgets its request or its event, and a failover would take them back.
        """
        session.abort_transaction()
        # The session is causally consistent: this read waits for all that it has seen before.
        self.database[ANYWHERE].find_one({"_id": ""}, session=session, comment=SETTLING)


def _bound(deadline: Deadline) -> float:
    deadline.check()
    return max(0.001, min(ATTEMPT_SECONDS, deadline.remaining()))


@contextmanager
def _aborted_in_time(session: ClientSession) -> Iterator[None]:
    """An attempt that failed for lack of time still gets a moment to free what it locked."""
    try:
        yield
    finally:
        if session.in_transaction:
            with pymongo.timeout(ABORT_SECONDS):
                session.abort_transaction()


def _commit(session: ClientSession) -> None:
    """Commit; where the answer got lost, ask again until the attempt's time is over."""
    while True:
        try:
            session.commit_transaction()
        except PyMongoError as error:
            if not is_unknown_commit(error) or error.timeout:
                raise
            time.sleep(0.01)
        else:
            return


def _model(index: Index) -> IndexModel:
    return IndexModel(list(index.keys), name=index.name, **_options(index))


def _options(index: Index) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if index.unique:
        options["unique"] = True
    if index.partial is not None:
        options["partialFilterExpression"] = dict(index.partial)
    if index.expire_after is not None:
        options["expireAfterSeconds"] = index.expire_after
    return options


def _same(index: Index, found: Document) -> bool:
    wanted = {"key": [tuple(key) for key in index.keys], **_options(index)}
    given = {name: found[name] for name in found if name not in {"v", "ns", "key"}}
    for name in ("partialFilterExpression",):
        if name in given:
            given[name] = dict(given[name])
    return {**given, "key": [tuple(key) for key in found["key"]]} == wanted
