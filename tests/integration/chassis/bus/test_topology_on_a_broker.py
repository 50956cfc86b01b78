"""The declared topology does on a real broker what its arguments promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import amqp
import pytest

from chassis.broker import Outgoing, Publisher
from chassis.errors import FailedPrecondition
from chassis.topology import check, declare, load_catalogue, message_counts, topology_of
from tests.broker import Management
from tests.waiting import eventually

QUEUE = "intake.on-case-opened.clinical"
TOPOLOGY = topology_of(load_catalogue(["crisis"]))


@pytest.fixture
def publisher(vhost: str) -> Iterator[Publisher]:
    made = Publisher(vhost)
    made.open()
    yield made
    made.close()


def put(publisher: Publisher, queue: str) -> None:
    known = publisher.publish([Outgoing("m1", "", queue, b"body")])
    assert known.confirmed == ["m1"]


def depth(connection: amqp.Connection, queue: str) -> int:
    return message_counts(connection, [queue])[queue]


def test_declaring_again_changes_nothing(publisher: Publisher) -> None:
    declare(publisher.connection, TOPOLOGY)
    put(publisher, QUEUE)

    declare(publisher.connection, TOPOLOGY)
    check(publisher.connection, TOPOLOGY)

    assert depth(publisher.connection, QUEUE) == 1


def test_what_exists_differently_stops_the_start(publisher: Publisher) -> None:
    publisher.connection.channel().queue_declare(QUEUE, durable=True, auto_delete=False)

    with pytest.raises(FailedPrecondition) as differs:
        declare(publisher.connection, TOPOLOGY)

    assert differs.value.reason == "TOPOLOGY_DIFFERS"


def test_a_message_that_waits_comes_back_to_its_queue(publisher: Publisher) -> None:
    declare(publisher.connection, TOPOLOGY)

    put(publisher, f"{QUEUE}.retry-1s")

    eventually(lambda: depth(publisher.connection, QUEUE) == 1, within=20)


def test_a_rejected_message_is_parked(publisher: Publisher) -> None:
    declare(publisher.connection, TOPOLOGY)
    put(publisher, QUEUE)
    channel: Any = publisher.connection.channel()
    message = eventually(lambda: channel.basic_get(QUEUE), within=10)

    channel.basic_reject(message.delivery_tag, requeue=False)

    eventually(lambda: depth(publisher.connection, f"{QUEUE}.dead") == 1, within=20)


def test_a_broker_that_imported_the_definitions_has_all_of_it(
    publisher: Publisher, vhost: str, management: Management
) -> None:
    name = vhost.rpartition("/")[2]
    definitions = TOPOLOGY.definitions(name)

    management.post("/api/definitions", {**definitions, "rabbit_version": "3.10.8"})

    check(publisher.connection, TOPOLOGY)
    declare(publisher.connection, TOPOLOGY)  # refused if anything differed
