"""An event's envelope: as a message (Deliver), as AMQP properties (broker), from an outbox row.

Both ways carry the same facts, so a consumer cannot tell them apart. Times in headers are RFC 3339
with microseconds: AMQP's own timestamp knows only seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from haven.delivery.v1.delivery_pb2 import Envelope

from chassis.errors import InvalidArgument
from chassis.store.outbox_rows import OutboxRow

CONTENT_TYPE = "application/x-protobuf"
TIMES = ("create_time", "expire_time")


def envelope_of(row: OutboxRow) -> Envelope:
    """The envelope of a committed event."""
    envelope = Envelope(
        event_id=row.event_id,
        type=row.type,
        tenant_id=row.tenant_id,
        aggregate_id=row.aggregate_id,
        aggregate_version=row.aggregate_version,
        traceparent=row.traceparent,
        body=row.body,
    )
    envelope.create_time.FromDatetime(row.create_time)
    if row.expire_time is not None:
        envelope.expire_time.FromDatetime(row.expire_time)
    return envelope


def properties_of(row: OutboxRow) -> dict[str, Any]:
    """The AMQP properties of a committed event; its id is the publisher's to set."""
    times = {"create_time": row.create_time, "expire_time": row.expire_time}
    headers = {
        "tenant_id": row.tenant_id,
        "aggregate_id": row.aggregate_id,
        "aggregate_version": row.aggregate_version,
        "traceparent": row.traceparent,
        **{name: time.isoformat() for name, time in times.items() if time is not None},
    }
    return {
        "type": row.type,
        "content_type": CONTENT_TYPE,
        "timestamp": int(row.create_time.timestamp()),
        "application_headers": headers,
    }


def envelope_from(properties: Mapping[str, Any], headers: Mapping[str, Any], body: Any) -> Envelope:
    """The envelope of a message from the broker; InvalidArgument where it is not one of ours."""
    body = body or b""  # an event of defaults alone has no bytes; py-amqp makes that a text
    if properties.get("content_type") != CONTENT_TYPE or not isinstance(body, bytes):
        raise InvalidArgument("CONTENT_TYPE_UNKNOWN", f"{CONTENT_TYPE} is expected")
    envelope = Envelope(
        event_id=_text(properties, "message_id"),
        type=_text(properties, "type"),
        tenant_id=_text(headers, "tenant_id"),
        aggregate_id=_text(headers, "aggregate_id"),
        aggregate_version=_version(headers),
        traceparent=_text(headers, "traceparent"),
        body=body,
    )
    for name in TIMES:
        if name in headers:
            getattr(envelope, name).CopyFrom(_time(headers, name))
    return envelope


def _text(source: Mapping[str, Any], name: str) -> str:
    value = source.get(name, "")
    if not isinstance(value, str) or not value.isprintable():
        raise _malformed(name)
    return value


def _version(headers: Mapping[str, Any]) -> int:
    value = headers.get("aggregate_version")
    if not isinstance(value, int) or value < 0:
        raise _malformed("aggregate_version")
    return value


def _time(headers: Mapping[str, Any], name: str) -> Timestamp:
    try:
        instant = datetime.fromisoformat(_text(headers, name))
    except ValueError:
        raise _malformed(name) from None
    if instant.tzinfo is None:
        raise _malformed(name)
    time = Timestamp()
    time.FromDatetime(instant)
    return time


def _malformed(name: str) -> InvalidArgument:
    return InvalidArgument("EVENT_HEADERS_MALFORMED", f"{name} cannot be read")
