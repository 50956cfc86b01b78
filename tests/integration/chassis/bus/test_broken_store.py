"""A database that is frozen or restarted: events wait where they are, and then go on, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from cli.servers import MongoServer
from tests.integration.chassis.bus.stand import CASES, Stand
from tests.waiting import eventually


@pytest.fixture(scope="module")
def own_store(server_folder: Path) -> Iterator[MongoServer]:
    """A database that tests may freeze and restart."""
    server = MongoServer(server_folder / "victim-store").start()
    yield server
    server.stop()


@pytest.fixture
def ailing(own_store: MongoServer, tmp_path: Path, test_name: str, vhost: str) -> Iterator[Stand]:
    """A stand on that database; healthy again after the test."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(own_store.uri, tz_aware=True, serverSelectionTimeoutMS=20_000) as client:
        made = Stand(tmp_path, client, name=test_name, amqp_uri=vhost)
        yield made
        own_store.thaw()
        own_store.start()
        made.close()


def test_events_in_the_queues_of_a_frozen_store_are_tried_again_and_not_parked(
    ailing: Stand, own_store: MongoServer
) -> None:
    worker, _ = ailing.ready("worker", "relay")
    ailing.has_effect(ailing.case())
    worker.child.freeze()
    events = [ailing.case() for _ in range(10)]
    ailing.settle()
    own_store.freeze()
    worker.child.thaw()

    def some_wait() -> bool:
        return worker.metric("haven_event_handled_total", queue=CASES, outcome="retried") > 0

    eventually(some_wait, within=60)
    own_store.thaw()

    for event_id in events:
        ailing.has_effect(event_id, within=60)
    assert ailing.dead() == 0


def test_what_is_committed_around_a_restart_of_the_store_has_one_effect(
    ailing: Stand, own_store: MongoServer
) -> None:
    worker, relay = ailing.ready("worker", "relay")
    ailing.has_effect(ailing.case())
    events = [ailing.case() for _ in range(20)]

    own_store.stop()
    own_store.start()
    events += [ailing.case() for _ in range(20)]

    for event_id in events:
        ailing.has_effect(event_id, within=60)
    ailing.settle(within=60)
    assert worker.child.is_running
    assert relay.child.is_running
    assert ailing.dead() == 0
