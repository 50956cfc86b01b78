"""Numbered logs: a head that counts, and one document per event.

The head is raised in the same transaction, so two writers of one log exclude each other: numbers
have no gaps and become visible in their order. It is written whole, so that whoever follows the
changes of heads sees which log has grown, and how far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
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
        return self.append_all(tx, {key: [event]})[key]

    def append_all(self, tx: Tx, events: Mapping[str, Sequence[E]]) -> dict[str, int]:
        """Write the events of each log under its next numbers; the first number of each."""
        if not events:
            return {}
        ids = {self._head_id(tx, key): key for key in events}
        filter = {"_id": next(iter(ids)) if len(ids) == 1 else {"$in": [*ids]}}
        heads = {head["_id"]: head for head in tx.find(self._heads, filter)}
        raised = [
            ({**head, "last_number": head["last_number"] + len(events[ids[id]])}, head["version"])
            for id, head in heads.items()
        ]
        begun = [
            {"_id": id, "log_key": key, "last_number": len(events[key])}
            for id, key in ids.items()
            if id not in heads
        ]
        tx.replace_many(self._heads, raised)
        tx.insert_many(self._heads, begun)
        first = {
            key: int(heads[id]["last_number"]) + 1 if id in heads else 1 for id, key in ids.items()
        }
        entries = [
            {**self._to_document(event), "_id": f"{id}.{n}", "log_key": key, "number": n}
            for id, key in ids.items()
            for n, event in enumerate(events[key], start=first[key])
        ]
        tx.insert_many(self._events, entries)
        return first

    def claim(self, tx: Tx, key: str) -> None:
        """Write the head alone: nothing is appended beside this, and who was about to do it looks
        again at what this transaction changes."""
        self.append_all(tx, {key: []})

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
