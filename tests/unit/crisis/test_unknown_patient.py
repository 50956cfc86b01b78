"""Somebody is in danger, and nobody knows yet who it is."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2

from chassis.call import Role
from chassis.errors import FailedPrecondition
from chassis.ids import new_id
from services.crisis.domain.case import Case
from services.crisis.domain.commands import IdentifyPatient, ResolveCase
from services.crisis.domain.signal import Severity, Signal, Source
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def text(house: House, fact_id: str = "", severity: Severity = Severity.HIGH) -> Case:
    """A text from a number that nobody knows."""
    signal = Signal(fact_id or new_id(), "", Source.INBOUND_TEXT, severity, "service:notify")
    return house.crisis.cases.take(house.call("service:notify", Role.WORKLOAD), signal)


def identify(house: House, case: Case, patient_id: str = "p-1") -> Case:
    command = IdentifyPatient(case.id, patient_id)
    return house.crisis.cases.identify(house.call("dr-one"), command)


def resolve(house: House, case_id: str, disposition: str, by: str = "dr-two") -> Case:
    return house.crisis.cases.resolve(house.call(by), ResolveCase(case_id, disposition))


def test_a_text_from_an_unknown_number_wakes_whoever_is_on_call(house: House) -> None:
    case = text(house)

    assert (case.patient_id, case.is_open) == ("", True)
    assert house.woken == ["dr-one"]


def test_two_unknown_people_have_two_cases(house: House) -> None:
    first, second = text(house), text(house)

    assert first.id != second.id
    assert len(house.cases) == 2


def test_the_same_text_twice_has_one_case(house: House) -> None:
    fact_id = new_id()

    assert text(house, fact_id).id == text(house, fact_id).id
    assert house.woken == ["dr-one"]


def test_a_case_without_a_patient_takes_no_place_from_another_one(house: House) -> None:
    house.copies_location("p-1")
    case = text(house)

    assert case.location_id == ""


def test_whoever_finds_out_who_it_is_says_so_and_the_case_is_theirs(house: House) -> None:
    case = identify(house, text(house))

    assert case.patient_id == "p-1"
    house.signal("p-1")
    assert len(house.cases) == 1


def test_a_patient_who_has_a_case_already_goes_on_in_that_one(house: House) -> None:
    house.risk("p-1")
    known = house.only_case()
    stray = text(house)

    going_on = identify(house, stray)

    assert going_on.id == known
    ended = next(case for case in house.cases if case["_id"] == stray.id)
    assert (ended["is_open"], ended["disposition"]) == (False, "merged")
    kinds = [act["kind"] for act in house.acts(known)]
    assert "signal_joined" in kinds


def pressed_for_nobody(house: House) -> tuple[Case, str]:
    """An interpreter pressed without saying for whom."""
    signal_id = new_id()
    signal = Signal(
        signal_id, "", Source.SAFETY_SIGNAL, Severity.HIGH, "guest-1", safety_signal_id=signal_id
    )
    return house.crisis.cases.take(house.call("service:sessions", Role.WORKLOAD), signal), signal_id


def test_who_called_for_a_patient_that_was_not_known_follows_the_case_in_which_it_goes_on(
    house: House,
) -> None:
    house.risk("p-1")
    known = house.only_case()
    stray, signal_id = pressed_for_nobody(house)
    identify(house, stray)

    opened = house.store.emitted(events_pb2.CaseOpened)
    assert (known, "p-1", signal_id) in [
        (each.case_id, each.patient_id, each.safety_signal_id) for each in opened
    ]


def test_identifying_twice_has_one_effect(house: House) -> None:
    house.risk("p-1")
    stray = text(house)
    identify(house, stray)
    with pytest.raises(FailedPrecondition) as refused:
        identify(house, stray)

    assert refused.value.reason == "CASE_RESOLVED"
    joined = [act for act in house.acts() if act["fact_id"] == stray.id]
    assert len(joined) == 1


def test_a_merged_signal_can_raise_the_patients_case(house: House) -> None:
    house.risk("p-1", 2)
    assert identify(house, text(house)).severity is Severity.HIGH


def test_a_case_that_has_its_patient_keeps_it(house: House) -> None:
    house.risk("p-1")
    for patient_id in ("p-1", "p-2"):
        with pytest.raises(FailedPrecondition) as refused:
            house.crisis.cases.identify(
                house.call("dr-one"), IdentifyPatient(house.only_case(), patient_id)
            )
        assert refused.value.reason == "PATIENT_KNOWN"


def test_where_there_is_no_patient_a_second_person_ends_it_without_contact(house: House) -> None:
    case = text(house)
    house.acknowledge(case.id)
    with pytest.raises(FailedPrecondition) as refused:
        resolve(house, case.id, "not_a_patient", by="dr-one")
    assert refused.value.reason == "SECOND_PERSON_REQUIRED"

    assert not resolve(house, case.id, "not_a_patient").is_open


@pytest.mark.parametrize("disposition", ["mobile_crisis", "no_immediate_risk"])
def test_no_other_end_is_possible_without_contact(house: House, disposition: str) -> None:
    case = text(house)
    house.acknowledge(case.id)

    with pytest.raises(FailedPrecondition) as refused:
        resolve(house, case.id, disposition)
    assert refused.value.reason == "CONTACT_NOT_RECORDED"


def test_a_case_of_a_patient_never_ends_as_nobodys(house: House) -> None:
    house.risk("p-1")
    house.acknowledge(house.only_case())

    with pytest.raises(FailedPrecondition) as refused:
        resolve(house, house.only_case(), "not_a_patient")
    assert refused.value.reason == "CONTACT_NOT_RECORDED"


def test_nobody_who_took_it_can_be_skipped_before_somebody_took_it(house: House) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        resolve(house, text(house).id, "not_a_patient")

    assert refused.value.reason == "CONTACT_NOT_RECORDED"


def test_the_others_hear_of_the_case_without_a_patient(house: House) -> None:
    case = text(house)
    house.acknowledge(case.id)

    (told,) = house.store.emitted(events_pb2.CaseAcknowledged)
    assert told.patient_id == ""


def test_once_identified_the_others_hear_whose_case_it_is(house: House) -> None:
    identify(house, text(house))

    heard: Any = house.store.emitted(events_pb2.CaseOpened)
    assert [event.patient_id for event in heard] == ["", "p-1"]


def test_nothing_follows_a_case_without_a_patient(house: House) -> None:
    case = text(house)
    house.acknowledge(case.id)
    resolve(house, case.id, "not_a_patient")

    assert house.store.documents("follow_ups") == []
