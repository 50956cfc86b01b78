"""Connections to the broker that cannot hang, and a publisher that knows what the broker took.

Every message is mandatory and persistent. Confirms are pipelined: up to `WINDOW` messages are on
their way at a time. A message counts as taken only when the broker confirmed it and did not return
it; after a lost connection nothing is known of the rest, and nothing is claimed.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import amqp
from amqp.exceptions import AMQPError
from kombu import Connection

from chassis.errors import HavenError, Unavailable

ERRORS = (AMQPError, OSError)
WINDOW = 200
HEARTBEAT_SECONDS = 5  # a frozen peer is noticed after two of them
CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0  # for answers to declarations, of which there can be hundreds
WRITE_SECONDS = 2.0  # a socket that takes nothing for this long belongs to a frozen broker
CONFIRM_SECONDS = 3.0  # quorum queues confirm in milliseconds
PUBLISH_SECONDS = 5.0  # a broker that confirms now and then is not silent, and never done
PUMP_SECONDS = 0.1
# To hear whether there is anything. Never 0: what came half would be waited for in a busy loop, and
# a broker that freezes then would take a core of each process that publishes, and its turns.
GLANCE_SECONDS = 0.001
PERSISTENT = 2
PORTS = (5672, 5671)  # plain, encrypted
Prepare = Callable[[amqp.Connection], None]

BACKOFF_FIRST, BACKOFF_MOST = 0.2, 1.0


class Backoff:
    """How long to wait before the next attempt: 0.2 s doubling to 1 s."""

    def __init__(self, first: float = BACKOFF_FIRST, most: float = BACKOFF_MOST) -> None:
        self._first, self._most, self._next = first, most, first

    def next(self) -> float:
        """Seconds to wait now; more each time."""
        now, self._next = self._next, min(self._next * 2, self._most)
        return now

    def reset(self) -> None:
        """Start over, after a success."""
        self._next = self._first


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to publish. Its id is its `message_id` and must be unique in flight."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Published:
    """What became known of published messages, by id."""

    confirmed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)  # no queue is bound
    refused: list[str] = field(default_factory=list)  # a queue did not take it


def connection_of(uri: str, **options: Any) -> Connection:
    """How to connect, not yet connected. `amqps` means a verified certificate for the host's name,
    by the system's authorities or those of SSL_CERT_FILE."""
    parts = urlsplit(uri)
    # kombu's own default for amqps is to encrypt for whoever answers.
    verified = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    return Connection(
        uri,
        ssl=verified if parts.scheme == "amqps" else None,
        heartbeat=HEARTBEAT_SECONDS,
        connect_timeout=CONNECT_SECONDS,
        transport_options={"write_timeout": WRITE_SECONDS, **options},
    )


def connect(uri: str, **options: Any) -> amqp.Connection:
    """An open connection; Unavailable("BROKER_UNAVAILABLE") where there is none in two seconds."""
    where = connection_of(uri, read_timeout=READ_SECONDS, **options)
    connection = amqp.Connection(
        host=f"{where.hostname}:{where.port or PORTS[bool(where.ssl)]}",
        userid=where.userid or "guest",
        password=where.password or "guest",
        virtual_host=where.virtual_host,
        ssl=where.ssl or False,
        heartbeat=where.heartbeat,
        connect_timeout=where.connect_timeout,
        **(where.transport_options or {}),
    )
    try:
        connection.connect()
    except ERRORS as error:
        drop(connection)  # a broker that refuses leaves the socket to us
        raise unavailable(error) from error
    return connection


def drop(connection: amqp.Connection) -> None:
    """Close without asking a peer that may not answer."""
    connection.collect()


def unavailable(error: BaseException) -> Unavailable:
    """The same failure in our words; the broker's may quote what was sent."""
    return Unavailable("BROKER_UNAVAILABLE", f"no broker ({type(error).__name__})")


