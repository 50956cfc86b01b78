"""A lost signal on a real broker becomes a case for the supervisors, from its headers alone."""

from __future__ import annotations

from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions_pb2
from prometheus_client import REGISTRY

from chassis.broker import Outgoing, Publisher
from chassis.dead_letters import count_dead
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.topology import (
    Catalogue,
    MessageClass,
    declare,
    load_catalogue,
    queue_name,
    topology_of,
)
from cli.environment import SERVICES
from cli.servers import RabbitServer
from services.crisis.auditor import SERVICES as AUDITED
from services.crisis.domain.findings import About
from services.crisis.gateways.dead_queues import BrokerDeadQueues, watched
from tests.integration.crisis.auditing import Watchman, watchman
from tests.integration.crisis.ward import TENANT, Ward
from tests.waiting import eventually

SIGNALS = "crisis.on-safety-signal-raised.crisis"
PAGES = "notify.on-page-requested.crisis"
ANSWERS = "crisis.on-message-failed.crisis"


def prepare(uri: str) -> None:
    """Declare what the crisis class needs."""
    events = load_catalogue(SERVICES).events
    crisis = {
        name: spec for name, spec in events.items() if spec.message_class is MessageClass.CRISIS
    }
    publisher = Publisher(uri)
    publisher.open()
    publisher.prepare(lambda each: declare(each, topology_of(Catalogue(crisis))))
    publisher.close()


@pytest.fixture
def broker(vhost: str) -> str:
    """A vhost with every crisis-class queue and nothing in it."""
    prepare(vhost)
    return vhost


@pytest.fixture
def auditor(ward: Ward) -> Any:
    made = watchman(ward)
    yield made
    made.close()


def park(broker: str, queue: str, *, id: str = "", body: bytes = b"\xff", **headers: object) -> str:
    """Put a message into a dead queue as a worker would that cannot take it."""
    id = id or new_id()
    publisher = Publisher(broker)
    publisher.open()
    properties = {"application_headers": {"tenant_id": TENANT, "aggregate_id": "a-1", **headers}}
    sent = publisher.publish([Outgoing(id, "", f"{queue}.dead", body, properties=properties)])
    assert sent.confirmed == [id]
    publisher.close()
    return id


def look(auditor: Watchman, broker: str, *, times: int = 1) -> None:
    """So many rounds over the dead queues."""
    rounds = auditor.dead_letters(BrokerDeadQueues(broker, load_catalogue(AUDITED)))
    for _ in range(times):
        rounds.turn()
    rounds.close()


