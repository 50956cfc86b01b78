"""From commit to effect, through every process, with nothing broken."""

from __future__ import annotations

from tests.integration.chassis.bus.stand import Stand, spans
from tests.waiting import eventually


def test_a_committed_event_has_its_effect_in_the_consumer(stand: Stand) -> None:
    stand.ready("relay", "worker")

    event_id = stand.case()

    stand.has_effect(event_id)
    stand.settle()
    assert stand.dead() == 0


def test_events_committed_before_anything_ran_are_not_lost(stand: Stand) -> None:
    events = [stand.case() for _ in range(20)]

    stand.relay()
    stand.worker()

    for event_id in events:
        stand.has_effect(event_id)
    stand.settle()


def test_a_crisis_event_that_comes_both_ways_has_one_effect(stand: Stand) -> None:
    _, worker, relay = stand.ready("api", "worker", "relay")

    event_id = stand.page()

    stand.has_effect(event_id)
    stand.settle()
    eventually(
        lambda: worker.metric("haven_event_handled_total", queue="notify.on-page-requested.crisis"),
        within=10,
    )
    assert relay.metric("haven_event_delivered_total") >= 1
    assert stand.effects(event_id) == 1


def test_a_crisis_event_that_is_published_and_taken_by_nobody_is_shown_until_it_is_taken(
    stand: Stand,
) -> None:
    (relay,) = stand.ready("relay")
    event_id = stand.page()
    eventually(lambda: stand.is_published(event_id), within=20)

    def shown() -> float:
        return relay.metric("haven_outbox_oldest_awaiting_timestamp_seconds", service="crisis")

    eventually(shown, within=20)
    stand.ready("worker", "api")
    stand.settle()
    eventually(lambda: shown() == 0, within=20)


def test_one_trace_goes_through_outbox_broker_and_consumer(stand: Stand) -> None:
    export = stand.folder / "spans.jsonl"
    traced = {"HAVEN_TRACE_EXPORT": f"file:{export}"}
    for each in [stand.relay(**traced), stand.worker(**traced)]:
        each.is_ready()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    stand.publisher.traceparent = lambda: parent

    event_id = stand.case()

    stand.has_effect(event_id)
    found = eventually(
        lambda: [span for span in spans(export) if span["name"] == "on case-opened"], within=10
    )
    assert found[0]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert found[0]["service"] == "notify"


def test_processes_end_in_order_when_told(stand: Stand) -> None:
    running = stand.ready("relay", "worker", "api")

    for each in running:
        each.child.stop(within=15)

    assert [each.child.exit_code for each in running] == [0, 0, 0]
