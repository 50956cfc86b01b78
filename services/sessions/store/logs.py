"""Numbered logs: a head that counts, and one document per event.

The head is raised in the same transaction, so two writers of one log exclude each other: numbers
have no gaps and become visible in their order. It is written whole, so that whoever follows the
changes of heads sees which log has grown, and how far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from chassis.call import Call, Effect, RequestOnce
from chassis.ids import derived_id
from chassis.store import Ahead, Document, Reader, Tx
from services.sessions.ports import Head

E = TypeVar("E")
Recall = Callable[[Mapping[str, Any]], tuple[bytes | None, bytes]]
NONE_KNOWN: Mapping[str, Head] = MappingProxyType({})


class LogStore(Generic[E]):
    """One kind of log; see ports.Log."""

    def __init__(
        self,
        heads: str,
        events: str,
        *,
        to_document: Callable[[E], Document],
        from_document: Callable[[Document], E],
        recall: Recall | None = None,
    ) -> None:
        self._heads, self._events, self._recall = heads, events, recall
        self._to_document, self._from_document = to_document, from_document

    def append(self, tx: Tx, key: str, event: E) -> int:
        """Write the event under the next number."""
        return self.append_all(tx, {key: [event]})[key].last_number

    def append_all(
        self, tx: Tx, events: Mapping[str, Sequence[E]], known: Mapping[str, Head] = NONE_KNOWN
    ) -> dict[str, Head]:
        """Write the events of each log under its next numbers; the heads that follow from it.

        A head that is `known` is not read; Aborted("STALE_VERSION") where it has moved on since.
        """
        if not events:
            return {}
        before = {**self._read(tx, [key for key in events if key not in known]), **known}
        after = self._raise(tx, {key: len(events[key]) for key in events}, before)
        entries = [
            {"_id": f"{after[key].id}.{n}", **self._to_document(event), "log_key": key, "number": n}
            for key, lines in events.items()
            for n, event in enumerate(lines, start=after[key].last_number - len(lines) + 1)
        ]
        tx.insert_many(self._events, entries)
        return after

    def keeping(self, call: Call) -> Call:
        """The call, with its request kept by the event that it is about to write."""
        if not isinstance(call.once, RequestOnce) or self._recall is None:
            return call
        return replace(call, once=replace(call.once, effect=Effect(self._events, self._recall)))

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

    def ahead(self, call: Call, key: str) -> list[Ahead]:
        """What `head` and `append` will read."""
        return [Ahead(self._heads, {"_id": self._id_of(call, key)})]

    def heads(self, reader: Reader, keys: Collection[str]) -> dict[str, int]:
        """The newest numbers of those that have events."""
        ids = [self._head_id(reader, key) for key in keys]
        found = reader.find(self._heads, {"_id": {"$in": ids}}, fields=("log_key", "last_number"))
        return {each["log_key"]: int(each["last_number"]) for each in found}

    def _read(self, tx: Tx, keys: Sequence[str]) -> dict[str, Head]:
        if not keys:
            return {}
        ids = [self._head_id(tx, key) for key in keys]
        filter = {"_id": ids[0] if len(ids) == 1 else {"$in": ids}}
        return {row["log_key"]: Head(row) for row in tx.find(self._heads, filter)}

    def _raise(self, tx: Tx, by: Mapping[str, int], before: Mapping[str, Head]) -> dict[str, Head]:
        raised = [
            ({**head.row, "last_number": head.last_number + by[key]}, head.version)
            for key, head in before.items()
        ]
        begun = [
            {"_id": self._head_id(tx, key), "log_key": key, "last_number": count}
            for key, count in by.items()
            if key not in before
        ]
        rows = [*tx.replace_many(self._heads, raised), *tx.insert_many(self._heads, begun)]
        return {row["log_key"]: Head(row) for row in rows}

    def _head_id(self, reader: Reader, key: str) -> str:
        return self._id_of(reader.call, key)

    def _id_of(self, call: Call, key: str) -> str:
        return derived_id(self._heads, call.tenant_id, key)
