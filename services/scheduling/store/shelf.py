"""A collection of aggregates that know when they were stored, and can be listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from chassis.store import Aggregate, Document, Filter, Page, Reader, Repository, Store, Tx
from services.scheduling.codec.events import message_of
from services.scheduling.domain.commands import PageOf


class Timed(Aggregate, Protocol):
    """An aggregate that says when it came to be and when it last changed."""

    create_time: datetime | None
    update_time: datetime | None


A = TypeVar("A", bound=Timed)


class Shelf(Repository[A]):
    """One collection, without further questions."""

    def __init__(
        self,
        store: Store,
        collection: str,
        to_document: Callable[[A], Document],
        from_document: Callable[[Document], A],
    ) -> None:
        super().__init__(
            store,
            collection,
            to_document=to_document,
            from_document=from_document,
            to_messages=message_of,
        )
        self._name, self._from = collection, from_document

    def listed(
        self, reader: Reader, filter: Filter, page: PageOf, *, order_by: str = "create_time"
    ) -> Page[A]:
        """One page; each patient on it has an audit row."""
        found = reader.page(
            self._name,
            filter,
            page_size=page.size,
            page_token=page.token,
            order_by=order_by,
        )
        return Page([self._shown(reader, each) for each in found.items], found.next_page_token)

    def _shown(self, reader: Reader, document: Document) -> A:
        aggregate = self._from(document)
        reader.touch(aggregate.patient_id, aggregate.id)
        return aggregate

    def insert(self, tx: Tx, aggregate: A) -> A:
        """Keep a new one and publish its events."""
        kept = super().insert(tx, aggregate)
        kept.create_time = kept.update_time = tx.now
        return kept

    def save(self, tx: Tx, aggregate: A) -> A:
        """Keep a changed one and publish its events; Aborted where it moved on meanwhile."""
        kept = super().save(tx, aggregate)
        kept.update_time = tx.now
        return kept

    def keep(self, tx: Tx, aggregate: A) -> A:
        """Keep a new or a changed one."""
        return self.save(tx, aggregate) if aggregate.version else self.insert(tx, aggregate)
