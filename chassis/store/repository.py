"""One aggregate per document: load, act, save."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from google.protobuf.message import Message

from chassis.call import Call
from chassis.errors import Aborted
from chassis.store.engine import Document, Filter
from chassis.store.paging import Page
from chassis.store.reader import Reader
from chassis.store.store import Store
from chassis.store.transaction import Tx


class Aggregate(Protocol):
    """What the store must know of a domain object."""

    version: int  # 0 until it is stored; the repository keeps it

    @property
    def id(self) -> str:
        """Its key for ever."""
        ...

    @property
    def patient_id(self) -> str:
        """Whose record it is; "" where it belongs to no one patient."""
        ...

    @property
    def events(self) -> list[Any]:
        """What happened to it since it was loaded; the repository empties it."""
        ...


A = TypeVar("A", bound=Aggregate)


def etag_of(aggregate: Aggregate) -> str:
    """Changes with every version; says nothing else."""
    return hashlib.sha256(f"{aggregate.id}\x1f{aggregate.version}".encode()).hexdigest()[:16]


class Repository(Generic[A]):
    """The aggregates of one collection."""

    def __init__(
        self,
        store: Store,
        collection: str,
        *,
        to_document: Callable[[A], Document],
        from_document: Callable[[Document], A],
        to_messages: Callable[[Any], Message | None],
    ) -> None:
        self._store = store
        self._collection = collection
        self._to_document = to_document
        self._from_document = from_document
        self._to_message = to_messages

    def add(self, call: Call, aggregate: A) -> A:
        """Store a new aggregate and publish its events."""
        return self._store.transact(call, lambda tx: self.insert(tx, aggregate))

    def update(
        self, call: Call, id: str, act: Callable[[A, datetime], None], *, etag: str = ""
    ) -> A:
        """Load, act, save; Aborted("ETAG_STALE") where the caller saw another version."""

        def change(tx: Tx) -> A:
            aggregate = self.load(tx, id)
            if etag and etag != etag_of(aggregate):
                raise Aborted("ETAG_STALE", "changed since it was read; read it again")
            act(aggregate, tx.now)
            return self.save(tx, aggregate)

        return self._store.transact(call, change)

    def get(self, call: Call, id: str) -> A:
        """The aggregate; reading it is in the audit trail."""
        return self._store.read(call, lambda reader: self.load(reader, id))

    def page(
        self,
        call: Call,
        filter: Filter,
        *,
        page_size: int = 0,
        page_token: str = "",
        order_by: str = "create_time",
    ) -> Page[A]:
        """A page of aggregates; each patient on it has an audit row."""

        def look(reader: Reader) -> Page[A]:
            page = reader.page(
                self._collection,
                filter,
                page_size=page_size,
                page_token=page_token,
                order_by=order_by,
            )
            items = [self._met(reader, document) for document in page.items]
            return Page(items, page.next_page_token)

        return self._store.read(call, look)

    def load(self, reader: Reader, id: str) -> A:
        """The aggregate, inside a transaction or a read."""
        return self._met(reader, reader.get(self._collection, id))

    def find(self, reader: Reader, filter: Filter, *, limit: int | None = None) -> list[A]:
        """The aggregates that match, inside a transaction or a read."""
        found = reader.find(self._collection, filter, limit=limit)
        return [self._met(reader, document) for document in found]

    def insert(self, tx: Tx, aggregate: A) -> A:
        """Store a new aggregate inside a transaction."""
        return self.insert_many(tx, [aggregate])[0]

    def insert_many(self, tx: Tx, aggregates: Sequence[A]) -> list[A]:
        """Store new aggregates inside a transaction, in one stroke."""
        stored = tx.insert_many(self._collection, [self._document(each) for each in aggregates])
        return [self._kept(tx, *pair) for pair in zip(aggregates, stored, strict=True)]

    def save(self, tx: Tx, aggregate: A) -> A:
        """Store a changed aggregate inside a transaction; Aborted where it moved on meanwhile."""
        return self.save_many(tx, [aggregate])[0]

    def save_many(self, tx: Tx, aggregates: Sequence[A]) -> list[A]:
        """Store changed aggregates in one stroke; Aborted where one moved on meanwhile."""
        changed = [(self._document(each), each.version) for each in aggregates]
        stored = tx.replace_many(self._collection, changed)
        return [self._kept(tx, *pair) for pair in zip(aggregates, stored, strict=True)]

    def _document(self, aggregate: A) -> Document:
        return {**self._to_document(aggregate), "_id": str(aggregate.id)}

    def _kept(self, tx: Tx, aggregate: A, stored: Document) -> A:
        before, events = aggregate.version, list(aggregate.events)

        def undo() -> None:
            aggregate.version = before
            aggregate.events[:] = events

        tx.on_rollback(undo)
        aggregate.version = stored["version"]
        aggregate.events.clear()
        tx.touch(str(aggregate.patient_id), str(aggregate.id))
        for event in events:
            if (message := self._to_message(event)) is not None:
                tx.emit(
                    message,
                    aggregate_id=str(aggregate.id),
                    aggregate_version=aggregate.version,
                )
        return aggregate

    def _met(self, reader: Reader, document: Document) -> A:
        aggregate = self._from_document(document)
        aggregate.version = document["version"]
        reader.touch(str(aggregate.patient_id), str(aggregate.id))
        return aggregate
