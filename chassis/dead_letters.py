"""Parked messages: seen by their headers alone, and put back by a person's command.

A body is never shown: it may hold health data. Putting back is a confirmed publish to the queue
first, and only then an acknowledgement; a copy too many is found done by the inbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import amqp
from amqp.exceptions import NotFound

from chassis.broker import ERRORS, Outgoing, Publisher, connect, drop, unavailable
from chassis.errors import InvalidArgument, Unavailable
from chassis.errors import NotFound as Missing
from chassis.ids import is_uuid, new_id
from chassis.topology import Catalogue, dead_queue_name, message_counts, queue_name

# What the broker and the worker added on the way into the dead queue.
ADDED = ("x-death", "x-delivery-count", "x-haven-", "x-first-death-", "x-last-death-")
KEPT = ("content_type", "content_encoding", "type", "timestamp", "correlation_id")
BROKER_REASONS = {"delivery_limit": "DELIVERY_LIMIT", "rejected": "REJECTED"}
SHOWN = 100


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked message, as far as it may be shown."""

    queue: str
    event_id: str
    type: str
    tenant_id: str
    reason: str
    attempts: int
    create_time: str
    aggregate_id: str = ""


def dead_queues(catalogue: Catalogue) -> list[str]:
    """Every dead queue of the catalogue."""
    return [
        dead_queue_name(queue_name(consumer, spec))
        for spec in catalogue.events.values()
        for consumer in spec.consumers
    ]


def count_dead(amqp_uri: str, queues: Sequence[str]) -> dict[str, int]:
    """How many messages each dead queue holds."""
    with _connected(amqp_uri) as connection:
        return message_counts(connection, queues)


def list_dead(amqp_uri: str, queue: str, *, limit: int = SHOWN) -> list[DeadLetter]:
    """The parked messages of a queue (named without `.dead`), oldest first. All stay parked."""
    with _connected(amqp_uri) as connection:
        # Leaving without an acknowledgement puts all of them back.
        return [_shown(queue, message) for message in _taken(connection, queue, limit)]


def redrive(amqp_uri: str, queue: str, *, limit: int | None = None) -> int:
    """Put back what is parked now; how many. What fails again is parked again, not looped."""
    publisher = Publisher(amqp_uri)
    count = 0
    try:
        with _connected(amqp_uri) as connection:
            publisher.open()
            for message in _taken(connection, queue, limit):
                _put_back(publisher, queue, message)
                message.channel.basic_ack(message.delivery_tag)
                count += 1
    finally:
        publisher.close()
    return count


@contextmanager
def _connected(amqp_uri: str) -> Iterator[amqp.Connection]:
    connection = connect(amqp_uri)
    try:
        yield connection
    except NotFound as error:
        raise Missing("QUEUE_UNKNOWN", "the broker has no such dead queue") from error
    except ERRORS as error:
        raise unavailable(error) from error
    finally:
        drop(connection)


def _taken(connection: amqp.Connection, queue: str, limit: int | None) -> Iterator[Any]:
    """At most as many as are there now: what comes back meanwhile is for the next command."""
    name = dead_queue_name(queue)
    if queue.endswith(".dead"):
        raise InvalidArgument("QUEUE_UNKNOWN", "name the queue, without .dead")
    there = message_counts(connection, [name])[name]
    channel = connection.channel()
    channel.auto_decode = False
    for _ in range(there if limit is None else min(limit, there)):
        if (message := channel.basic_get(name)) is None:
            break
        yield message
    # Its answer comes after every acknowledgement is with the broker, so a count is right at once.
    channel.close()


def _put_back(publisher: Publisher, queue: str, message: Any) -> None:
    headers = {name: value for name, value in message.headers.items() if not name.startswith(ADDED)}
    kept = {name: message.properties[name] for name in KEPT if name in message.properties}
    event_id = message.properties.get("message_id") or new_id()
    properties = {**kept, "application_headers": headers}
    outgoing = Outgoing(event_id, "", queue, message.body or b"", properties=properties)
    if event_id not in publisher.publish([outgoing]).confirmed:
        raise Unavailable("REDRIVE_REFUSED", "the queue did not take the message; it stays parked")


def _shown(queue: str, message: Any) -> DeadLetter:
    headers = message.headers or {}
    event_id = _text(message.properties, "message_id")
    return DeadLetter(
        queue=queue,
        # A poison message's fields may hold anything; only what has the form of ours is shown.
        event_id=event_id if is_uuid(event_id) else "",
        type=_name(message.properties, "type"),
        tenant_id=_name(headers, "tenant_id"),
        reason=_name(headers, "x-haven-reason")
        or BROKER_REASONS.get(_text(headers, "x-first-death-reason"), "UNKNOWN"),
        attempts=_number(headers, "x-haven-attempts"),
        create_time=_name(headers, "create_time"),
        aggregate_id=_name(headers, "aggregate_id"),
    )


def _text(source: Any, name: str) -> str:
    value = source.get(name, "")
    return value if isinstance(value, str) else ""


def _name(source: Any, name: str) -> str:
    value = _text(source, name)
    allowed = len(value) <= 100 and all(letter.isalnum() or letter in "._-:+" for letter in value)
    return value if allowed else ""


def _number(source: Any, name: str) -> int:
    value = source.get(name, 0)
    return value if isinstance(value, int) else 0
