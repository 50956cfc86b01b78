"""Fields of events: those without which nothing can follow, and instants."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import InvalidArgument


def required(event: Message, name: str) -> str:
    """An event without its key cannot have one effect; it is parked and alarms."""
    if not (value := str(getattr(event, name))):
        raise InvalidArgument("EVENT_FIELD_MISSING", f"{name} is missing")
    return value


def instant(value: Timestamp) -> datetime:
    """The point in time, in UTC."""
    at: datetime = value.ToDatetime(tzinfo=UTC)
    return at
