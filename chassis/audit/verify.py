"""Recomputes a tenant's chain and names every record that is not as it was sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import pymongo

from chassis.audit.seals import HEADS, NOTHING, Head, entry_hash, head_from, seal_hash, seal_id
from chassis.store import AUDIT, Document, Filter, Store
from chassis.store.audit_rows import SEALS
from chassis.store.faults import translation

# Sealing takes a second; rows that have waited for a minute are waiting for nobody.
UNSEALED_BOUND = timedelta(seconds=60)
VERIFY_SECONDS = 600.0


class FindingKind(StrEnum):
    """What is wrong with a record."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One record (an entry, a seal or the head) that is not as it was sealed."""

    kind: FindingKind
    record_id: str
    detail: str


def verify(
    store: Store,
    tenant_id: str,
    *,
    unsealed_bound: timedelta = UNSEALED_BOUND,
    noted: Head | None = None,
) -> list[Finding]:
    """Everything wrong with a tenant's trail; `noted` is a head written down elsewhere before."""
    with translation(), pymongo.timeout(VERIFY_SECONDS):
        return list(_Trail(store, tenant_id).findings(unsealed_bound, noted))


def head_of(store: Store, tenant_id: str) -> Head:
    """The end of the chain now; worth writing down where nobody can change it."""
    with translation():
        return head_from(store.database[HEADS].find_one(_head_filter(tenant_id)))


class _Trail:
    """One tenant's rows, seals and head."""

    def __init__(self, store: Store, tenant_id: str) -> None:
        self._store, self._tenant_id = store, tenant_id
        self._entries = store.database[AUDIT]
        self._last = Head(0, NOTHING)  # of the seals seen so far
        self._noted_seen = False

    def findings(self, unsealed_bound: timedelta, noted: Head | None) -> Iterator[Finding]:
        head = head_of(self._store, self._tenant_id)
        for seal in self._store.database[SEALS].find(self._mine({}), sort=[("first", 1)]):
            yield from self._check_seal(seal, noted)
        yield from self._check_end(head)
        if noted is not None and noted.sequence > 0 and not self._noted_seen:
            yield Finding(
                FindingKind.MISSING,
                seal_id(self._tenant_id, noted.sequence),
                f"the head noted at {noted.sequence} is not in the chain",
            )
        yield from self._check_unsealed(unsealed_bound)

    def _check_seal(self, seal: Document, noted: Head | None) -> Iterator[Finding]:
        if seal["first"] != self._last.sequence + 1:
            yield from self._gap(self._last.sequence + 1, seal["first"] - 1)
        elif seal["previous_hash"] != self._last.hash:
            yield Finding(FindingKind.CHANGED, seal["_id"], "does not follow the seal before it")
        if seal["hash"] != seal_hash(seal):
            yield Finding(FindingKind.CHANGED, seal["_id"], "the seal's own content")
        yield from self._check_entries(seal)
        self._last = Head(seal["last"], seal["hash"])
        self._noted_seen |= self._last == noted

    def _check_entries(self, seal: Document) -> Iterator[Finding]:
        rows = self._sealed_between(seal["first"], seal["last"])
        for sequence, entry in enumerate(seal["entries"], seal["first"]):
            row = rows.pop(entry["id"], None)
            if row is None:
                yield self._absent(entry["id"], sequence)
            elif row["sequence"] != sequence or entry_hash(row) != entry["hash"]:
                yield Finding(FindingKind.CHANGED, entry["id"], f"entry {sequence}")
        for added in rows.values():
            yield Finding(FindingKind.ADDED, added["_id"], "in no seal")

    def _absent(self, id: str, sequence: int) -> Finding:
        if self._entries.find_one(self._mine({"_id": id})) is not None:
            return Finding(FindingKind.CHANGED, id, f"entry {sequence} is not in its place")
        return Finding(FindingKind.MISSING, id, f"entry {sequence}")

    def _gap(self, first: int, last: int) -> Iterator[Finding]:
        yield Finding(
            FindingKind.MISSING,
            seal_id(self._tenant_id, first),
            f"the seal of entries {first} to {last}",
        )
        for row in self._sealed_between(first, last).values():
            yield Finding(FindingKind.ADDED, row["_id"], "in no seal")

    def _check_end(self, head: Head) -> Iterator[Finding]:
        """The head as it was before reading: seals made since are as good as any."""
        if head.sequence > self._last.sequence:
            yield from self._gap(self._last.sequence + 1, head.sequence)
        elif head.sequence == self._last.sequence and head.hash != self._last.hash:
            yield Finding(FindingKind.CHANGED, self._tenant_id, "the head")
        # Rows first, then the head again: what was sealed in between is the next run's business.
        beyond = list(self._entries.find(self._mine(_beyond(self._last))))
        now = head_of(self._store, self._tenant_id)
        if now.sequence < self._last.sequence:
            kind = FindingKind.CHANGED if now.sequence else FindingKind.MISSING
            yield Finding(kind, self._tenant_id, "the head")
        for row in beyond:
            if not _is_within(row.get("sequence"), now):
                yield Finding(FindingKind.ADDED, row["_id"], "in no seal")

    def _check_unsealed(self, bound: timedelta) -> Iterator[Finding]:
        late = {"sealed": False, "create_time": {"$lt": self._store.now() - bound}}
        for row in self._entries.find(self._mine(late), sort=[("create_time", 1)]):
            yield Finding(FindingKind.UNSEALED, row["_id"], "no sealer has numbered it")

    def _sealed_between(self, first: int, last: int) -> dict[str, Document]:
        place = {"sealed": True, "sequence": {"$gte": first, "$lte": last}}
        return {row["_id"]: row for row in self._entries.find(self._mine(place))}

    def _mine(self, filter: Filter) -> Document:
        return {**filter, "tenant_id": self._tenant_id}


def _head_filter(tenant_id: str) -> Document:
    return {"_id": tenant_id, "tenant_id": tenant_id}


def _is_within(sequence: object, head: Head) -> bool:
    return isinstance(sequence, int) and 1 <= sequence <= head.sequence


def _beyond(head: Head) -> Document:
    """Rows that call themselves sealed, past the end or without a number."""
    numberless = {"sequence": {"$not": {"$gte": 1}}}
    return {"sealed": True, "$or": [{"sequence": {"$gt": head.sequence}}, numberless]}
