"""Stands on the session's servers, and on a broker of our own where the broker is the victim."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from cli.servers import RabbitServer
from tests.broker import Management
from tests.integration.chassis.bus.stand import Stand


@pytest.fixture
def stand(
    tmp_path: Path, mongo_client: MongoClient[dict[str, Any]], test_name: str, vhost: str
) -> Iterator[Stand]:
    """A publisher and a consumer, nothing started yet."""
    made = Stand(tmp_path, mongo_client, name=test_name, amqp_uri=vhost)
    yield made
    made.close()


@pytest.fixture(scope="session")
def own_broker(server_folder: Path) -> Iterator[RabbitServer]:
    """A broker that tests may stop, freeze and block."""
    server = RabbitServer(server_folder / "victim").start()
    yield server
    server.abandon()


@pytest.fixture
def victim(own_broker: RabbitServer) -> Iterator[RabbitServer]:
    """The broker, healthy again after the test."""
    yield own_broker
    own_broker.thaw()
    own_broker.start()
    own_broker.unblock_publishers()


@pytest.fixture
def fragile(
    tmp_path: Path,
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    victim: RabbitServer,
) -> Iterator[Stand]:
    """A stand on the victim."""
    management = Management.of(victim.uri)
    management.put(f"/api/vhosts/{test_name}")
    made = Stand(tmp_path, mongo_client, name=test_name, amqp_uri=f"{victim.uri}{test_name}")
    yield made
    made.close()
