"""Signals become cases, cases become pages, and clinicians act; all of it once."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.call import Role
from chassis.errors import InvalidArgument
from chassis.store import AlreadyDone
from services.crisis.domain.commands import IdentifyPatient, OpenCase, ReportConcern
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import NOON, WAIT
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def test_raised_risk_opens_a_case_and_pages_whoever_is_on_call(house: House) -> None:
    house.risk()

    assert house.woken == ["dr-one"]
    assert house.deadline(house.only_case()) == NOON + WAIT


def test_a_safety_signal_opens_a_case_of_high_severity(house: House) -> None:
    signal_id = house.signal()

    (opened,) = house.store.emitted(events_pb2.CaseOpened)
    assert (opened.severity, opened.safety_signal_id) == (events_pb2.SEVERITY_HIGH, signal_id)


@pytest.mark.parametrize(
    ("tier", "severity"),
    [
        (intake_pb2.RISK_TIER_LOW, "low"),
        (intake_pb2.RISK_TIER_MODERATE, "moderate"),
        (intake_pb2.RISK_TIER_HIGH, "high"),
        (intake_pb2.RISK_TIER_NONE, "low"),
        (intake_pb2.RISK_TIER_UNSPECIFIED, "high"),
        (77, "high"),
    ],
)
def test_a_tier_that_is_missing_or_unknown_counts_as_the_highest(
    house: House, tier: Any, severity: Any
) -> None:
    house.risk(tier=tier)

    assert [case["severity"] for case in house.cases] == [severity]


def test_a_clinicians_worry_opens_a_case(house: House) -> None:
    case = house.crisis.cases.open(house.call("dr-nine"), OpenCase("p-1", Severity.MODERATE))

    assert (case.severity, house.woken) == (Severity.MODERATE, ["dr-one"])


def test_what_a_caller_said_opens_a_case_in_its_own_name(house: House) -> None:
    desk = house.call("front-desk", Role.COORDINATOR)
    case = house.crisis.cases.report(desk, ReportConcern("p-1", Severity.HIGH))

    assert (case.source, case.severity, house.woken) == (
        Source.CALLER_REPORT,
        Severity.HIGH,
        ["dr-one"],
    )
    again = house.crisis.cases.report(desk, ReportConcern("p-1", Severity.LOW))
    assert (again.id, again.severity) == (case.id, Severity.HIGH)


def test_a_caller_who_cannot_say_whom_they_mean_opens_a_case_of_its_own(house: House) -> None:
    desk = house.call("front-desk", Role.COORDINATOR)
    one, two = (house.crisis.cases.report(desk, ReportConcern("", Severity.HIGH)) for _ in range(2))

    assert one.id != two.id
    assert not one.is_patient_known
    assert house.woken == ["dr-one", "dr-one"]
    known = house.crisis.cases.identify(house.call("dr-one"), IdentifyPatient(one.id, "p-1"))
    assert (known.id, known.patient_id) == (one.id, "p-1")


def test_signals_about_one_patient_join_the_one_open_case(house: House) -> None:
    house.risk(tier=intake_pb2.RISK_TIER_HIGH)
    house.signal()
    house.crisis.cases.open(house.call("dr-nine"), OpenCase("p-1", Severity.LOW))

    assert len(house.cases) == 1
    assert house.woken == ["dr-one"]


def test_two_patients_have_two_cases(house: House) -> None:
    house.risk("p-1")
    house.risk("p-2")

    assert sorted(case["patient_id"] for case in house.cases) == ["p-1", "p-2"]


def test_the_same_patient_id_of_another_tenant_is_another_person(house: House) -> None:
    house.risk("p-1")
    house.risk("p-1", tenant_id="harbor")

    assert sorted(case["tenant_id"] for case in house.cases) == ["harbor", "river"]


def test_one_fact_has_one_effect_however_often_it_comes(house: House) -> None:
    risk_id = house.risk()
    for _ in range(100):
        house.risk(risk_id=risk_id)

    assert house.woken == ["dr-one"]
    assert len(house.store.documents("case_acts")) == 2


def test_one_event_has_one_effect_by_both_its_ways(house: House) -> None:
    house.risk(event_id="e-1", risk_id="r-1")

    with pytest.raises(AlreadyDone):
        house.risk(event_id="e-1", risk_id="r-1")


def test_a_late_repeat_of_a_fact_does_not_open_the_case_again_after_its_end(house: House) -> None:
    risk_id = house.risk(tier=intake_pb2.RISK_TIER_MODERATE)
    case_id = house.only_case()
    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    house.risk(risk_id=risk_id)

    assert len(house.cases) == 1
    assert len(house.pages) == 1


def test_new_risk_after_the_end_of_a_case_opens_another(house: House) -> None:
    house.risk()
    case_id = house.only_case()
    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    house.risk()

    assert [case["is_open"] for case in house.cases] == [False, True]


def test_an_event_without_its_key_is_parked_instead_of_guessed(house: House) -> None:
    with pytest.raises(InvalidArgument) as refused:
        house.risk(risk_id="")

    assert refused.value.reason == "EVENT_FIELD_MISSING"
