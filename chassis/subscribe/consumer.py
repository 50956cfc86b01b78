"""nameko's queue consumer, changed where its defaults would lose data, tell it, or be slow.

Bodies are never decoded here and never logged; queues are declared, with their retry and dead
queues, on every connection; lost connections come back within a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import eventlet
from kombu import Connection, Queue
from kombu.utils.limits import TokenBucket
from nameko.messaging import QueueConsumer

from chassis.broker import Publisher, connection_of
from chassis.errors import InvalidArgument
from chassis.log import failure, get_logger
from chassis.subscribe.forward import Forwarder
from chassis.topology import Catalogue, check, declare, topology_of

# Per queue, so that a flood in one leaves the others their own share of the handlers.
PREFETCH = 8
DECLARE_SECONDS = 10.0
RESTARTS_PER_SECOND = 2
RETRY_FIRST, RETRY_STEP, RETRY_MOST = 0.2, 0.2, 1.0

log = get_logger(__name__)


class EventConsumer(QueueConsumer):  # type: ignore[misc]  # nameko is untyped
    """One connection for all queues of a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.restart_limit = TokenBucket(RESTARTS_PER_SECOND)
        self.is_consuming = False
        self._is_told = False
        self._forwarder: Forwarder | None = None

    @property
    def forwarder(self) -> Forwarder:
        """Where messages go that cannot be acknowledged as done."""
        if self._forwarder is None:
            self._forwarder = Forwarder(Publisher(self.amqp_uri))
        return self._forwarder

    @property
    def connection(self) -> Connection:
        """How to connect; every wait is bounded."""
        return connection_of(self.amqp_uri)

    @contextmanager
    def establish_connection(self) -> Iterator[Connection]:
        """Connect, however long it takes, without long pauses between attempts."""
        self.is_consuming = False
        connection = self.create_connection()
        connection.ensure_connection(
            self.on_connection_error,
            interval_start=RETRY_FIRST,
            interval_step=RETRY_STEP,
            interval_max=RETRY_MOST,
        )
        try:
            yield connection
        except BaseException:  # also a killed greenlet or a timeout, which are no Exception
            connection.collect()  # a frozen broker would not even answer a good-bye
            raise
        connection.release()

    def get_consumers(self, consumer_cls: Any, channel: Any) -> Any:
        """Declare everything this worker needs, then consume raw messages."""
        channel.auto_decode = False
        self._declare(channel.connection)
        for provider in self._providers:
            consumer = consumer_cls(
                queues=[Queue(provider.queue, no_declare=True)],
                on_message=partial(self.handle_message, provider),
                on_decode_error=partial(self.handle_broken, provider),
                auto_declare=False,
            )
            consumer.qos(prefetch_count=PREFETCH)
            self._consumers[provider] = consumer
        return self._consumers.values()

    def handle_message(self, provider: Any, message: Any) -> None:
        """Handle the message on a thread of its own."""
        self.container.spawn_managed_thread(
            partial(provider.handle_message, message), identifier=provider.queue
        )

    def handle_broken(self, provider: Any, message: Any, _error: Exception) -> None:
        """Park what kombu itself cannot make a message of; its error may quote the body."""
        broken = InvalidArgument("EVENT_UNDECODABLE", "not a message")
        self.container.spawn_managed_thread(
            partial(provider.settle, message, broken), identifier=provider.queue
        )

    def on_consume_ready(self, *args: Any, **kwargs: Any) -> None:
        """Ready from now on."""
        super().on_consume_ready(*args, **kwargs)
        self.is_consuming, self._is_told = True, False
        log.info("worker.consuming", count=len(self._consumers))

    def on_consume_end(self, *_: Any) -> None:
        """Not ready until connected again."""
        self.is_consuming = False

    def on_connection_error(self, exc: Exception, _interval: float) -> None:
        """Tell of an outage once, without the broker's address or words."""
        if not self._is_told:
            log.warning("worker.no-broker", **failure(exc))
        self._is_told = True

    def _declare(self, connection: Any) -> None:
        events = {provider.spec.type: provider.spec for provider in self._providers}
        topology = topology_of(Catalogue(events), service=self.container.service_name)
        # Green sockets know no read timeout of their own.
        with eventlet.Timeout(DECLARE_SECONDS, TimeoutError("no answer to declarations")):
            declare(connection, topology)
            check(connection, topology)
