"""A relay that dies while it marks must not hold up the one that takes over."""

from __future__ import annotations

from haven.crisis.v1.events_pb2 import CaseOpened
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from chassis.clock import DatabaseClock
from chassis.store import Store, connect
from chassis.topology import MessageClass
from tests.charts import a_call


class Commands(CommandListener):
    """The commands that a client sends, by name, and those that belong to a transaction."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.in_transaction: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append(event.command_name)
        if "autocommit" in event.command:
            self.in_transaction.append(event.command_name)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""


def test_a_mark_is_one_statement_that_leaves_no_row_locked_whenever_its_process_dies(
    mongodb_uri: str, store: Store
) -> None:
    """An open transaction would keep its rows from every other relay until the server ends it."""
    event_ids = [
        store.transact(
            a_call(), lambda tx: tx.emit(CaseOpened(), aggregate_id="c1", aggregate_version=1)
        )
        for _ in range(3)
    ]
    commands = Commands()
    with connect(mongodb_uri, app_name="marks", pool_size=2, listeners=[commands]) as client:
        name = store.database.name
        relay = Store(client, name, service=store.service, clock=DatabaseClock(client))

        assert relay.mark_published(event_ids) == len(event_ids)

    assert store.pending(MessageClass.CLINICAL, 10) == []
    assert commands.sent.count("update") == 1
    assert commands.in_transaction == []
