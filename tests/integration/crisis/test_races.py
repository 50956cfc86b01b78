"""Everybody at the same moment: one case, one page, one owner."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.ids import new_id
from tests.integration.crisis.ward import WAIT, Ward
from tests.waiting import eventually

PATIENTS = 20


def test_signals_about_one_patient_at_the_same_moment_make_one_case(ward: Ward) -> None:
    patients = [f"p-{number}" for number in range(PATIENTS)]
    for patient_id in patients:
        failures = ward.at_once(
            [
                partial(ward.signal, patient_id),
                partial(ward.risk, patient_id),
                partial(ward.signal, patient_id),
                partial(ward.risk, patient_id),
            ]
        )
        assert failures == [None] * 4

    assert sorted(case["patient_id"] for case in ward.cases()) == sorted(patients)
    acts = ward.client[ward.databases["crisis"]].case_acts
    assert acts.count_documents({"is_signal": True}) == 4 * PATIENTS
    assert acts.count_documents({"kind": "paged", "cycle": 0, "rung": 0}) == PATIENTS


def test_one_fact_that_comes_a_hundred_times_has_one_effect(ward: Ward) -> None:
    signal_id = new_id()
    for _ in range(10):
        failures = ward.at_once([partial(ward.signal, "p-1", signal_id=signal_id)] * 10)
        assert failures == [None] * 10

    acts = ward.client[ward.databases["crisis"]].case_acts
    assert acts.count_documents({"is_signal": True}) == 1


def test_one_event_by_both_its_ways_at_the_same_moment_has_one_effect(ward: Ward) -> None:
    event = sessions_pb2.SafetySignalRaised(safety_signal_id=new_id(), patient_id="p-1")
    both = partial(ward.hear, event, event_id=new_id())

    assert ward.at_once([both, both]) == [None, None]
    assert len(ward.cases()) == 1


def test_of_clinicians_who_acknowledge_at_the_same_moment_one_has_the_case(ward: Ward) -> None:
    ward.signal("p-1")
    case_id = ward.case_of("p-1")["_id"]
    people = [f"dr-{number}" for number in range(6)]

    failures = ward.at_once([partial(ward.acknowledge, case_id, by) for by in people])

    refused = [error.reason for error in failures if error is not None]
    assert refused == ["CASE_ALREADY_ACKNOWLEDGED"] * 5
    assert ward.case_of("p-1")["owner_id"] == people[failures.index(None)]


def test_two_relays_wake_each_rung_once(ward: Ward) -> None:
    ward.start_relay()
    for number in range(5):
        ward.signal(f"p-{number}")

    eventually(lambda: all(case["cycle"] >= 1 for case in ward.cases()), within=40)
    acts = ward.client[ward.databases["crisis"]].case_acts
    paged = [act["page_id"] for act in acts.find({"kind": "paged"})]
    assert len(set(paged)) == len(paged)


@pytest.mark.parametrize("away", [WAIT.total_seconds() * 1.5])
def test_a_deadline_that_passed_while_no_relay_ran_is_found_when_one_does(
    ward: Ward, away: Any
) -> None:
    ward.stop_relays()
    ward.signal("p-1")
    deadline = ward.case_of("p-1")["next_deadline_time"]
    eventually(lambda: ward.crisis_store.clock.now() > deadline, within=away + 5)
    assert ward.case_of("p-1")["rung"] == 0

    ward.start_relay()

    eventually(lambda: ward.case_of("p-1")["rung"] == 1, within=10)
