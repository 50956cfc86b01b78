"""Time passes, and clinicians act or do not."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from prometheus_client import REGISTRY

from chassis.call import Role
from chassis.errors import FailedPrecondition, NotFound
from chassis.ids import new_id
from chassis.store import AlreadyAnswered
from services.crisis.domain.commands import AcknowledgeCase
from services.crisis.domain.escalation import SUPERVISOR_POOL
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import NOON, WAIT, after, person, rotation_target, rung
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def test_an_unanswered_case_wakes_rung_after_rung(house: House) -> None:
    house.risk()
    house.time_passes(seconds=30)
    house.time_passes(seconds=30)
    house.time_passes(seconds=30)

    assert house.woken == ["dr-one", "dr-two", "supervisor-pool", "supervisor-pool"]
    assert [page.cycle for page in house.pages] == [0, 0, 0, 1]


def test_a_ladder_of_one_person_goes_on_with_the_supervisors(house: House) -> None:
    house.put_policy(Severity.HIGH, (rung(person("dr-one")),))
    house.risk()
    house.time_passes(seconds=30)
    house.time_passes(seconds=30)

    assert house.woken == ["dr-one", *["dr-one", "supervisor-pool"] * 2]


def test_if_the_only_named_person_cannot_be_reached_the_supervisors_are_paged_at_once(
    house: House,
) -> None:
    house.put_policy(Severity.HIGH, (rung(person("dr-one")),))
    house.risk()
    house.page_failed(house.pages[0])

    assert house.woken == ["dr-one", "dr-one", "supervisor-pool"]


def test_a_rung_does_not_fire_before_its_time(house: House) -> None:
    house.risk()
    house.time_passes(seconds=29.9)

    assert house.woken == ["dr-one"]


def test_two_relays_that_find_the_same_deadline_fire_it_once(house: House) -> None:
    house.risk()
    house.clock.advance(WAIT)
    for _ in range(2):
        call = house.call("service:crisis", Role.WORKLOAD)
        house.crisis.cases.climb(call, house.only_case())

    assert house.woken == ["dr-one", "dr-two"]


def test_an_acknowledged_case_wakes_nobody_else(house: House) -> None:
    house.risk()
    house.acknowledge(house.only_case())
    house.time_passes(seconds=200)

    assert house.woken == ["dr-one"]


def test_an_acknowledged_case_without_contact_climbs_again(house: House) -> None:
    house.risk()
    house.acknowledge(house.only_case())
    house.time_passes(seconds=301)

    assert house.woken == ["dr-one", "dr-two"]


def test_a_case_that_became_worse_in_somebody_s_hands_begins_with_its_first_rung_again(
    house: House,
) -> None:
    house.risk(tier=intake_pb2.RISK_TIER_LOW)
    house.acknowledge(house.only_case(), "dr-two")
    house.signal()
    house.time_passes(minutes=30)
    house.time_passes(seconds=30)

    assert house.woken == ["dr-one", "dr-two", "dr-one", "dr-two"]


def test_a_supervisors_role_is_told_as_such(house: House) -> None:
    house.risk()
    call = house.call("boss", Role.CLINICIAN, Role.SUPERVISOR)
    house.crisis.cases.acknowledge(call, AcknowledgeCase(house.only_case()))

    (event,) = house.store.emitted(events_pb2.CaseAcknowledged)
    assert (event.owner_id, event.owner_role) == ("boss", "supervisor")


def test_the_same_clinician_acknowledging_twice_changes_nothing(house: House) -> None:
    house.risk()
    first = house.acknowledge(house.only_case())
    house.clock.advance(after(seconds=60) - NOON)
    second = house.acknowledge(house.only_case())

    assert second.contact_deadline == first.contact_deadline
    assert len(house.store.emitted(events_pb2.CaseAcknowledged)) == 1


def test_a_repeated_request_gets_the_first_answer(house: House) -> None:
    house.risk()
    request_id = new_id()
    house.acknowledge(house.only_case(), request_id=request_id)

    with pytest.raises(AlreadyAnswered) as repeated:
        house.acknowledge(house.only_case(), request_id=request_id)

    assert repeated.value.answer == b"answer"


def test_two_clinicians_at_once_one_has_it_and_the_other_is_told(house: House) -> None:
    house.risk()
    house.acknowledge(house.only_case(), "dr-one")

    with pytest.raises(FailedPrecondition) as refused:
        house.acknowledge(house.only_case(), "dr-two")

    assert refused.value.reason == "CASE_ALREADY_ACKNOWLEDGED"


def test_a_clinician_of_another_tenant_does_not_find_the_case(house: House) -> None:
    house.risk()

    with pytest.raises(NotFound):
        house.acknowledge(house.only_case(), tenant_id="harbor")


def test_a_page_that_cannot_be_sent_wakes_the_next_rung_at_once(house: House) -> None:
    house.risk()
    house.page_failed(house.pages[0])

    assert house.woken == ["dr-one", "dr-two"]


def test_a_failed_message_that_was_no_page_concerns_no_case(house: House) -> None:
    house.risk()
    house.hear(notify_pb2.MessageFailed(message_id="m-1", recipient_id="p-1", reason="EXPIRED"))

    assert house.woken == ["dr-one"]


def test_a_delivered_page_is_on_the_timeline(house: House) -> None:
    house.risk()
    page = house.pages[0]
    house.hear(
        notify_pb2.MessageDelivered(
            message_id="m-1", page_id=page.page_id, recipient_id="dr-one", channel="email"
        )
    )

    acts = [act["kind"] for act in house.store.documents("case_acts")]
    assert acts == ["opened", "paged", "page_delivered"]


def test_a_tenant_that_configured_nothing_still_has_a_case_that_wakes_its_supervisors() -> None:
    house = House()
    house.risk()
    house.time_passes(seconds=60)

    assert house.woken == ["supervisor-pool", "supervisor-pool"]
    assert house.deadline(house.only_case()) == after(seconds=120)


def test_a_hole_in_a_rotation_wakes_the_supervisors_and_is_counted() -> None:
    house = House()
    house.put_policy(Severity.HIGH, (rung(rotation_target("not-made-yet")),))
    before = metric("haven_crisis_rungs_uncovered_total", severity="high")

    house.risk()

    assert house.woken == ["supervisor-pool"]
    assert metric("haven_crisis_rungs_uncovered_total", severity="high") == before + 1


def test_the_time_to_acknowledge_is_measured_from_the_moment_nobody_has_the_case(
    house: House,
) -> None:
    name = "haven_crisis_time_to_acknowledge_seconds_sum"
    before = metric(name, severity="high")
    house.risk()
    house.clock.advance(after(seconds=12) - NOON)
    house.acknowledge(house.only_case())

    assert metric(name, severity="high") == before + 12


def test_the_time_to_contact_is_measured_from_the_signal_whoever_lost_the_case_meanwhile(
    house: House,
) -> None:
    name, count = (f"haven_crisis_time_to_contact_seconds_{each}" for each in ("sum", "count"))
    before, counted = metric(name, severity="high"), metric(count, severity="high")
    house.risk()
    house.acknowledge(house.only_case())
    house.time_passes(minutes=5)  # and nobody reached the patient: the case climbs again
    house.acknowledge(house.only_case(), by="dr-two")
    house.clock.advance(after(seconds=40) - NOON)
    house.contact(house.only_case(), by="dr-two")

    assert metric(name, severity="high") == before + 340
    assert metric(count, severity="high") == counted + 1


def test_a_patient_who_calls_again_after_contact_is_waiting_anew(house: House) -> None:
    name, count = (f"haven_crisis_time_to_contact_seconds_{each}" for each in ("sum", "count"))
    house.risk()
    house.acknowledge(house.only_case())
    house.contact(house.only_case())
    before, counted = metric(name, severity="high"), metric(count, severity="high")
    house.clock.advance(after(hours=2) - NOON)
    house.contact(house.only_case())  # again: nobody was waiting
    house.signal()
    house.clock.advance(after(seconds=20) - NOON)
    house.acknowledge(house.only_case())
    house.contact(house.only_case())

    assert metric(name, severity="high") == before + 20
    assert metric(count, severity="high") == counted + 1


def test_a_new_rotation_is_asked_when_the_next_rung_fires(house: House) -> None:
    house.risk()
    house.put_rotation("back-up", "dr-night")
    house.time_passes(seconds=30)

    assert house.woken == ["dr-one", "dr-night"]


def test_an_edited_ladder_does_not_move_the_deadlines_of_an_open_case(house: House) -> None:
    house.risk()
    house.put_policy(Severity.HIGH, (rung(SUPERVISOR_POOL),))
    house.time_passes(seconds=30)

    assert house.woken == ["dr-one", "dr-two"]


def test_every_step_is_in_the_patients_audit_trail(house: House) -> None:
    house.risk()
    case_id = house.only_case()
    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    rows = [row for row in house.store.documents("audit_entries") if row["patient_id"] == "p-1"]
    assert [row["actor_id"] for row in rows] == ["service:peer", "dr-one", "dr-one", "dr-two"]


def metric(name: Any, **labels: Any) -> Any:
    return REGISTRY.get_sample_value(name, labels) or 0.0
