"""A patient who came and cannot be served in the group is contacted; one at risk wakes the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from haven.sessions.v1 import events_pb2 as sessions_pb2

from services.crisis.codec import rooms
from services.crisis.domain.case import Case
from services.crisis.domain.follow_up import CancelReason, FollowUp, Kind, OwnerRole, State
from services.crisis.domain.signal import Severity, Source
from services.crisis.domain.timeline import ActKind
from tests.unit.crisis.builders import (
    NOON,
    a_case,
    a_cover,
    a_policy,
    a_signal,
    acknowledged,
    after,
    contacted,
    kinds,
    woken,
)
from tests.unit.crisis.house import House


@pytest.fixture
def house() -> House:
    return House().staffed()


def held(house: House, hold_id: str = "h-1", deadline: datetime | None = None) -> None:
    event = sessions_pb2.PatientHeld(hold_id=hold_id, session_id="s-1", patient_id="p-1")
    event.hold_time.FromDatetime(house.clock.now())
    if deadline is not None:
        event.contact_deadline_time.FromDatetime(deadline)
    house.hear(event)


def served(house: House, hold_id: str = "h-1") -> None:
    event = sessions_pb2.HeldPatientServed(hold_id=hold_id, session_id="s-1", patient_id="p-1")
    event.serve_time.FromDatetime(house.clock.now())
    house.hear(event)


def contacts(house: House) -> list[FollowUp]:
    return house.follow_ups(Kind.INDIVIDUAL_CONTACT)


def alarm(alarm_id: str = "a-1") -> sessions_pb2.EndangeredPatientAtDoor:
    place = sessions_pb2.LocationAttested(location_id="l-1", patient_id="p-1", state="VA")
    place.attest_time.FromDatetime(NOON)
    event = sessions_pb2.EndangeredPatientAtDoor(
        door_alarm_id=alarm_id, session_id="s-1", patient_id="p-1", location=place
    )
    event.alarm_time.FromDatetime(NOON)
    return event


def test_somebody_is_to_be_in_touch_by_the_deadline(house: House) -> None:
    held(house, deadline=after(minutes=15))
    (contact,) = contacts(house)
    assert (contact.due_time, contact.owner.role) == (after(minutes=15), OwnerRole.CLINICIAN)
    assert contact.escalate_time == contact.due_time


@pytest.mark.parametrize("deadline", [None, after(minutes=1)])
def test_whoever_is_told_late_or_without_a_deadline_has_ten_minutes(
    house: House, deadline: datetime | None
) -> None:
    held(house, deadline=deadline)
    assert contacts(house)[0].due_time == after(minutes=10)


def test_a_hold_that_is_heard_of_again_is_one_contact(house: House) -> None:
    held(house)
    held(house)
    held(house, "h-2")
    assert sorted(each.origin_id for each in contacts(house)) == ["h-1", "h-2"]


def test_who_is_in_the_group_after_all_needs_no_contact_for_that_hold(house: House) -> None:
    held(house)
    held(house, "h-2")
    served(house)
    states = {each.origin_id: (each.state, each.cancel_reason) for each in contacts(house)}
    assert states == {
        "h-1": (State.CANCELLED, CancelReason.PATIENT_CAME),
        "h-2": (State.OPEN, None),
    }


def test_somebody_at_risk_at_the_door_is_told_to_their_case_or_opens_one(house: House) -> None:
    house.hear(alarm())
    house.hear(alarm("a-2"))
    (case,) = house.cases
    assert (case["source"], case["severity"], case["location_id"]) == (
        "patient_at_door",
        "high",
        "l-1",
    )


AT_DOOR = a_signal(fact_id="a-1", safety_signal_id="", source=Source.PATIENT_AT_DOOR)


def met(case: Case) -> Case:
    """The case after its patient was seen at the door."""
    case.meet(AT_DOOR, policy=a_policy(version=2), cover=a_cover(), now=after(minutes=5))
    return case


def test_while_nobody_has_the_case_people_are_being_called_already() -> None:
    case = a_case()
    before = woken(case)
    assert woken(met(case)) == before
    assert kinds(case)[-1] is ActKind.SIGNAL_JOINED


@pytest.mark.parametrize("taken", [acknowledged, contacted])
def test_whoever_has_the_case_is_told_at_once_and_keeps_it_with_its_deadline(
    taken: Callable[[], Case],
) -> None:
    case = taken()
    state, deadline, count = case.state, case.next_deadline, len(woken(case))
    met(case)
    assert woken(case)[count:] == ["dr-one"]
    assert (case.state, case.next_deadline) == (state, deadline)
    assert ActKind.REOPENED not in kinds(case)


def test_a_case_that_is_less_severe_is_raised_first() -> None:
    case = met(acknowledged(Severity.MODERATE))
    assert case.severity is Severity.HIGH


def test_it_is_as_high_as_can_be() -> None:
    signal = rooms.signal_of_door(alarm())
    assert (signal.severity, signal.source) == (Severity.HIGH, Source.PATIENT_AT_DOOR)
    assert (signal.fact_id, signal.safety_signal_id) == ("a-1", "")
