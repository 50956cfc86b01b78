"""An event as it waits in the outbox: the broker's properties and body, and who has it already."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message

from chassis.ids import new_id
from chassis.store.engine import CROSS_TENANT, Document, Query, Rows
from chassis.topology import EventSpec, MessageClass, exchange_name

OUTBOX = "outbox"
RELAY = f"{CROSS_TENANT}relay"
AWAITED = MappingProxyType({"awaiting.0": {"$exists": True}})
COUNT_LIMIT = 100_000  # a gauge past this number says the same thing, and counting costs


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event of one committed transaction."""

    event_id: str
    tenant_id: str
    message_class: MessageClass
    type: str
    exchange: str
    routing_key: str
    aggregate_id: str
    aggregate_version: int
    body: bytes
    create_time: datetime
    expire_time: datetime | None
    traceparent: str
    published: bool
    publish_time: datetime | None
    awaiting: tuple[str, ...]
    position: int = 0  # order among the rows of one transaction


FACTS = frozenset(each.name for each in fields(OutboxRow)) - {"event_id"}


@dataclass(frozen=True, slots=True)
class Pending:
    """How much one class has left to publish, and since when."""

    count: int
    oldest_create_time: datetime | None


@dataclass(frozen=True, slots=True)
class Emission:
    """What a handler says about an event beside the message itself."""

    aggregate_id: str
    aggregate_version: int
    expire_time: datetime | None


def row_of(spec: EventSpec, message: Message, emission: Emission) -> OutboxRow:
    """The row of an event; the transaction adds tenant, time, trace and position."""
    crisis = spec.message_class is MessageClass.CRISIS
    return OutboxRow(
        event_id=new_id(),
        tenant_id="",
        message_class=spec.message_class,
        type=spec.type,
        exchange=exchange_name(spec.service),
        routing_key=spec.routing_key,
        aggregate_id=emission.aggregate_id,
        aggregate_version=emission.aggregate_version,
        body=message.SerializeToString(deterministic=True),
        create_time=datetime.min.replace(tzinfo=UTC),
        expire_time=emission.expire_time or _expire_time_in(message),
        traceparent="",
        published=False,
        publish_time=None,
        awaiting=spec.consumers if crisis else (),
    )


def _expire_time_in(message: Message) -> datetime | None:
    """An event that says itself when it stops meaning anything needs no second word."""
    field: Any = message.DESCRIPTOR.fields_by_name.get("expire_time")
    if field is None or not message.HasField("expire_time"):
        return None
    expire_time: datetime = message.expire_time.ToDatetime(tzinfo=UTC)  # type: ignore[attr-defined]
    return expire_time


def stamped(row: OutboxRow, *, tenant_id: str, now: datetime, traceparent: str) -> OutboxRow:
    """The row as its transaction commits it."""
    return replace(row, tenant_id=tenant_id, create_time=now, traceparent=traceparent)


def document_of(row: OutboxRow) -> Document:
    """The row as it is stored."""
    return {
        "_id": row.event_id,
        "schema": 1,
        "tenant_id": row.tenant_id,
        "message_class": row.message_class.value,
        "type": row.type,
        "exchange": row.exchange,
        "routing_key": row.routing_key,
        "aggregate_id": row.aggregate_id,
        "aggregate_version": row.aggregate_version,
        "body": row.body,
        "create_time": row.create_time,
        "expire_time": row.expire_time,
        "traceparent": row.traceparent,
        "published": row.published,
        "publish_time": row.publish_time,
        "awaiting": list(row.awaiting),
        "position": row.position,
    }


def row_from(document: Document) -> OutboxRow:
    """The row of a stored document; what a newer release has added to it is not this one's."""
    facts = {name: document[name] for name in FACTS if name in document}
    facts["message_class"] = MessageClass(facts["message_class"])
    facts["awaiting"] = tuple(facts["awaiting"])
    return OutboxRow(event_id=document["_id"], **facts)


