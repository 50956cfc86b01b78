"""A patient in danger goes from a live room: more people are woken, whoever has the case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import FailedPrecondition
from chassis.ids import new_id
from services.crisis.codec import rooms
from services.crisis.domain.case import Case
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity, Source
from services.crisis.domain.timeline import ActKind
from tests.unit.crisis.builders import (
    NOON,
    WAIT,
    a_case,
    a_cover,
    a_policy,
    a_signal,
    acknowledged,
    after,
    climbed,
    contacted,
    kinds,
    woken,
)
from tests.unit.crisis.house import House


def deserted(case: Case, at: datetime, *, left: datetime | None = None) -> Case:
    """The case after its patient has gone."""
    signal = a_signal(
        fact_id="departure-1",
        safety_signal_id="",
        source=Source.PATIENT_LEFT,
        raise_time=left or at,
        departure="lost",
    )
    case.desert(signal, policy=a_policy(version=2), cover=a_cover(), now=at)
    return case


def departure(
    *, patient_id: str = "p-1", departure_id: str = "", left: datetime = NOON, **parts: Any
) -> sessions_pb2.EndangeredPatientLeft:
    event = sessions_pb2.EndangeredPatientLeft(
        departure_id=departure_id or new_id(),
        safety_signal_id="signal-1",
        session_id="s-1",
        patient_id=patient_id,
        **{"kind": sessions_pb2.DEPARTURE_KIND_LEFT, **parts},
    )
    event.leave_time.FromDatetime(left)
    return event


def test_of_a_case_that_nobody_has_the_next_rung_fires_at_once() -> None:
    case = deserted(a_case(), after(seconds=5))

    assert woken(case) == ["dr-one", "dr-two"]
    assert case.next_deadline == after(seconds=5) + WAIT
    assert kinds(case)[-4:] == [
        ActKind.SIGNAL_JOINED,
        ActKind.PATIENT_LEFT,
        ActKind.ESCALATED,
        ActKind.PAGED,
    ]


def test_the_timeline_says_how_the_patient_went() -> None:
    case = deserted(a_case(), after(seconds=5))

    (act,) = [act for _, act in case.timeline.fresh if act.kind is ActKind.PATIENT_LEFT]
    assert (act.detail, act.actor_id) == ("lost", "service:sessions")


def test_the_last_rung_is_woken_again() -> None:
    case = climbed(climbed(a_case(), after(seconds=30)), after(seconds=60))
    deserted(case, after(seconds=65))

    assert woken(case)[-2:] == ["supervisor-pool", "supervisor-pool"]
    assert len({event.page_id for event in case.events if hasattr(event, "page_id")}) == 4


def test_an_owner_keeps_the_case_and_its_deadline_and_is_woken_with_the_next_people() -> None:
    case = acknowledged()
    deadline = case.contact_deadline
    deserted(case, after(seconds=30))

    assert (case.state, case.owner_id) == (State.ACKNOWLEDGED, "dr-one")
    assert case.contact_deadline == deadline
    assert woken(case) == ["dr-one", "dr-one", "dr-two"]


def test_whoever_is_woken_beside_the_owner_may_come() -> None:
    case = deserted(acknowledged(), after(seconds=30))
    case.acknowledge("dr-two", "clinician", after(seconds=40))

    assert case.owner_id == "dr-one"
    assert case.responders.helpers == ("dr-two",)


def test_a_milder_case_becomes_as_grave_as_the_call_and_begins_its_ladder() -> None:
    case = deserted(climbed(a_case(Severity.LOW), after(seconds=30)), after(seconds=40))

    assert (case.severity, case.ladder.rung) == (Severity.HIGH, 0)
    assert case.ladder.policy.version == 2
    assert woken(case) == ["dr-one", "dr-two", "dr-one"]


def test_the_owner_of_a_milder_case_is_woken_and_so_are_the_first_people_of_the_new_ladder() -> (
    None
):
    case = acknowledged(Severity.LOW)
    case.hand_over("dr-one", "dr-nine", after(seconds=15))
    case.acknowledge("dr-nine", "clinician", after(seconds=20))
    deserted(case, after(seconds=30))

    assert (case.state, case.owner_id) == (State.ACKNOWLEDGED, "dr-nine")
    assert case.severity is Severity.HIGH
    assert woken(case)[-2:] == ["dr-nine", "dr-one"]


def test_contact_after_the_departure_answers_it_and_the_timeline_shows_both() -> None:
    case = contacted()
    events = list(case.events)
    deserted(case, after(minutes=3), left=after(minutes=1))

    assert case.state is State.CONTACTED
    assert case.events == events
    assert kinds(case)[-2:] == [ActKind.SIGNAL_JOINED, ActKind.PATIENT_LEFT]


def test_a_departure_after_contact_opens_the_case_again_for_whoever_is_on_call() -> None:
    case = deserted(contacted(), after(minutes=3))

    assert (case.state, case.owner_id) == (State.OPEN, "")
    assert woken(case) == ["dr-one", "dr-one"]
    assert kinds(case).count(ActKind.REOPENED) == 1


def test_a_resolved_case_does_not_take_it() -> None:
    case = contacted()
    case.resolve("dr-two", "mobile_crisis", after(minutes=5))
    for left in (after(minutes=1), after(minutes=6)):
        with pytest.raises(FailedPrecondition):
            deserted(case, after(minutes=6), left=left)


def test_the_departure_joins_the_case_of_its_signal_and_wakes_the_next_people() -> None:
    house = House().staffed()
    house.signal()
    house.hear(departure())

    house.only_case()
    assert house.woken == ["dr-one", "dr-two"]


def test_one_departure_has_one_effect_whichever_way_and_however_often_it_comes() -> None:
    house = House().staffed()
    house.signal()
    event = departure()
    for _ in range(3):
        house.hear(event)

    assert house.woken == ["dr-one", "dr-two"]
    left = [act for act in house.acts() if act["kind"] == "patient_left"]
    assert [act["detail"] for act in left] == ["left"]


def test_each_departure_wakes_further_people() -> None:
    house = House().staffed()
    house.signal()
    for _ in range(2):
        house.hear(departure())

    assert house.woken == ["dr-one", "dr-two", "supervisor-pool"]


def test_a_departure_that_overtakes_its_signal_opens_the_case_that_the_signal_joins() -> None:
    house = House().staffed()
    house.hear(departure())
    signal_id = house.signal()

    (case,) = house.cases
    assert (case["severity"], case["source"]) == ("high", "patient_left")
    assert house.woken == ["dr-one"]
    told = house.store.emitted(events_pb2.CaseOpened)
    assert [each.safety_signal_id for each in told] == ["", signal_id]
    assert [act["kind"] for act in house.acts()][:2] == ["opened", "patient_left"]


def test_after_the_case_was_closed_another_one_opens_and_speaks_for_no_signal() -> None:
    house = House().staffed()
    house.signal()
    closed = house.only_case()
    house.acknowledge(closed)
    house.contact(closed)
    house.resolve(closed)
    house.hear(departure())

    (case,) = [each for each in house.cases if each["is_open"]]
    assert (case["patient_id"], case["severity"]) == ("p-1", "high")
    assert house.store.emitted(events_pb2.CaseOpened)[-1].safety_signal_id == ""


def test_a_milder_case_of_the_patient_is_joined_and_raised() -> None:
    house = House().staffed()
    house.risk(tier=intake_pb2.RISK_TIER_LOW)
    house.hear(departure())

    house.only_case()
    assert house.cases[0]["severity"] == "high"
    assert house.woken == ["dr-one", "dr-one"]


def test_the_place_comes_along_and_is_the_newest_that_counts() -> None:
    house = House().staffed()
    house.signal(location_id="l-1")
    place = sessions_pb2.LocationAttested(location_id="l-2", patient_id="p-1", state="VA")
    house.hear(departure(left=after(minutes=1), location=place))

    assert [each["_id"] for each in house.store.documents("locations")] == ["l-2"]
    assert house.cases[0]["location_id"] == "l-2"


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (sessions_pb2.DEPARTURE_KIND_LEFT, "left"),
        (sessions_pb2.DEPARTURE_KIND_LOST, "lost"),
        (sessions_pb2.DEPARTURE_KIND_DISMISSED, "dismissed"),
        (99, "left"),
    ],
)
def test_however_they_went_it_is_of_high_severity(kind: Any, detail: str) -> None:
    signal = rooms.signal_of_departure(departure(kind=kind))

    assert (signal.severity, signal.source) == (Severity.HIGH, Source.PATIENT_LEFT)
    assert signal.departure == detail
