"""Numbered logs: a head that counts, and one document per event.

The head is raised in the same transaction, so two writers of one log exclude each other: numbers
have no gaps and become visible in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from chassis.ids import derived_id
from chassis.store import Document, Reader, Tx

E = TypeVar("E")


class LogStore(Generic[E]):
    """One kind of log; see ports.Log."""

    def __init__(
        self,
        heads: str,
        events: str,
        *,
        to_document: Callable[[E], Document],
        from_document: Callable[[Document], E],
    ) -> None:
        self._heads, self._events = heads, events
        self._to_document, self._from_document = to_document, from_document

    def append(self, tx: Tx, key: str, event: E) -> int:
        """Write the event under the next number."""
        head = {"_id": self._head_id(tx, key)}
        raised = {"$inc": {"last_number": 1}, "$setOnInsert": {"log_key": key}}
        tx.update_one(self._heads, head, raised, upsert=True)
        number = int(tx.get(self._heads, head["_id"])["last_number"])
        place = {"_id": f"{head['_id']}.{number}", "log_key": key, "number": number}
        tx.insert(self._events, {**self._to_document(event), **place})
        return number

    def after(self, reader: Reader, key: str, number: int, limit: int) -> list[E]:
        """The events that follow a number, in order."""
        following = {"log_key": key, "number": {"$gt": number}}
        found = reader.find(self._events, following, sort=[("number", 1)], limit=limit)
        return [self._from_document(each) for each in found]

    def head(self, reader: Reader, key: str) -> int:
        """The newest number; 0 for an empty log."""
        found = reader.find_one(self._heads, {"_id": self._head_id(reader, key)})
        return 0 if found is None else int(found["last_number"])

    def heads(self, reader: Reader, keys: Collection[str]) -> dict[str, int]:
        """The newest numbers of those that have events."""
        ids = [self._head_id(reader, key) for key in keys]
        found = reader.find(self._heads, {"_id": {"$in": ids}}, fields=("log_key", "last_number"))
        return {each["log_key"]: int(each["last_number"]) for each in found}

    def _head_id(self, reader: Reader, key: str) -> str:
        return derived_id(self._heads, reader.call.tenant_id, key)