def pending(
    rows: Rows, message_class: MessageClass, limit: int, *, without: Collection[str] = ()
) -> list[OutboxRow]:
    """Rows of one class that the broker has not confirmed, oldest first, but for some types."""
    query = Query(sort=(("create_time", 1), ("position", 1)), limit=limit, comment=RELAY)
    others = {"type": {"$nin": list(without)}} if without else {}
    found = rows.find(OUTBOX, {**_unpublished(message_class), **others}, query)
    return [row_from(document) for document in found]


@dataclass(frozen=True, slots=True)
class Awaited:
    """Who has not taken an event yet, without what it says."""

    event_id: str
    awaiting: tuple[str, ...]
    expire_time: datetime | None


def awaited(rows: Rows, limit: int) -> list[Awaited]:
    """The same rows as `awaiting_receipts` finds, but for their contents."""
    found = _awaiting_both(rows, limit, fields=("awaiting", "expire_time"))
    return [Awaited(each["_id"], tuple(each["awaiting"]), each["expire_time"]) for each in found]


def named(rows: Rows, event_ids: Collection[str]) -> list[OutboxRow]:
    """These rows, as far as they are kept."""
    found = rows.find(OUTBOX, {"_id": {"$in": sorted(event_ids)}}, Query(comment=RELAY))
    return [row_from(document) for document in found]


def awaiting_receipts(rows: Rows, limit: int) -> list[OutboxRow]:
    """Crisis rows that some consumer has not taken yet: the oldest, and of more the newest too.

    What nobody will ever take stays the oldest, and must not hide what was committed just now.
    """
    return [row_from(document) for document in _awaiting_both(rows, limit, fields=())]


def _awaiting_both(rows: Rows, limit: int, *, fields: Sequence[str]) -> list[Document]:
    found = _awaiting(rows, limit, order=1, fields=fields)
    if len(found) == limit:
        known = {document["_id"] for document in found}
        newest = _awaiting(rows, limit, order=-1, fields=fields)
        found += [document for document in reversed(newest) if document["_id"] not in known]
    return found


def _awaiting(rows: Rows, limit: int, *, order: int, fields: Sequence[str]) -> list[Document]:
    query = Query(sort=(("create_time", order),), limit=limit, fields=fields, comment=RELAY)
    return rows.find(OUTBOX, AWAITED, query)


def oldest_awaiting(rows: Rows) -> datetime | None:
    """When the oldest crisis row was committed that some consumer has not taken; None without."""
    query = Query(sort=(("create_time", 1),), limit=1, fields=("create_time",), comment=RELAY)
    found = rows.find(OUTBOX, AWAITED, query)
    return found[0]["create_time"] if found else None


def mark_published(rows: Rows, event_ids: Sequence[str], now: datetime) -> int:
    """The broker has them; how many had not been marked."""
    return rows.update_many(
        OUTBOX,
        {"_id": {"$in": list(event_ids)}, "published": False},
        {"$set": {"published": True, "publish_time": now}},
        comment=RELAY,
    )


def receipt(rows: Rows, event_ids: Sequence[str], consumer: str) -> int:
    """The consumer has committed these events' effects."""
    named = {"_id": {"$in": list(event_ids)}}
    return rows.update_many(OUTBOX, named, {"$pull": {"awaiting": consumer}}, comment=RELAY)


def count_pending(rows: Rows, message_class: MessageClass) -> Pending:
    """How many rows of a class wait (up to COUNT_LIMIT), and the oldest one's time."""
    query = Query(
        sort=(("create_time", 1), ("position", 1)),
        limit=COUNT_LIMIT,
        fields=("create_time",),
        comment=RELAY,
    )
    found = rows.find(OUTBOX, _unpublished(message_class), query)
    return Pending(len(found), found[0]["create_time"] if found else None)


def _unpublished(message_class: MessageClass) -> Document:
    return {"published": False, "message_class": message_class.value}
