"""A patient who called for help has gone: more people hear of it before their rung's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.ids import new_id
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.timeline import ActKind
from tests.integration.crisis.ward import Ward, rung_of
from tests.waiting import eventually

TEN_MINUTES = timedelta(minutes=10)  # nothing climbs by itself while a test runs
AT_ONCE = 8


@pytest.fixture
def patient_ward(ward: Ward) -> Ward:
    """The same people, each with time: whoever is woken is woken by what is told."""
    last = Rung(TEN_MINUTES, (SUPERVISOR_POOL,))
    ward.put_policy(rung_of("on-call", TEN_MINUTES), rung_of("back-up", TEN_MINUTES), last)
    return ward


def departure(ward: Ward, patient_id: str, **parts: Any) -> sessions_pb2.EndangeredPatientLeft:
    event = sessions_pb2.EndangeredPatientLeft(
        departure_id=new_id(),
        safety_signal_id=new_id(),
        session_id="s-1",
        patient_id=patient_id,
        kind=sessions_pb2.DEPARTURE_KIND_LOST,
        **parts,
    )
    event.leave_time.FromDatetime(ward.crisis_store.clock.now())
    return event


def tell(ward: Ward, acts: Sequence[Callable[[], object]]) -> None:
    """All at the same moment; whoever is told to try again does, as broker and relay do."""
    eventually(lambda: not any(ward.at_once(acts)), within=30)


def paged(ward: Ward) -> list[str]:
    """Whom notify was asked to page, in order."""
    return [message["recipient_id"] for message in ward.messages()]


def kinds(ward: Ward, patient_id: str = "p-1") -> list[ActKind]:
    return [act.kind for act in ward.timeline_of(patient_id)]


def test_the_back_up_is_paged_long_before_the_first_rung_is_over(patient_ward: Ward) -> None:
    ward = patient_ward
    ward.signal("p-1")
    ward.hear(departure(ward, "p-1"))

    eventually(lambda: "dr-two" in paged(ward), within=10)
    assert sorted(paged(ward)) == ["dr-one", "dr-two"]
    assert kinds(ward).count(ActKind.PATIENT_LEFT) == 1


def test_one_departure_heard_by_every_way_at_once_wakes_the_next_people_once(
    patient_ward: Ward,
) -> None:
    ward = patient_ward
    ward.signal("p-1")
    event, event_id = departure(ward, "p-1"), new_id()
    hear = partial(ward.hear, event, event_id=event_id)
    tell(ward, [hear] * AT_ONCE)

    assert kinds(ward).count(ActKind.PATIENT_LEFT) == 1
    assert kinds(ward).count(ActKind.ESCALATED) == 1
    eventually(lambda: "dr-two" in paged(ward), within=10)
    assert sorted(paged(ward)) == ["dr-one", "dr-two"]


def test_a_departure_and_its_signal_at_the_same_moment_are_one_case(patient_ward: Ward) -> None:
    ward = patient_ward
    patients = [f"p-{number}" for number in range(5)]
    for patient_id in patients:
        acts = [
            partial(ward.signal, patient_id, signal_id=new_id()),
            partial(ward.hear, departure(ward, patient_id), event_id=new_id()),
        ]
        tell(ward, acts)

    for patient_id in patients:
        assert ward.case_of(patient_id)["severity"] == "high"
        assert kinds(ward, patient_id).count(ActKind.PATIENT_LEFT) == 1


def test_the_owner_is_paged_again_with_the_next_people_and_keeps_the_case(
    patient_ward: Ward,
) -> None:
    ward = patient_ward
    ward.numbers = CrisisPolicy(contact_high_seconds=TEN_MINUTES.total_seconds())
    ward.signal("p-1")
    case_id = ward.case_of("p-1")["_id"]
    ward.acknowledge(case_id)
    deadline = ward.case_of("p-1")["next_deadline_time"]
    ward.hear(departure(ward, "p-1"))

    eventually(lambda: sorted(paged(ward)) == ["dr-one", "dr-one", "dr-two"], within=10)
    case = ward.case_of("p-1")
    assert (case["state"], case["owner_id"]) == ("acknowledged", "dr-one")
    assert case["next_deadline_time"] == deadline


def test_after_the_case_was_closed_another_one_opens(patient_ward: Ward) -> None:
    ward = patient_ward
    ward.signal("p-1")
    closed = ward.case_of("p-1")["_id"]
    ward.acknowledge(closed)
    ward.contact(closed)
    ward.resolve(closed)
    ward.hear(departure(ward, "p-1"))

    (case,) = ward.cases(patient_id="p-1", is_open=True)
    assert (case["source"], case["severity"]) == ("patient_left", "high")
    eventually(lambda: paged(ward) == ["dr-one", "dr-one"], within=10)
