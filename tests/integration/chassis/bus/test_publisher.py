"""The publisher on a real broker: what counts as taken, and what does not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from chassis.auth.pki import ensure_local_pki
from chassis.broker import Outgoing, Published, Publisher, connect, connection_of, drop
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.topology import Topology, check, declare, load_catalogue, message_counts, topology_of
from cli.servers import RabbitServer
from cli.servers.ports import free_port
from tests.waiting import eventually

QUEUE = "notify.on-page-requested.crisis"


@pytest.fixture(scope="module")
def topology() -> Topology:
    return topology_of(load_catalogue(["crisis"]))


@pytest.fixture
def publisher(vhost: str, topology: Topology) -> Iterator[Publisher]:
    made = Publisher(vhost)
    made.open()
    made.prepare(lambda connection: declare(connection, topology))
    yield made
    made.close()


def a_page(*, exchange: str = "crisis.events", routing_key: str = "page.requested.v1") -> Outgoing:
    return Outgoing(new_id(), exchange, routing_key, b"body", properties={"type": "t"})


def depth(publisher: Publisher) -> int:
    return message_counts(publisher.connection, [QUEUE])[QUEUE]


def test_what_a_queue_holds_is_confirmed(publisher: Publisher) -> None:
    pages = [a_page() for _ in range(500)]

    known = publisher.publish(pages)

    assert sorted(known.confirmed) == sorted(page.id for page in pages)
    assert depth(publisher) == 500


def test_an_unroutable_message_is_returned_and_not_confirmed(publisher: Publisher) -> None:
    lost, page = a_page(routing_key="no.where.v1"), a_page()

    known = publisher.publish([lost, page])

    assert known == Published(confirmed=[page.id], returned=[lost.id])


def test_a_full_queue_refuses(publisher: Publisher, vhost: str) -> None:
    full = {"x-queue-type": "quorum", "x-overflow": "reject-publish", "x-max-length": 1}
    publisher.connection.channel().queue_declare(
        "full", durable=True, auto_delete=False, arguments=full
    )

    refused = [publisher.publish([a_page(exchange="", routing_key="full")]) for _ in range(5)]

    assert [known.refused for known in refused][-1] != []


def test_a_missing_exchange_costs_the_connection_and_claims_nothing(publisher: Publisher) -> None:
    known = publisher.publish([a_page(exchange="no.events")])

    assert known == Published()
    assert not publisher.is_open
    publisher.open()
    assert publisher.publish([a_page()]).confirmed


def test_messages_are_persistent_and_carry_their_id(publisher: Publisher) -> None:
    page = a_page()
    publisher.publish([page])

    received = publisher.connection.channel().basic_get(QUEUE)

    assert received.properties["message_id"] == page.id
    assert received.properties["delivery_mode"] == 2
    assert received.properties["type"] == "t"


def test_without_a_broker_opening_says_unavailable() -> None:
    with pytest.raises(Unavailable):
        Publisher(f"amqp://guest:guest@127.0.0.1:{free_port()}/").open()


def test_a_frozen_broker_confirms_nothing_and_costs_seconds_not_minutes(
    victim: RabbitServer, topology: Topology
) -> None:
    publisher = Publisher(victim.uri)
    publisher.open()
    publisher.prepare(lambda connection: declare(connection, topology))
    victim.freeze()

    known = publisher.publish([a_page() for _ in range(300)])

    assert known == Published()
    assert not publisher.is_open
    with pytest.raises(Unavailable):
        publisher.open()


def test_what_a_blocking_broker_held_is_confirmed_when_it_takes_again(
    victim: RabbitServer, topology: Topology
) -> None:
    publisher = Publisher(victim.uri)
    publisher.open()
    publisher.prepare(lambda connection: declare(connection, topology))
    victim.block_publishers()
    pages = [a_page() for _ in range(300)]

    known = publisher.publish(pages)

    held = publisher.in_flight
    assert publisher.is_blocked
    assert known.confirmed == []
    assert 0 < len(held) <= 200
    victim.unblock_publishers()
    late: set[str] = set()

    def all_confirmed() -> bool:
        late.update(publisher.tend().confirmed)
        return late == held

    eventually(all_confirmed, within=20)
    assert not publisher.is_blocked
    publisher.close()


def test_a_missing_queue_is_named(vhost: str, topology: Topology) -> None:
    connection = connect(vhost)

    with pytest.raises(Unavailable, match=QUEUE) as missing:
        check(connection, topology)

    assert missing.value.reason == "TOPOLOGY_INCOMPLETE"
    drop(connection)


def test_an_encrypted_broker_must_prove_who_it_is(tmp_path: Path) -> None:
    ensure_local_pki(tmp_path, ["broker"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "broker.pem", tmp_path / "broker-key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = threading.Thread(target=greet, args=(listener, context))
        stranger.start()

        with pytest.raises(Unavailable) as refused:
            connect(f"amqps://guest:guest@127.0.0.1:{listener.getsockname()[1]}/")

        stranger.join(timeout=10)
    assert isinstance(refused.value.__cause__, ssl.SSLCertVerificationError)


def test_an_encrypted_broker_is_checked_by_its_name() -> None:
    settings = connection_of("amqps://guest:guest@broker.haven.test/")

    assert settings.ssl == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "broker.haven.test",
    }


def greet(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Offer a certificate of an authority that nobody knows."""
    plain, _ = listener.accept()
    with suppress(OSError), context.wrap_socket(plain, server_side=True):
        raise AssertionError("the client trusted a stranger")