class Publisher:
    """One connection and one confirming channel. Not for two threads at once."""

    def __init__(
        self,
        uri: str,
        *,
        window: int = WINDOW,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._uri, self._window, self._monotonic = uri, window, monotonic
        self._connection: amqp.Connection | None = None
        self._channel: Any = None
        self._last_tag = 0
        self._in_flight: dict[int, str] = {}
        self._returned: set[str] = set()
        self._known = Published()
        self._heard = 0.0
        self.is_blocked = False

    @property
    def is_open(self) -> bool:
        """False until `open`, and again after any failure."""
        return self._connection is not None

    @property
    def connection(self) -> amqp.Connection:
        """The open connection, for declarations."""
        if self._connection is None:
            raise Unavailable("BROKER_UNAVAILABLE", "not connected")
        return self._connection

    @property
    def in_flight(self) -> frozenset[str]:
        """Ids of messages whose fate the broker has not told yet."""
        return frozenset(self._in_flight.values())

    def open(self) -> None:
        """Connect, if need be; Unavailable where that fails."""
        if self._connection is not None:
            return
        connection = connect(self._uri, on_blocked=self._block, on_unblocked=self._unblock)
        try:
            self._channel = connection.channel()
            self._channel.confirm_select()
        except ERRORS as error:
            drop(connection)
            raise unavailable(error) from error
        for event, listen in (
            ("basic_ack", self._on_ack),
            ("basic_nack", self._on_nack),
            ("basic_return", self._on_return),
        ):
            self._channel.events[event].add(listen)
        self._last_tag, self.is_blocked, self._connection = 0, False, connection

    def prepare(self, work: Prepare) -> None:
        """Do something with the fresh connection; where it fails there is no connection."""
        try:
            work(self.connection)
        except ERRORS as error:
            self.close()
            raise unavailable(error) from error
        except HavenError:
            self.close()
            raise

    def close(self) -> None:
        """Forget the connection and everything in flight."""
        connection, self._connection, self._channel = self._connection, None, None
        self._in_flight.clear()
        self._returned.clear()
        if connection is not None:
            drop(connection)

    def publish(
        self, messages: Iterable[Outgoing], *, within: float = PUBLISH_SECONDS
    ) -> Published:
        """Publish all and wait for the broker's word on them, for about so many seconds.

        Less is known where the connection was lost (then `is_open` is False), where the broker
        blocks publishers or is too slow: then a later call learns of what is `in_flight`, and the
        rest was not sent.
        """
        under_way, until = self.in_flight, self._monotonic() + within
        try:
            for message in messages:
                if message.id not in under_way and not self._send(message, until):
                    break
            while self._in_flight and not self.is_blocked and self._monotonic() < until:
                self._pump(PUMP_SECONDS)
        except ERRORS:
            self.close()
        return self._take()

    def tend(self) -> Published:
        """Keep an idle connection alive and hear what the broker has to say meanwhile."""
        try:
            while self._pump(GLANCE_SECONDS):
                continue
        except ERRORS:
            self.close()
        return self._take()

    def _take(self) -> Published:
        known, self._known = self._known, Published()
        return known

    def _send(self, message: Outgoing, until: float) -> bool:
        """Put one message on its way; False where the broker takes none now."""
        while len(self._in_flight) >= self._window and not self.is_blocked:
            if self._monotonic() >= until:
                return False
            self._pump(PUMP_SECONDS)
        if self.is_blocked:
            return False
        if not self._in_flight:
            self._heard = self._monotonic()
        self._last_tag += 1
        self._in_flight[self._last_tag] = message.id
        self._channel.basic_publish(
            amqp.Message(
                message.body,
                **{**message.properties, "message_id": message.id, "delivery_mode": PERSISTENT},
            ),
            exchange=message.exchange,
            routing_key=message.routing_key,
            mandatory=True,
        )
        return True

    def _pump(self, seconds: float) -> bool:
        """Hear the broker for so long; False where it said nothing, an error where for too long."""
        connection = self.connection
        try:
            connection.drain_events(timeout=seconds)
        except TimeoutError:
            connection.heartbeat_tick()
        else:
            return True
        silent = self._monotonic() - self._heard
        if self._in_flight and not self.is_blocked and silent > CONFIRM_SECONDS:
            raise TimeoutError("no confirm in time")
        return False

    def _block(self, _reason: str) -> None:
        self.is_blocked = True

    def _unblock(self) -> None:
        self.is_blocked, self._heard = False, self._monotonic()

    def _on_ack(self, tag: int, multiple: bool) -> None:
        for message_id in self._settled(tag, multiple):
            if message_id in self._returned:
                self._returned.discard(message_id)
                self._known.returned.append(message_id)
            else:
                self._known.confirmed.append(message_id)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._known.refused.extend(self._settled(tag, multiple))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:
        self._returned.add(message.properties["message_id"])

    def _settled(self, tag: int, multiple: bool) -> list[str]:
        self._heard = self._monotonic()
        if not multiple:
            found = self._in_flight.pop(tag, None)
            return [] if found is None else [found]
        tags = [each for each in self._in_flight if each <= tag]
        return [self._in_flight.pop(each) for each in tags]