def test_a_parked_call_for_help_opens_one_case_for_the_supervisors(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    park(broker, SIGNALS)

    look(auditor, broker, times=3)

    (case,) = ward.cases()
    assert (case["patient_id"], case["source"], case["severity"]) == ("", "dead_letter", "high")
    message = eventually(lambda: ward.messages(state="delivered"), within=10)[0]
    assert message["recipient_id"] == "supervisor-pool", "and its page leaves like any other"


def test_two_parked_calls_are_two_cases_and_both_stay_parked(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    for _ in range(2):
        park(broker, SIGNALS)

    look(auditor, broker, times=2)

    assert len(ward.cases()) == 2
    dead = f"{SIGNALS}.dead"
    eventually(lambda: count_dead(broker, [dead])[dead] == 2, within=10)


def test_a_call_without_an_id_opens_one_case_however_often_it_is_seen(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    park(broker, SIGNALS, id="no id of ours", create_time="2026-03-02T12:00:00+00:00")

    look(auditor, broker, times=3)

    assert len(ward.cases()) == 1


def test_what_the_body_says_is_not_read(ward: Ward, auditor: Watchman, broker: str) -> None:
    signal = sessions_pb2.SafetySignalRaised(safety_signal_id=new_id(), patient_id="p-named")
    park(broker, SIGNALS, body=signal.SerializeToString())

    look(auditor, broker)

    assert [case["patient_id"] for case in ward.cases()] == [""]


def test_a_lost_page_of_a_known_case_opens_no_second_case(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    ward.signal("p-1")
    park(broker, PAGES, aggregate_id=ward.case_of("p-1")["_id"])

    look(auditor, broker)

    assert len(ward.cases()) == 1


def test_a_lost_page_of_a_case_that_nobody_knows_is_looked_at_by_supervisors(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    park(broker, PAGES, aggregate_id=new_id())

    look(auditor, broker)

    assert len(ward.cases(source="dead_letter")) == 1


@pytest.mark.parametrize("consumer", ["sessions", "intake"])
def test_word_of_a_case_that_a_patients_side_never_heard_is_told_until_it_is_taken(
    ward: Ward, auditor: Watchman, broker: str, consumer: str
) -> None:
    ward.signal("p-1")
    case_id = ward.case_of("p-1")["_id"]
    ward.acknowledge(case_id)
    acknowledged = {"type": "haven.crisis.v1.CaseAcknowledged"}
    row = ward.client[ward.databases["crisis"]]["outbox"].find_one(acknowledged)
    assert row is not None
    park(broker, f"{consumer}.on-case-acknowledged.crisis", id=row["_id"], aggregate_id=case_id)

    look(auditor, broker)
    assert parked_without_effect() == 1
    assert len(ward.cases()) == 1, "the case itself goes on by its own deadlines"

    ward.crisis_store.receipt([row["_id"]], consumer)
    look(auditor, broker)
    assert parked_without_effect() == 0


def parked_without_effect() -> float:
    labels = {"kind": "dead_letter"}
    return REGISTRY.get_sample_value("haven_crisis_audit_findings", labels) or 0.0


def test_a_lost_answer_and_a_foreign_tenant_open_nothing(
    ward: Ward, auditor: Watchman, broker: str
) -> None:
    park(broker, ANSWERS)
    park(broker, SIGNALS, tenant_id="elsewhere")

    look(auditor, broker)

    assert ward.cases() == []


def test_a_queue_tells_what_its_message_does_not() -> None:
    """Every crisis-class way is watched, to whomever it leads and whatever is in the headers."""
    catalogue = load_catalogue(SERVICES)
    ways = {(each.queue, each.consumer) for each in watched(catalogue)}

    assert {(SIGNALS, "crisis"), (PAGES, "notify"), (ANSWERS, "crisis")} <= ways
    assert ways == {
        (queue_name(consumer, spec), consumer)
        for spec in catalogue.events.values()
        if spec.message_class is MessageClass.CRISIS
        for consumer in spec.consumers
    }
    assert all(each.spec.message_class is MessageClass.CRISIS for each in watched(catalogue))
    assert set(AUDITED) == set(SERVICES)


def test_what_is_read_of_a_parked_event_has_the_form_of_ours(broker: str) -> None:
    park(broker, SIGNALS, aggregate_id="Wren\nSample", create_time="yesterday")
    park(broker, PAGES, id="3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c11")

    first, second = BrokerDeadQueues(broker, load_catalogue(SERVICES)).parked()

    pages, signals = sorted((first, second), key=lambda each: each.about.value)
    assert (signals.about, signals.aggregate_id, signals.time) == (About.SIGNAL, "", None)
    assert (pages.about, pages.event_id) == (About.CASE, "3f0c0f4e-6f39-4f58-8f2d-0b6f0f1d3c11")


def test_without_a_broker_the_look_fails_and_the_audit_goes_on(
    ward: Ward, auditor: Watchman
) -> None:
    ward.signal("p-1")
    nowhere = "amqp://guest:guest@127.0.0.1:1/"

    with pytest.raises(Unavailable):
        look(auditor, nowhere)
    auditor.rounds.turn()

    assert auditor.found() == []


@pytest.fixture
def own_broker(server_folder: Any) -> Any:
    server = RabbitServer(server_folder / "frozen").start()
    yield server
    server.abandon()


def test_a_frozen_broker_holds_no_audit(
    ward: Ward, auditor: Watchman, own_broker: RabbitServer
) -> None:
    prepare(own_broker.uri)
    own_broker.freeze()

    with pytest.raises(Unavailable):
        look(auditor, own_broker.uri)
    own_broker.thaw()
    park(own_broker.uri, SIGNALS)

    def has_case() -> bool:
        look(auditor, own_broker.uri)
        return len(ward.cases()) == 1

    assert eventually(has_case, within=30)
