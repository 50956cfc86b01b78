"""Whoever leads a room and comes late is shown what somebody should still look at."""

from __future__ import annotations

import pytest
from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.sessions.v1 import resources_pb2 as resources

from services.sessions.codec import frames
from services.sessions.codec.attested import timestamp
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

WORRYING = "I want to kill myself"


@pytest.fixture
def ward() -> Ward:
    """An open room with two patients; the facilitator comes later."""
    ward = Ward()
    ward.opens()
    for call in (by_patient("p-1"), by_patient("p-2")):
        ward.enters(call)
    return ward


def shown(ward: Ward) -> list[resources.ChatRisk]:
    """In the facilitator's welcome."""
    admission = ward.enters(by_facilitator())
    return list(frames.welcome(admission, heartbeat_seconds=1).welcome.chat_risks)


def resolved(ward: Ward, case_id: str = "k-1", patient_id: str = "p-1") -> Message:
    at = timestamp(ward.clock.now())
    return crisis.CaseResolved(case_id=case_id, patient_id=patient_id, resolve_time=at)


def opened(ward: Ward, case_id: str = "k-1") -> Message:
    at = timestamp(ward.clock.now())
    return crisis.CaseOpened(case_id=case_id, patient_id="p-1", open_time=at)


def test_what_was_written_before_is_in_the_welcome_with_alias_and_number(ward: Ward) -> None:
    first = ward.says(by_patient("p-2"), WORRYING)
    ward.pass_time(seconds=1)
    second = ward.says(by_patient("p-1"), WORRYING)

    assert [(risk.alias, risk.number) for risk in shown(ward)] == [
        ("Red Fox 7", first),
        ("Blue Heron 4", second),
    ]


def test_that_staff_were_shown_it_is_on_the_patients_record(ward: Ward) -> None:
    ward.says(by_patient("p-2"), WORRYING)
    rows = len(ward.store.documents("audit_entries"))
    shown(ward)
    assert "p-2" in {row["patient_id"] for row in ward.store.documents("audit_entries")[rows:]}


def test_a_case_that_was_resolved_since_settles_it(ward: Ward) -> None:
    ward.says(by_patient(), WORRYING)
    ward.hears(opened(ward), 1)
    assert len(shown(ward)) == 1
    ward.pass_time(seconds=60)
    ward.hears(resolved(ward), 2)
    assert shown(ward) == []


def test_an_older_resolution_settles_nothing(ward: Ward) -> None:
    ward.hears(opened(ward), 1)
    ward.hears(resolved(ward), 2)
    ward.pass_time(seconds=60)
    ward.says(by_patient(), WORRYING)
    assert len(shown(ward)) == 1


def test_what_goes_on_beside_a_resolution_settles_nothing(ward: Ward) -> None:
    ward.says(by_patient(), WORRYING)
    ward.hears(opened(ward, "k-2"), 1)
    ward.hears(resolved(ward), 2)
    assert len(shown(ward)) == 1


def test_a_case_about_somebody_else_settles_nothing(ward: Ward) -> None:
    ward.says(by_patient(), WORRYING)
    ward.pass_time(seconds=60)
    ward.hears(resolved(ward, patient_id="p-2"), 2)
    assert len(shown(ward)) == 1


def test_an_old_case_that_ended_long_ago_keeps_nothing_open(ward: Ward) -> None:
    ward.hears(resolved(ward, "k-0"), 5)
    ward.pass_time(seconds=60)
    ward.says(by_patient(), WORRYING)
    ward.pass_time(seconds=60)
    ward.hears(resolved(ward), 2)
    assert shown(ward) == []
