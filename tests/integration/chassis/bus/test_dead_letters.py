"""Poison: parked with a reason, alerted by metric, shown without its body, redriven by command."""

from __future__ import annotations

import pytest

from chassis.broker import Outgoing, Publisher
from chassis.dead_letters import count_dead, dead_queues, list_dead, redrive
from chassis.errors import InvalidArgument, NotFound
from chassis.topology import MessageClass, declare, load_catalogue, topology_of
from tests.integration.chassis.bus.effects import POISON, SECRET
from tests.integration.chassis.bus.stand import CASES, PAGES, TENANT, Stand
from tests.waiting import eventually


@pytest.fixture
def declared(vhost: str) -> str:
    """A vhost with the topology and nothing in it."""
    with_topology = Publisher(vhost)
    with_topology.open()
    with_topology.prepare(lambda each: declare(each, topology_of(load_catalogue(["crisis"]))))
    with_topology.close()
    return vhost


def park(amqp_uri: str, *messages: Outgoing) -> None:
    """Put messages into a dead queue as the broker would."""
    publisher = Publisher(amqp_uri)
    publisher.open()
    assert len(publisher.publish(messages).confirmed) == len(messages)
    publisher.close()


def a_dead(id: str = "", body: bytes = b"", **headers: object) -> Outgoing:
    return Outgoing(
        id or "3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c11",
        "",
        f"{PAGES}.dead",
        body,
        properties={"application_headers": headers},
    )


def test_a_poisoned_event_is_parked_counted_shown_and_redriven(stand: Stand) -> None:
    relay, worker = stand.ready("relay", "worker")
    case_id = f"{POISON}1"

    event_id = stand.case(case_id)

    eventually(lambda: stand.depth(f"{CASES}.dead") == 1, within=20)
    eventually(lambda: relay.metric("haven_dead_letters", queue=f"{CASES}.dead") == 1, within=20)
    assert worker.metric("haven_event_handled_total", queue=CASES, outcome="dead") == 1
    (letter,) = list_dead(stand.amqp_uri, CASES)
    assert (letter.event_id, letter.reason, letter.attempts) == (event_id, "HANDLER_FAILED", 1)
    assert (letter.type, letter.tenant_id) == ("haven.crisis.v1.CaseOpened", TENANT)
    assert SECRET.split()[0] not in stand.logs()

    stand.heal(case_id)
    assert redrive(stand.amqp_uri, CASES) == 1

    stand.has_effect(event_id)
    assert stand.dead() == 0
    eventually(lambda: relay.metric("haven_dead_letters", queue=f"{CASES}.dead") == 0, within=20)


def test_what_is_still_poison_is_parked_again_and_not_looped(stand: Stand) -> None:
    stand.ready("relay", "worker")
    stand.case(f"{POISON}1")
    eventually(lambda: stand.depth(f"{CASES}.dead") == 1, within=20)

    assert redrive(stand.amqp_uri, CASES) == 1

    eventually(lambda: stand.depth(f"{CASES}.dead") == 1, within=20)
    (letter,) = list_dead(stand.amqp_uri, CASES)
    assert letter.attempts == 1, "a redriven message starts anew"


def test_looking_takes_nothing_away(declared: str) -> None:
    park(declared, *(a_dead(f"3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c{n}") for n in (11, 12, 13)))

    assert len(list_dead(declared, PAGES)) == 3
    assert len(list_dead(declared, PAGES, limit=2)) == 2

    eventually(lambda: count_dead(declared, [f"{PAGES}.dead"])[f"{PAGES}.dead"] == 3, within=10)


def test_some_can_be_redriven_and_the_rest_left(declared: str) -> None:
    park(declared, *(a_dead(f"3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c{n}") for n in (11, 12, 13)))

    assert redrive(declared, PAGES, limit=2) == 2

    counts = count_dead(declared, [PAGES, f"{PAGES}.dead"])
    assert counts == {PAGES: 2, f"{PAGES}.dead": 1}


def test_a_foreign_message_shows_nothing_that_it_could_smuggle(declared: str) -> None:
    park(declared, a_dead("Wren Sample", tenant_id="Wren\nSample", **{"x-haven-reason": "Wren S"}))

    (letter,) = list_dead(declared, PAGES)

    assert "Wren" not in repr(letter)
    assert letter.reason == "UNKNOWN"


def test_an_empty_dead_queue_has_nothing_to_redrive(declared: str) -> None:
    assert redrive(declared, PAGES) == 0


def test_a_queue_that_does_not_exist_is_named_as_unknown(declared: str) -> None:
    with pytest.raises(NotFound) as unknown:
        redrive(declared, "notify.on-nothing-happened.bulk")
    assert unknown.value.reason == "QUEUE_UNKNOWN"


def test_the_queue_is_named_without_its_suffix(declared: str) -> None:
    with pytest.raises(InvalidArgument):
        redrive(declared, f"{PAGES}.dead")


def test_every_queue_has_a_dead_queue_to_watch() -> None:
    catalogue = load_catalogue(["crisis"])

    assert f"{PAGES}.dead" in dead_queues(catalogue)
    assert len(dead_queues(catalogue)) == sum(
        len(spec.consumers) for spec in catalogue.events.values()
    )
    assert any(each.message_class is MessageClass.CRISIS for each in catalogue.events.values())
