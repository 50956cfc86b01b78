"""Words in a live room's chat that worry are a signal about the patient who wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import resources_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from services.crisis.codec.names import SOURCE_NUMBERS
from services.crisis.codec.rooms import signal_of_chat
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.builders import NOON
from tests.unit.crisis.house import House, sealed


def a_risk(**changes: Any) -> sessions_pb2.ChatRiskRaised:
    place = sessions_pb2.LocationAttested(
        location_id="l-1",
        patient_id="p-1",
        state="VA",
        address_ciphertext=sealed("1 First Street"),
        callback_number_ciphertext=sealed("a number"),
    )
    place.attest_time.FromDatetime(NOON)
    values = {
        "chat_risk_id": "c-1",
        "session_id": "s-1",
        "patient_id": "p-1",
        "severity": sessions_pb2.CHAT_RISK_SEVERITY_MODERATE,
        "number": 7,
        "location_id": "l-1",
        "location": place,
    }
    event = sessions_pb2.ChatRiskRaised(**{**values, **changes})
    event.raise_time.FromDatetime(NOON)
    return event


def test_it_is_a_signal_of_its_own_source_with_the_place_it_brought_along() -> None:
    signal = signal_of_chat(a_risk())

    assert (signal.fact_id, signal.patient_id) == ("c-1", "p-1")
    assert (signal.source, signal.severity) == (Source.CHAT, Severity.MODERATE)
    assert (signal.raise_time, signal.location_id) == (NOON, "l-1")
    assert signal.location is not None
    assert signal.location.state == "VA"
    assert SOURCE_NUMBERS[Source.CHAT] == resources_pb2.CASE_SOURCE_CHAT


@pytest.mark.parametrize("severity", [sessions_pb2.CHAT_RISK_SEVERITY_UNSPECIFIED, 99])
def test_a_severity_that_is_not_known_is_the_highest(severity: Any) -> None:
    assert signal_of_chat(a_risk(severity=severity)).severity is Severity.HIGH


@pytest.mark.parametrize("field", ["chat_risk_id", "patient_id"])
def test_one_without_its_key_or_its_patient_is_parked_and_alarms(field: str) -> None:
    with pytest.raises(InvalidArgument):
        signal_of_chat(a_risk(**{field: ""}))


def test_a_place_that_is_anothers_holds_nothing_up() -> None:
    assert signal_of_chat(a_risk(patient_id="p-2")).location is None


def test_the_same_message_and_another_are_one_case() -> None:
    house = House().staffed()
    for risk_id in ("c-1", "c-1", "c-2"):
        house.hear(a_risk(chat_risk_id=risk_id))

    assert len(house.cases) == 1
    assert house.woken == ["dr-one"]
