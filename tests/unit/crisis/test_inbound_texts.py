"""A text that worries opens or joins its patient's case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from haven.notify.v1 import events_pb2

from chassis.errors import InvalidArgument
from services.crisis.codec import pack_answers
from services.crisis.codec.inbound import signal_of_text
from services.crisis.domain.commands import IdentifyPatient, RevealPack
from services.crisis.domain.signal import Severity, Source
from tests.unit.crisis.house import House, sealed

RECEIVED = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def a_risk(**changes: Any) -> Any:
    values = {
        "inbound_risk_id": "r-1",
        "inbound_id": "t-1",
        "patient_id": "p-1",
        "severity": events_pb2.INBOUND_SEVERITY_MODERATE,
    }
    event = events_pb2.InboundRiskRaised(**{**values, **changes})
    event.receive_time.FromDatetime(RECEIVED)
    return event


def test_a_text_is_a_signal_about_its_patient() -> None:
    signal = signal_of_text(a_risk())

    assert (signal.fact_id, signal.patient_id) == ("r-1", "p-1")
    assert (signal.source, signal.severity) == (Source.INBOUND_TEXT, Severity.MODERATE)
    assert signal.raise_time == RECEIVED


@pytest.mark.parametrize("severity", [events_pb2.INBOUND_SEVERITY_UNSPECIFIED, 99])
def test_a_severity_that_is_not_known_is_the_highest(severity: Any) -> None:
    assert signal_of_text(a_risk(severity=severity)).severity is Severity.HIGH


def test_a_strangers_text_is_about_nobody_yet_and_can_be_answered() -> None:
    signal = signal_of_text(a_risk(patient_id="", sender_key="k-1", sender_ciphertext=b"number"))

    assert (signal.patient_id, signal.sender_key) == ("", "k-1")
    assert signal.sender_ciphertext == b"number"
    assert "number" not in repr(signal)


def stranger(house: House, risk_id: str, sender_key: str) -> None:
    house.hear(
        a_risk(
            inbound_risk_id=risk_id,
            patient_id="",
            sender_key=sender_key,
            sender_ciphertext=sealed(f"number of {sender_key}"),
        )
    )


def test_two_strangers_do_not_become_one_case_and_one_stranger_not_two() -> None:
    house = House().staffed()
    stranger(house, "r-1", "k-1")
    stranger(house, "r-2", "k-2")
    stranger(house, "r-3", "k-1")

    assert len(house.cases) == 2
    assert house.woken == ["dr-one", "dr-one"]


def test_the_responder_of_a_strangers_case_gets_the_number_to_call_back() -> None:
    house = House().staffed()
    stranger(house, "r-1", "k-1")

    command = RevealPack(house.only_case(), "emergency_response")
    pack = house.crisis.pack_queries.reveal(house.call("dr-one"), command)

    assert pack_answers.emergency_pack(pack).emergency_pack.sender_number == "number of k-1"


def test_a_stranger_who_became_known_texts_in_the_own_case_and_another_may_come() -> None:
    house = House().staffed()
    stranger(house, "r-1", "k-1")
    command = IdentifyPatient(house.only_case(), "p-1")
    house.crisis.cases.identify(house.call("dr-one"), command)
    house.hear(a_risk(inbound_risk_id="r-2"))
    assert len(house.cases) == 1

    stranger(house, "r-3", "k-1")  # notify does not know the number yet
    assert len(house.cases) == 2


def test_a_text_without_its_key_is_parked_and_alarms() -> None:
    with pytest.raises(InvalidArgument):
        signal_of_text(a_risk(inbound_risk_id=""))
