"""Exchanges, queues and bindings as data, and how they get into a broker.

Dead-lettering is at-least-once (a retry hop must not lose a message). Its price: a missing target
holds messages back for minutes, so everything is declared before the first publish.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from amqp.exceptions import NotFound, PreconditionFailed

from chassis.errors import FailedPrecondition, Unavailable
from chassis.topology.catalogue import Catalogue, EventSpec
from chassis.topology.names import (
    RETRY_STEPS,
    dead_queue_name,
    exchange_name,
    queue_name,
    retry_queue_name,
    retry_queue_names,
)

# How often a delivery may be lost with its worker (crash, killed, hung) before it is parked.
DELIVERY_LIMIT = 20
# Looking at a parked message counts as a delivery, and newer brokers drop what was delivered often.
NEVER = 1_000_000_000

QUORUM: Mapping[str, Any] = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}


class Channel(Protocol):
    """What is needed of an AMQP channel."""

    def exchange_declare(self, exchange: str, type: str, **options: Any) -> Any: ...
    def queue_declare(self, queue: str, **options: Any) -> Any: ...
    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> Any: ...
    def close(self) -> Any: ...


class Connection(Protocol):
    """What is needed of an AMQP connection; kombu's and py-amqp's both fit."""

    def channel(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Queue:
    """One durable queue and its arguments."""

    name: str
    arguments: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """One way from an exchange into a queue."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that some set of events needs in a broker."""

    exchanges: Sequence[str]
    queues: Sequence[Queue]
    bindings: Sequence[Binding]

    def definitions(self, vhost: str = "/") -> dict[str, Any]:
        """The same as a RabbitMQ definitions file says it."""
        exchange = {"type": "topic", "durable": True, "auto_delete": False, "internal": False}
        queue = {"durable": True, "auto_delete": False}
        return {
            "vhosts": [{"name": vhost}],
            "exchanges": [
                {"name": name, "vhost": vhost, "arguments": {}, **exchange}
                for name in self.exchanges
            ],
            "queues": [
                {"name": each.name, "vhost": vhost, "arguments": dict(each.arguments), **queue}
                for each in self.queues
            ],
            "bindings": [
                {
                    "source": each.exchange,
                    "vhost": vhost,
                    "destination": each.queue,
                    "destination_type": "queue",
                    "routing_key": each.routing_key,
                    "arguments": {},
                }
                for each in self.bindings
            ],
        }


def topology_of(catalogue: Catalogue, *, service: str = "") -> Topology:
    """All of the catalogue, or what one service needs: all it publishes, all it consumes."""
    ways = [
        (spec, consumer)
        for spec in catalogue.events.values()
        for consumer in spec.consumers
        if service in {"", spec.service, consumer}
    ]
    exchanges = {exchange_name(spec.service): None for spec, _ in ways}
    return Topology(
        exchanges=tuple(exchanges),
        queues=tuple(queue for spec, consumer in ways for queue in _queues(spec, consumer)),
        bindings=tuple(
            Binding(exchange_name(spec.service), queue_name(consumer, spec), spec.routing_key)
            for spec, consumer in ways
        ),
    )


def declare(connection: Connection, topology: Topology) -> None:
    """Make everything exist; FailedPrecondition("TOPOLOGY_DIFFERS") where it does differently."""
    channel: Channel = connection.channel()
    try:
        _declare(channel, topology)
    except PreconditionFailed as error:
        raise FailedPrecondition(
            "TOPOLOGY_DIFFERS", "an exchange or queue exists with other arguments"
        ) from error
    channel.close()


def check(connection: Connection, topology: Topology) -> None:
    """Raise Unavailable("TOPOLOGY_INCOMPLETE") unless every exchange and queue exists."""
    missing = [
        *_missing(connection, topology.exchanges, "exchange"),
        *_missing(connection, [queue.name for queue in topology.queues], "queue"),
    ]
    if missing:
        raise Unavailable("TOPOLOGY_INCOMPLETE", f"missing in the broker: {', '.join(missing)}")


def message_counts(connection: Connection, queues: Iterable[str]) -> dict[str, int]:
    """How many messages each of these existing queues holds."""
    channel: Channel = connection.channel()
    counts = {name: channel.queue_declare(name, passive=True).message_count for name in queues}
    channel.close()
    return counts


def _declare(channel: Channel, topology: Topology) -> None:
    for exchange in topology.exchanges:
        channel.exchange_declare(exchange, "topic", durable=True, auto_delete=False)
    for queue in topology.queues:
        channel.queue_declare(
            queue.name, durable=True, auto_delete=False, arguments=dict(queue.arguments)
        )
    for binding in topology.bindings:
        channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)


def _missing(connection: Connection, names: Iterable[str], kind: str) -> list[str]:
    missing: list[str] = []
    channel: Channel = connection.channel()
    for name in names:
        try:
            if kind == "exchange":
                channel.exchange_declare(name, "topic", passive=True)
            else:
                channel.queue_declare(name, passive=True)
        except NotFound:
            missing.append(name)
            channel = connection.channel()  # the broker closed the one that asked
    channel.close()
    return missing


def _queues(spec: EventSpec, consumer: str) -> Iterable[Queue]:
    name = queue_name(consumer, spec)
    yield Queue(
        name,
        {
            **QUORUM,
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-strategy": "at-least-once",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": dead_queue_name(name),
        },
    )
    if retry_queue_names(name):
        yield from (_retry_queue(name, seconds) for seconds in RETRY_STEPS)
    yield Queue(dead_queue_name(name), {**QUORUM, "x-delivery-limit": NEVER})


def _retry_queue(name: str, seconds: int) -> Queue:
    return Queue(
        retry_queue_name(name, seconds),
        {
            **QUORUM,
            "x-message-ttl": seconds * 1000,
            "x-dead-letter-strategy": "at-least-once",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": name,
        },
    )
