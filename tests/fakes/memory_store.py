"""The store without a server, for unit tests of handlers.

tests/integration/store_suite.py holds it to the same behavior as MongoDB.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import bson
from bson.codec_options import CodecOptions
from google.protobuf.message import Message

from chassis.clock import Clock
from chassis.deadline import Deadline
from chassis.errors import AlreadyExists
from chassis.store import Document, Index, OutboxRow, Store
from chassis.store.engine import ANY_ORDER, Due, Filter, Query, Rows, Timetable
from chassis.store.outbox_rows import OUTBOX, row_from
from chassis.store.store import AfterCommit
from tests.fakes.memory_query import ABSENT, apply, equalities, matches, values_at

T = TypeVar("T")
M = TypeVar("M", bound=Message)
Tables = dict[str, dict[str, Document]]
CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)


class MemoryRows:
    """`Rows` over dictionaries."""

    def __init__(self, tables: Tables, indexes: Sequence[Index]) -> None:
        self._tables = tables
        self._indexes = indexes

    def find(self, collection: str, filter: Filter, query: Query = ANY_ORDER) -> list[Document]:
        """The rows that match."""
        found = [row for row in self._rows(collection).values() if matches(row, filter)]
        for field, direction in reversed(query.sort):
            found.sort(key=partial(_order, field=field), reverse=direction < 0)
        found = found[: query.limit] if query.limit else found
        return [copy.deepcopy(_only(row, query.fields)) for row in found]

    def count(self, collection: str, filter: Filter) -> int:
        """How many rows match."""
        return len(self.find(collection, filter))

    def insert(self, collection: str, documents: Sequence[Document]) -> None:
        """Add rows; AlreadyExists("UNIQUE_INDEX") where a unique index refuses one."""
        for document in documents:
            if document["_id"] in self._rows(collection):
                raise _exists("_id_")
            self._put(collection, document)

    def replace(self, collection: str, filter: Filter, document: Document) -> int:
        """Put the document in the place of the one that matches; how many did."""
        for row in self._first(collection, filter):
            self._put(collection, {**document, "_id": row["_id"]})
            return 1
        return 0

    def replace_many(self, collection: str, pairs: Sequence[tuple[Filter, Document]]) -> int:
        """The same for several, in one stroke; how many of them matched."""
        return sum(self.replace(collection, *pair) for pair in pairs)

    def update(
        self, collection: str, filter: Filter, change: Filter, *, upsert: bool = False
    ) -> int:
        """Apply update operators to the first match; how many matched or were made."""
        for row in self._first(collection, filter):
            self._change(collection, row, change)
            return 1
        if not upsert:
            return 0
        made = copy.deepcopy(equalities(filter))
        apply(made, copy.deepcopy(dict(change)), inserted=True)
        self.insert(collection, [made])
        return 1

    def update_many(
        self, collection: str, filter: Filter, change: Filter, *, comment: str = ""
    ) -> int:
        """Apply update operators to every match; how many matched."""
        del comment  # a note for a database's own log
        found = [row for row in self._rows(collection).values() if matches(row, filter)]
        for row in found:
            self._change(collection, row, change)
        return len(found)

    def put_newer(self, collection: str, document: Document) -> int:
        """Put the document where its `_id` is new or its `aggregate_version` the higher one."""
        place = {name: document[name] for name in ("_id", "tenant_id")}
        known = next(iter(self._first(collection, place)), None)
        if known is None:
            self.insert(collection, [document])
            return 1
        if known["aggregate_version"] >= document["aggregate_version"]:
            return 0
        kept = {"version": known["version"] + 1, "create_time": known["create_time"]}
        self._put(collection, {**document, **kept})
        return 1

    def number(self, collection: str, filter: Filter, ids: Sequence[str], first: Document) -> None:
        """Set the fields of `first` on each of the ids that matches, counting up its integers."""
        for place, id in enumerate(ids):
            fields = {
                name: value if isinstance(value, bool) else value + place
                for name, value in first.items()
            }
            self.update(collection, {**filter, "_id": id}, {"$set": fields})

    def delete(self, collection: str, filter: Filter) -> int:
        """Remove the first match; how many matched."""
        for row in self._first(collection, filter):
            del self._rows(collection)[row["_id"]]
            return 1
        return 0

    def _rows(self, collection: str) -> dict[str, Document]:
        return self._tables.setdefault(collection, {})

    def _first(self, collection: str, filter: Filter) -> list[Document]:
        return [row for row in self._rows(collection).values() if matches(row, filter)][:1]

    def _change(self, collection: str, row: Document, change: Filter) -> None:
        changed = copy.deepcopy(row)
        apply(changed, copy.deepcopy(dict(change)), inserted=False)
        self._put(collection, changed)

    def _put(self, collection: str, document: Document) -> None:
        stored = _as_stored(document)
        for index in self._indexes:
            if index.unique and index.collection == collection and _covers(index, stored):
                self._refuse_twin(index, stored)
        self._rows(collection)[stored["_id"]] = stored

    def _refuse_twin(self, index: Index, document: Document) -> None:
        for other in self._rows(index.collection).values():
            if other["_id"] == document["_id"] or not _covers(index, other):
                continue
            if all(_order(other, field) == _order(document, field) for field, _ in index.keys):
                raise _exists(index.name)


class MemoryEngine:
    """One transaction at a time; a failed one leaves nothing."""

    def __init__(self, clock: Clock) -> None:
        self.tables: Tables = {}
        self.indexes: list[Index] = []
        self._clock = clock
        self._lock = threading.RLock()

    def transact(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` on a copy that takes the place of the rows when it succeeds."""
        deadline.check()
        with self._lock:
            tables = {name: dict(rows) for name, rows in self.tables.items()}
            result = body(MemoryRows(tables, self.indexes))
            self.tables = tables
            return result

    def look(self, deadline: Deadline, body: Callable[[Rows], T]) -> T:
        """Run `body` on the rows."""
        deadline.check()
        with self._lock:
            return body(MemoryRows(self.tables, self.indexes))

    def timetable(
        self, collection: str, field: str, limit: int, *, rank_field: str = ""
    ) -> Timetable:
        """Rows whose time in `field` has come, and the earliest that has not."""
        now, rows = self._clock.now(), self._timed(collection, field)[: limit + 1]
        due = [
            Due(row["tenant_id"], row["_id"], row[field], str(row.get(rank_field, "")))
            for row in rows
            if row[field] <= now
        ]
        upcoming = next((row[field] for row in rows if row[field] > now), None)
        return Timetable(due[:limit], upcoming)

    def ensure_indexes(self, indexes: Sequence[Index]) -> None:
        """Enforce the unique ones from now on."""
        self.indexes += [index for index in indexes if index not in self.indexes]

    def missing_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Names of those that were not ensured."""
        return [index.name for index in indexes if index not in self.indexes]

    def _timed(self, collection: str, field: str) -> list[Document]:
        rows = self.tables.get(collection, {}).values()
        timed = [row for row in rows if isinstance(row.get(field), datetime)]
        return sorted(timed, key=lambda row: row[field])


class MemoryStore(Store):
    """A Store whose rows a test can look at; announcements happen on the caller's thread."""

    engine: MemoryEngine

    def __init__(
        self,
        *,
        service: str,
        clock: Clock,
        indexes: Sequence[Index] = (),
        after_commit: AfterCommit | None = None,
    ) -> None:
        engine = MemoryEngine(clock)
        engine.ensure_indexes(indexes)
        self._open(engine, service=service, clock=clock, after_commit=after_commit)
        self._announcer = None

    def documents(self, collection: str) -> list[Document]:
        """Everything in a collection, of every tenant."""
        return list(copy.deepcopy(self.engine.tables.get(collection, {})).values())

    def outbox(self) -> list[OutboxRow]:
        """Every event committed, in order."""
        return [row_from(document) for document in self.documents(OUTBOX)]

    def emitted(self, message: type[M]) -> list[M]:
        """The committed events of one type, in order."""
        wanted = message.DESCRIPTOR.full_name
        return [message.FromString(row.body) for row in self.outbox() if row.type == wanted]

    def _announce(self, events: Sequence[OutboxRow]) -> None:
        if self.after_commit is not None and events:
            self.after_commit(events)


def _as_stored(document: Document) -> Document:
    """What MongoDB gives back: milliseconds, lists for tuples, and no types that it cannot hold."""
    return dict(bson.decode(bson.encode(document), CODEC))


def _covers(index: Index, document: Document) -> bool:
    return index.partial is None or matches(document, index.partial)


def _order(document: Document, field: str) -> tuple[int, Any]:
    """Missing and null come first, as in MongoDB."""
    values = values_at(document, field)
    value = values[0] if values else None
    if value is None:
        return (0, "")
    if isinstance(value, datetime):
        return (3, value.astimezone(UTC))
    return (2 if isinstance(value, str) else 1, value)


def _only(row: Document, fields: Sequence[str]) -> Document:
    if not fields:
        return row
    kept = {field: row.get(field, ABSENT) for field in ("_id", *fields)}
    return {field: value for field, value in kept.items() if value is not ABSENT}


def _exists(index: str) -> AlreadyExists:
    return AlreadyExists("UNIQUE_INDEX", "exists already", metadata={"index": index})
