"""A process that could not do its work does not start, and says why in one line."""

from __future__ import annotations

from chassis.broker import Publisher
from tests.integration.chassis.bus.stand import CASES, Running, Stand
from tests.waiting import eventually


def last_words(running: Running) -> str:
    """What the process said before it ended by itself."""
    eventually(lambda: running.child.exit_code is not None, within=60)
    assert running.child.exit_code == 1
    return running.child.last_words()


def test_a_relay_without_an_address_for_a_crisis_consumer_does_not_start(stand: Stand) -> None:
    relay = stand.relay(HAVEN_NOTIFY_INTERNAL_ADDRESS="")

    assert "HAVEN_NOTIFY_INTERNAL_ADDRESS: required" in last_words(relay)


def test_a_worker_for_a_class_that_does_not_exist_does_not_start(stand: Stand) -> None:
    worker = stand.worker(HAVEN_MESSAGE_CLASSES="crisis,urgent")

    assert "HAVEN_MESSAGE_CLASSES: some of crisis" in last_words(worker)


def test_a_worker_whose_queue_exists_differently_does_not_consume(stand: Stand) -> None:
    publisher = Publisher(stand.amqp_uri)
    publisher.open()
    publisher.connection.channel().queue_declare(CASES, durable=True, auto_delete=False)
    publisher.close()

    said = last_words(stand.worker())

    assert "TOPOLOGY_DIFFERS" in said
    assert "Traceback" not in said
