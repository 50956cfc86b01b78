"""What waits, for operators: events not published or not taken, due work, messages in dead queues.

All of it is read from where it is stored, so it tells also of work that nobody does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import amqp
from prometheus_client import Gauge

from chassis.broker import ERRORS, connect, drop, unavailable
from chassis.errors import HavenError
from chassis.store import Pending
from chassis.store.engine import Timetable
from chassis.telemetry.metrics import (
    expect_outbox,
    outbox_oldest_awaiting,
    outbox_oldest_pending,
    outbox_pending,
)
from chassis.topology import MessageClass, message_counts

SWEEP_SECONDS = 5.0

dead_letters = Gauge("haven_dead_letters", "Messages parked in a dead queue.", ["queue"])
oldest_due = Gauge(
    "haven_timer_oldest_due_timestamp_seconds",
    "The time of what has been due for longest and is not done; 0 where nothing is due.",
    ["job"],
)


class Outbox(Protocol):
    """What is asked of the store."""

    def pending_counts(self) -> Mapping[MessageClass, Pending]: ...
    def oldest_awaiting(self) -> datetime | None: ...
    def timetable(self, collection: str, field: str, *, limit: int) -> Timetable: ...


class Timed(Protocol):
    """A kind of due work: the documents of a collection, each with its time in a field."""

    @property
    def name(self) -> str: ...
    @property
    def collection(self) -> str: ...
    @property
    def field(self) -> str: ...


class GaugeLoop:
    """Keeps one service's gauges true: its outbox, its due work, the dead queues of its events.

    Every dead queue belongs to one publisher, so all relays together watch all of them.
    """

    def __init__(
        self,
        service: str,
        outbox: Outbox,
        *,
        amqp_uri: str,
        queues: Sequence[str],
        due_work: Sequence[Timed],
    ) -> None:
        self._service, self._outbox, self._amqp_uri = service, outbox, amqp_uri
        self._queues, self._due_work = queues, due_work
        self._connection: amqp.Connection | None = None
        expect_outbox(service)
        for work in due_work:
            oldest_due.labels(work.name)
        for queue in self._queues:
            dead_letters.labels(queue)

    def turn(self) -> float:
        """Look once; where store or broker is away the gauges keep their last values."""
        self._show_outbox()
        self._show_due()
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

    def _show_due(self) -> None:
        for work in self._due_work:
            due = self._outbox.timetable(work.collection, work.field, limit=1).due
            oldest_due.labels(work.name).set(due[0].time.timestamp() if due else 0)

    def _show_dead(self) -> None:
        if self._connection is None:
            self._connection = connect(self._amqp_uri)
        try:
            self._connection.heartbeat_tick()
            for queue, count in message_counts(self._connection, self._queues).items():
                dead_letters.labels(queue).set(count)
        except ERRORS as error:
            raise unavailable(error) from error
