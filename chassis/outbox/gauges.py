"""What waits, for operators: events not published, or not taken, and messages in dead queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import amqp
from prometheus_client import Gauge

from chassis.broker import ERRORS, connect, drop, unavailable
from chassis.errors import HavenError
from chassis.store import Pending
from chassis.telemetry.metrics import (
    expect_outbox,
    outbox_oldest_awaiting,
    outbox_oldest_pending,
    outbox_pending,
)
from chassis.topology import MessageClass, message_counts

SWEEP_SECONDS = 5.0

dead_letters = Gauge("haven_dead_letters", "Messages parked in a dead queue.", ["queue"])


class Outbox(Protocol):
    """What is asked of the store."""

    def pending_counts(self) -> Mapping[MessageClass, Pending]: ...
    def oldest_awaiting(self) -> datetime | None: ...


class GaugeLoop:
    """Keeps one service's gauges true: its outbox, and the dead queues of what it publishes.

    Every dead queue belongs to one publisher, so all relays together watch all of them.
    """

    def __init__(
        self, service: str, outbox: Outbox, *, amqp_uri: str, queues: Sequence[str]
    ) -> None:
        self._service, self._outbox, self._amqp_uri = service, outbox, amqp_uri
        self._queues = queues
        self._connection: amqp.Connection | None = None
        expect_outbox(service)
        for queue in self._queues:
            dead_letters.labels(queue)

    def turn(self) -> float:
        """Look once; where store or broker is away the gauges keep their last values."""
        self._show_outbox()
        self._show_dead()
        return SWEEP_SECONDS

    def failed(self, _error: HavenError) -> None:
        """Connect anew next time."""
        self.close()

    def close(self) -> None:
        """Leave the broker."""
        connection, self._connection = self._connection, None
        if connection is not None:
            drop(connection)

    def _show_outbox(self) -> None:
        counts = self._outbox.pending_counts().values()
        oldest: list[datetime] = [
            each.oldest_create_time for each in counts if each.oldest_create_time is not None
        ]
        outbox_pending.labels(self._service).set(sum(each.count for each in counts))
        outbox_oldest_pending.labels(self._service).set(min(oldest).timestamp() if oldest else 0)
        awaiting = self._outbox.oldest_awaiting()
        outbox_oldest_awaiting.labels(self._service).set(awaiting.timestamp() if awaiting else 0)

    def _show_dead(self) -> None:
        if self._connection is None:
            self._connection = connect(self._amqp_uri)
        try:
            self._connection.heartbeat_tick()
            for queue, count in message_counts(self._connection, self._queues).items():
                dead_letters.labels(queue).set(count)
        except ERRORS as error:
            raise unavailable(error) from error
