"""What a seal says and how it is hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chassis.store import Document

HEADS = "audit_heads"
NOTHING = ""  # the hash before the first seal
UNHASHED = frozenset({"sealed"})  # says only that the row is in a seal


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a tenant's chain."""

    sequence: int
    hash: str


START = Head(0, NOTHING)


def entry_hash(row: Document) -> str:
    """Of all that a row says, its number included; any other field changes it too."""
    return _digest({name: value for name, value in row.items() if name not in UNHASHED})


def seal_of(tenant_id: str, previous: Head, rows: Sequence[Document], now: datetime) -> Document:
    """The seal of these rows, which already hold their numbers."""
    seal = {
        "_id": seal_id(tenant_id, previous.sequence + 1),
        "schema": 1,
        "tenant_id": tenant_id,
        "first": previous.sequence + 1,
        "last": previous.sequence + len(rows),
        "entries": [{"id": row["_id"], "hash": entry_hash(row)} for row in rows],
        "previous_hash": previous.hash,
        "create_time": now,
    }
    return {**seal, "hash": seal_hash(seal)}


def seal_hash(seal: Document) -> str:
    """Of all that a seal says but its own hash."""
    return _digest({name: value for name, value in seal.items() if name != "hash"})


def seal_id(tenant_id: str, first: int) -> str:
    """Follows from its place, so that a missing one has a name."""
    return f"{tenant_id}:{first:012d}"


def head_from(document: Document | None) -> Head:
    """The head as it is stored; START where there is none."""
    return START if document is None else Head(int(document["sequence"]), document["hash"])


def _digest(facts: Document) -> str:
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), default=_tagged)
    return hashlib.sha256(text.encode()).hexdigest()


def _tagged(value: Any) -> Any:
    """A time is never the same as a text that looks like it."""
    if isinstance(value, datetime):
        return {"$time": value.astimezone(UTC).isoformat(timespec="milliseconds")}
    return {"$type": type(value).__name__, "$value": str(value)}
