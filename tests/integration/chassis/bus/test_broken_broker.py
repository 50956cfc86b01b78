"""A broker that is stopped, frozen or takes nothing: events wait in the outbox, and then go on."""

from __future__ import annotations

from chassis.topology import MessageClass
from cli.servers import RabbitServer
from tests.integration.chassis.bus.stand import Stand
from tests.waiting import eventually


def test_what_is_committed_while_the_broker_is_stopped_arrives_when_it_is_back(
    fragile: Stand, victim: RabbitServer
) -> None:
    relay, worker = fragile.ready("relay", "worker")
    fragile.has_effect(fragile.case())
    fragile.settle()
    victim.stop()

    events = [fragile.case() for _ in range(10)]
    assert fragile.pending() == 10
    victim.start()

    for event_id in events:
        fragile.has_effect(event_id, within=60)
    fragile.settle()
    assert relay.child.is_running
    assert worker.child.is_running
    assert fragile.dead() == 0


def test_what_is_committed_while_the_broker_is_frozen_arrives_when_it_thaws(
    fragile: Stand, victim: RabbitServer
) -> None:
    relay, worker = fragile.ready("relay", "worker")
    fragile.has_effect(fragile.case())
    fragile.settle()
    victim.freeze()

    events = [fragile.case() for _ in range(10)]
    eventually(lambda: "BROKER_UNAVAILABLE" in fragile.logs(), within=30)
    assert fragile.pending() == 10, "nothing that the broker did not confirm is marked"
    # The worker, too, has given the connection up and asks for a new one.
    eventually(lambda: "worker.no-broker" in fragile.logs(), within=60)
    victim.thaw()

    for event_id in events:
        fragile.has_effect(event_id, within=60)
    fragile.settle()
    assert relay.child.is_running
    assert worker.child.is_running
    assert fragile.dead() == 0


def test_a_broker_that_blocks_publishers_gets_everything_when_it_takes_again(
    fragile: Stand, victim: RabbitServer
) -> None:
    relay, _ = fragile.ready("relay", "worker")
    fragile.has_effect(fragile.case())
    fragile.settle()
    victim.block_publishers()

    events = [fragile.case() for _ in range(300)]
    eventually(lambda: relay.metric("haven_outbox_pending_events") == 300, within=30)
    assert fragile.pending() == 300
    victim.unblock_publishers()

    fragile.settle(within=60)
    for event_id in events:
        fragile.has_effect(event_id)
    assert fragile.dead() == 0


def test_a_dead_broker_does_not_hold_a_crisis_event(fragile: Stand, victim: RabbitServer) -> None:
    fragile.ready("api", "relay")
    fragile.has_effect(fragile.page())
    victim.stop()

    event_id = fragile.page()

    fragile.has_effect(event_id)
    assert fragile.seconds_to_effect(event_id) < 2
    eventually(lambda: not fragile.publisher.awaiting_receipts(1), within=10)
    assert fragile.pending(MessageClass.CRISIS) == 1, "still owed to the broker"


def test_a_frozen_broker_does_not_hold_a_crisis_event(fragile: Stand, victim: RabbitServer) -> None:
    fragile.ready("api", "relay")
    fragile.has_effect(fragile.page())
    victim.freeze()

    event_id = fragile.page()

    fragile.has_effect(event_id)
    assert fragile.seconds_to_effect(event_id) < 2


def test_a_dead_api_does_not_hold_a_crisis_event(stand: Stand) -> None:
    _, relay = stand.ready("worker", "relay")

    event_id = stand.page()

    stand.has_effect(event_id)
    assert stand.seconds_to_effect(event_id) < 2
    eventually(lambda: relay.metric("haven_event_delivered_total", outcome="away") >= 2, within=10)
    assert stand.publisher.awaiting_receipts(1), "repeated until the api has it, too"
    stand.api()
    eventually(lambda: not stand.publisher.awaiting_receipts(1), within=30)
    assert stand.effects(event_id) == 1


def test_a_frozen_api_does_not_hold_a_crisis_event(stand: Stand) -> None:
    _, api, _ = stand.ready("worker", "api", "relay")
    stand.has_effect(stand.page())
    api.child.freeze()

    events = [stand.page() for _ in range(20)]

    for event_id in events:
        stand.has_effect(event_id)
        assert stand.seconds_to_effect(event_id) < 2
    api.child.thaw()
    stand.settle()
