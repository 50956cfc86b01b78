"""Names, classes, queues: all follows from an event's message, or the process does not start."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested
from haven.sessions.v1.events_pb2 import SafetySignalRaised

from chassis.errors import FailedPrecondition
from chassis.topology import (
    RETRY_DELAYS,
    Catalogue,
    MessageClass,
    exchange_name,
    load_catalogue,
    queue_name,
    queue_names,
    retry_queue_names,
    spec_of,
    topology_of,
)
from chassis.topology.catalogue import catalogue_of
from tests.unit.chassis.events import CRISIS, a_module, an_event

SERVICES = ("intake", "scheduling", "sessions", "crisis", "notify")


@pytest.mark.parametrize(
    ("message", "routing_key"),
    [(CaseOpened, "case.opened.v1"), (SafetySignalRaised, "safety-signal.raised.v1")],
)
def test_the_routing_key_is_the_message_name(message: type[Message], routing_key: str) -> None:
    assert spec_of(message).routing_key == routing_key


def test_an_event_is_addressed_by_its_own_package() -> None:
    spec = spec_of(CaseOpened)

    assert spec.type == "haven.crisis.v1.CaseOpened"
    assert exchange_name(spec.service) == "crisis.events"


def test_a_queue_names_consumer_event_and_class() -> None:
    assert queue_name("notify", spec_of(PageRequested)) == "notify.on-page-requested.crisis"
    assert queue_name("intake", spec_of(CaseOpened)) == "intake.on-case-opened.clinical"


def test_every_queue_has_its_waiting_queues_and_its_dead_queue() -> None:
    queue = queue_name("intake", spec_of(CaseOpened))

    assert queue_names(queue) == [
        queue,
        f"{queue}.retry-1s",
        f"{queue}.retry-10s",
        f"{queue}.dead",
    ]


def test_a_crisis_event_never_waits_in_a_retry_queue() -> None:
    assert retry_queue_names(queue_name("notify", spec_of(PageRequested))) == []


def test_retries_are_bounded_and_outlast_a_failover_of_the_database() -> None:
    assert 300 < sum(RETRY_DELAYS) < 3600


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (an_event(has_policy=False), "has no event_policy"),
        (an_event(message_class=0), "has no message_class"),
        (an_event(consumers=()), "needs consumers"),
        (an_event(consumers=("intake", "intake")), "needs consumers"),
        (an_event(consumers=("nobody",)), "names a consumer that does not exist"),
        (an_event(consumers=("../intake",)), "names a consumer that does not exist"),
        (an_event("Opened"), "is not named"),
        (an_event("case_opened"), "is not named"),
        (an_event(package="haven.crisis"), "is not named"),
        (an_event(package="other.crisis.v1"), "is not named"),
    ],
)
def test_an_event_that_does_not_say_enough_is_refused(event: type[Message], fault: str) -> None:
    with pytest.raises(FailedPrecondition, match=fault) as refused:
        spec_of(event)
    assert refused.value.reason == "TOPOLOGY_INVALID"


def test_every_fault_of_a_catalogue_is_told_at_once() -> None:
    broken = a_module(
        an_event("CaseOpened", has_policy=False), an_event("CaseClosed", consumers=())
    )

    with pytest.raises(FailedPrecondition, match=r"CaseOpened.*CaseClosed"):
        catalogue_of([broken])


def test_two_events_may_not_come_through_one_queue() -> None:
    mine, theirs = an_event(package="haven.crisis.v1"), an_event(package="haven.notify.v1")

    with pytest.raises(FailedPrecondition, match="two events named case-opened"):
        catalogue_of([a_module(mine), a_module(theirs)])


def test_the_catalogue_of_all_services_holds_together() -> None:
    catalogue = load_catalogue(SERVICES)

    assert catalogue.events["haven.crisis.v1.PageRequested"].message is PageRequested
    assert {spec.service for spec in catalogue.events.values()} == set(SERVICES)
    crisis = {spec.type for spec in catalogue.consumed_by("crisis")}
    assert "haven.intake.v1.RiskRaised" in crisis
    assert "haven.crisis.v1.CaseOpened" not in crisis


def test_a_service_declares_what_it_publishes_and_what_it_consumes_and_no_more() -> None:
    topology = topology_of(load_catalogue(SERVICES), service="notify")

    queues = {queue.name for queue in topology.queues}
    assert "notify.on-page-requested.crisis" in queues  # consumed
    assert "crisis.on-message-failed.crisis" in queues  # published
    assert "intake.on-case-opened.clinical" not in queues


def test_nothing_can_be_lost_on_the_way_between_queues() -> None:
    for queue in topology_of(load_catalogue(SERVICES)).queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"
        if not queue.name.endswith(".dead"):
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"


def test_every_hop_leads_to_a_queue_that_is_declared() -> None:
    topology = topology_of(load_catalogue(SERVICES))
    names = {queue.name for queue in topology.queues}

    targets = {
        queue.arguments["x-dead-letter-routing-key"]
        for queue in topology.queues
        if "x-dead-letter-routing-key" in queue.arguments
    }
    assert targets <= names
    assert {binding.queue for binding in topology.bindings} <= names
    assert {binding.exchange for binding in topology.bindings} == set(topology.exchanges)


def test_definitions_are_what_a_broker_can_import() -> None:
    event = an_event(message_class=CRISIS)
    topology = topology_of(Catalogue({"haven.crisis.v1.CaseOpened": spec_of(event)}))

    definitions: dict[str, Any] = topology.definitions("haven")

    assert [each["name"] for each in definitions["exchanges"]] == ["crisis.events"]
    assert [each["name"] for each in definitions["queues"]] == [
        "intake.on-case-opened.crisis",
        "intake.on-case-opened.crisis.dead",
    ]
    assert definitions["bindings"][0]["routing_key"] == "case.opened.v1"
    assert {each["vhost"] for each in definitions["queues"]} == {"haven"}


def test_classes_are_those_of_the_contract() -> None:
    assert [each.value for each in MessageClass] == ["crisis", "clinical", "schedule", "bulk"]
