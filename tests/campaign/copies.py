"""One event that the broker brings again and again, as relays may that die at a bad moment."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.message import Message

from chassis.broker import Publisher
from chassis.ids import new_id
from chassis.outbox.relay import outgoing
from chassis.store.outbox_rows import Emission, OutboxRow, row_of, stamped
from chassis.topology import spec_of


def a_row(event: Message, *, tenant_id: str) -> OutboxRow:
    """The event as its publisher would have committed it."""
    row = row_of(spec_of(type(event)), event, Emission(new_id(), 1, None))
    return stamped(row, tenant_id=tenant_id, now=datetime.now(UTC), traceparent="")


def publish(amqp_uri: str, row: OutboxRow, *, times: int) -> None:
    """Return when the broker has taken every copy; all have one id."""
    publisher = Publisher(amqp_uri)
    publisher.open()
    sent = publisher.publish(outgoing([row] * times))
    publisher.close()
    assert sent.confirmed == [row.event_id] * times
