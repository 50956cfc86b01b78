"""What crisis understands of others, and what it tells them: ids and codes, nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from services.crisis.codec import messages, rooms
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import NOON, a_case, after, climbed


def told(case: Any, message_type: Any) -> Any:
    found = [messages.message_of(event) for event in case.events]
    return next(message for message in found if isinstance(message, message_type))


def a_finished_case() -> Any:
    case = climbed(a_case(), after(seconds=30))
    case.acknowledge("dr-two", "clinician", after(seconds=40))
    case.record_contact("dr-two", "phone", after(minutes=1))
    case.resolve("dr-one", "mobile_crisis", after(minutes=9))
    return case


def test_a_page_tells_whom_for_which_case_and_until_when() -> None:
    case = a_case()
    page = told(case, events_pb2.PageRequested)

    assert (page.case_id, page.recipient_id, page.rung, page.cycle) == (case.id, "dr-one", 0, 0)
    assert page.severity == events_pb2.SEVERITY_HIGH
    assert page.expire_time.ToDatetime(tzinfo=NOON.tzinfo) == NOON + timedelta(minutes=5)


def test_an_escalation_tells_the_rung_and_the_cycle() -> None:
    escalated = told(a_finished_case(), events_pb2.CaseEscalated)

    assert (escalated.patient_id, escalated.rung, escalated.cycle) == ("p-1", 1, 0)


def test_an_acknowledgement_tells_a_role_and_a_deadline() -> None:
    event = told(a_finished_case(), events_pb2.CaseAcknowledged)

    assert (event.owner_id, event.owner_role) == ("dr-two", "clinician")
    waits = event.contact_deadline_time.ToDatetime() - event.acknowledge_time.ToDatetime()
    assert waits == timedelta(minutes=5)


def test_an_end_tells_its_disposition_as_a_code() -> None:
    assert told(a_finished_case(), events_pb2.CaseResolved).disposition == "mobile_crisis"


def test_contact_tells_its_time() -> None:
    contacted = told(a_finished_case(), events_pb2.CaseContacted)

    assert contacted.contact_time.ToDatetime(tzinfo=NOON.tzinfo) == after(minutes=1)


def test_a_safety_signal_is_of_high_severity_whoever_pressed_it() -> None:
    for origin in (0, 1, 2, 99):
        event = sessions_pb2.SafetySignalRaised(
            safety_signal_id="s-1",
            patient_id="p-1",
            location_id="l-1",
            origin=origin,  # type: ignore[arg-type]
        )

        signal = rooms.signal_of_safety(event)

        assert (signal.severity, signal.source) == (Severity.HIGH, Source.SAFETY_SIGNAL)
        assert (signal.fact_id, signal.location_id) == ("s-1", "l-1")


@pytest.mark.parametrize(
    ("read", "event"),
    [
        (messages.signal_of_risk, intake_pb2.RiskRaised(risk_id="r-1")),
        (messages.signal_of_risk, intake_pb2.RiskRaised(patient_id="p-1")),
        (rooms.signal_of_safety, sessions_pb2.SafetySignalRaised(patient_id="p-1")),
        (rooms.signal_of_departure, sessions_pb2.EndangeredPatientLeft(patient_id="p-1")),
        (rooms.signal_of_departure, sessions_pb2.EndangeredPatientLeft(departure_id="d-1")),
        (rooms.location, sessions_pb2.LocationAttested(patient_id="p-1")),
        (messages.emergency_contact, intake_pb2.EmergencyContactRecorded()),
        (messages.screening, intake_pb2.ScreeningCompleted(patient_id="p-1")),
    ],
)
def test_an_event_that_lacks_its_key_is_refused_so_that_it_is_parked_and_alarms(
    read: Any, event: Any
) -> None:
    with pytest.raises(InvalidArgument) as refused:
        read(event)

    assert refused.value.reason == "EVENT_FIELD_MISSING"


@pytest.mark.parametrize(
    ("tier", "kept"),
    [
        (intake_pb2.RISK_TIER_NONE, "none"),
        (intake_pb2.RISK_TIER_LOW, "low"),
        (intake_pb2.RISK_TIER_MODERATE, "moderate"),
        (intake_pb2.RISK_TIER_HIGH, "high"),
        (intake_pb2.RISK_TIER_UNSPECIFIED, "high"),
        (42, "high"),
    ],
)
def test_a_finished_screening_is_kept_by_tier_and_an_unknown_tier_is_the_highest(
    tier: Any, kept: Any
) -> None:
    event = intake_pb2.ScreeningCompleted(screening_id="s-1", patient_id="p-1", tier=tier)

    assert messages.screening(event).tier == kept
