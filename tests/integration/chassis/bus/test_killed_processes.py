"""Processes killed at named points: every committed event still has exactly one effect."""

from __future__ import annotations

from chassis.topology import MessageClass
from tests.integration.chassis.bus.stand import CASES, PAGES, Stand
from tests.waiting import eventually


def test_a_worker_killed_between_commit_and_acknowledgement_has_no_second_effect(
    stand: Stand,
) -> None:
    stand.relay().is_ready()
    doomed = stand.worker(HAVEN_FAILPOINTS="subscribe.before-ack=kill")
    event_id = stand.case()
    doomed.was_killed()
    assert stand.effects(event_id) == 1, "killed before its commit: the window was not hit"

    heir = stand.worker().is_ready()

    def came_again() -> bool:
        return heir.metric("haven_event_redelivered_total", queue=CASES) == 1

    eventually(came_again, within=20)
    eventually(
        lambda: heir.metric("haven_event_handled_total", queue=CASES, outcome="repeated"), within=20
    )
    assert stand.effects(event_id) == 1
    assert stand.dead() == 0


def test_a_relay_killed_between_confirm_and_mark_publishes_again_without_a_second_effect(
    stand: Stand,
) -> None:
    worker = stand.worker().is_ready()
    event_id = stand.case()
    doomed = stand.relay(HAVEN_FAILPOINTS="relay.after-confirm=kill")
    doomed.was_killed()
    stand.has_effect(event_id)
    assert not stand.is_published(event_id), "marked before the kill: the window was not hit"

    stand.relay()

    eventually(lambda: stand.is_published(event_id), within=20)
    eventually(
        lambda: worker.metric("haven_event_handled_total", queue=CASES, outcome="repeated") == 1,
        within=20,
    )
    assert stand.effects(event_id) == 1


def test_two_relays_at_once_lose_nothing_and_repeat_no_effect(stand: Stand) -> None:
    stand.worker().is_ready()
    relays = [stand.relay(), stand.relay()]
    events = [stand.case() for _ in range(100)]
    for relay in relays:
        relay.is_ready()
    events += [stand.case() for _ in range(100)]

    stand.settle()

    for event_id in events:
        stand.has_effect(event_id)
    assert stand.dead() == 0


def test_the_class_goes_to_another_relay_when_the_holder_of_its_lease_is_killed(
    stand: Stand,
) -> None:
    _, first = stand.ready("worker", "relay")
    eventually(lambda: first.metric("haven_lease_held", job="relay.clinical") == 1, within=20)
    second = stand.relay().is_ready()
    assert second.metric("haven_lease_held", job="relay.clinical") == 0

    first.child.kill()
    event_id = stand.case()

    stand.has_effect(event_id)
    eventually(lambda: second.metric("haven_lease_held", job="relay.clinical") == 1, within=20)


def test_a_worker_that_dies_on_the_same_message_again_and_again_parks_it_in_the_end(
    stand: Stand,
) -> None:
    """The broker's own delivery limit ends what no handler lives to tell."""
    stand.relay().is_ready()
    event_id = stand.page()
    eventually(lambda: stand.depth(PAGES) == 1, within=20)
    for _ in range(21):
        stand.take_and_vanish(PAGES)

    eventually(lambda: stand.depth(f"{PAGES}.dead") == 1, within=20)

    assert stand.effects(event_id) == 0
    eventually(lambda: stand.pending(MessageClass.CRISIS) == 0, within=20)
