"""A worker's container in the test's own process, seen from the broker's side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import amqp
from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseOpened
from nameko.containers import ServiceContainer
from pymongo import MongoClient

from chassis.broker import Outgoing, Publisher, connect, drop
from chassis.call import system_call
from chassis.clock import Clock, DatabaseClock
from chassis.envelope import properties_of
from chassis.ids import new_id
from chassis.store import CHASSIS_INDEXES, OutboxRow, Store
from chassis.store.outbox_rows import Emission, row_of, stamped
from chassis.subscribe.main import MOST_HANDLERS
from chassis.subscribe.runtime import KEY, Runtime
from chassis.telemetry.metrics import event_handled
from chassis.topology import (
    MessageClass,
    declare,
    load_catalogue,
    message_counts,
    spec_of,
    topology_of,
)
from tests.integration.chassis.bus.effects import EFFECTS, REMEDIES, Core
from tests.integration.chassis.bus.subscriptions import Subscriptions
from tests.waiting import eventually

PAGES, CASES = "notify.on-page-requested.crisis", "notify.on-case-opened.clinical"
EVERY_CLASS = frozenset(MessageClass)


class Ward:
    """One consumer: its database, its queues, and the container when started."""

    def __init__(
        self, amqp_uri: str, client: MongoClient[dict[str, Any]], *, database: str
    ) -> None:
        self.amqp_uri = amqp_uri
        self._client, self._name = client, database
        self.clock = DatabaseClock(client)
        self.store = Store(client, database, service="notify", clock=self.clock)
        self.store.ensure_indexes(CHASSIS_INDEXES)
        self.containers: list[ServiceContainer] = []
        self._publisher = Publisher(amqp_uri)
        self._publisher.open()
        topology = topology_of(load_catalogue(["crisis"]), service="notify")
        self._publisher.prepare(lambda connection: declare(connection, topology))

    def start(
        self,
        *,
        core: Any = None,
        classes: frozenset[MessageClass] = EVERY_CLASS,
        clock: Clock | None = None,
    ) -> ServiceContainer:
        """A started worker."""
        runtime = Runtime(
            core or Core(self.store), clock or self.clock, self.store.are_done, classes
        )
        config = {"AMQP_URI": self.amqp_uri, "max_workers": MOST_HANDLERS, KEY: runtime}
        container = ServiceContainer(Subscriptions, config)
        self.containers.append(container)
        container.start()
        return container

    def send(self, event: Message, *, expire_time: datetime | None = None) -> str:
        """Publish an event as the relay does; its id."""
        row = a_row(event, expire_time)
        self.send_raw(row.exchange, row.routing_key, row.body, row.event_id, **properties_of(row))
        return row.event_id

    def send_again(self, event_id: str, event: Message) -> None:
        """Publish an event under an id that was used before."""
        row = a_row(event, None)
        self.send_raw(row.exchange, row.routing_key, row.body, event_id, **properties_of(row))

    def send_raw(
        self, exchange: str, routing_key: str, body: bytes, id: str = "", **properties: Any
    ) -> None:
        """Publish anything."""
        message = Outgoing(id or new_id(), exchange, routing_key, body, properties=properties)
        assert self._publisher.publish([message]).confirmed

    def send_case(self, case_id: str = "") -> str:
        """Publish a clinical event; its id."""
        return self.send(CaseOpened(case_id=case_id or new_id(), patient_id=new_id()))

    def effects(self, event_id: str) -> int:
        """How many effects the event had."""
        count: int = self._client[self._name][EFFECTS].count_documents({"event_id": event_id})
        return count

    def has_effect(self, event_id: str, *, within: float = 20.0) -> None:
        """Wait for the event's effect; there must be no second one."""
        eventually(lambda: self.effects(event_id), within=within)
        assert self.effects(event_id) == 1

    def heal(self, case_id: str) -> None:
        """From now on events of this case are taken."""
        call = system_call("alpha", service="notify", action="test.heal")
        self.store.transact(call, lambda tx: tx.insert(REMEDIES, {"_id": case_id}))

    def depth(self, queue: str) -> int:
        """How many messages are ready in the queue."""
        connection = connect(self.amqp_uri)
        try:
            return message_counts(connection, [queue])[queue]
        finally:
            drop(connection)

    def parked(self, queue: str = CASES, *, within: float = 20.0) -> amqp.Message:
        """The one message that is, or soon will be, in the queue's dead queue."""
        dead = f"{queue}.dead"
        eventually(lambda: self.depth(dead) == 1, within=within)
        connection = connect(self.amqp_uri)
        channel = connection.channel()
        channel.auto_decode = False
        message = channel.basic_get(dead)
        drop(connection)
        assert message is not None
        return message

    def handled(self, outcome: str, queue: str = CASES) -> float:
        """How many messages ended so."""
        return float(event_handled.labels(queue, outcome)._value.get())

    def close(self) -> None:
        """Stop all and forget the data."""
        for container in self.containers:
            container.kill()
        self._publisher.close()
        self._client.drop_database(self._name)


def a_row(event: Message, expire_time: datetime | None = None) -> OutboxRow:
    """The event as its publisher would have stored it."""
    row = row_of(spec_of(type(event)), event, Emission(new_id(), 1, expire_time))
    return stamped(row, tenant_id="alpha", now=datetime.now(UTC), traceparent="")
