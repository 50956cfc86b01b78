"""A text that worries opens or joins its patient's case."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from haven.notify.v1 import events_pb2

from chassis.errors import FailedPrecondition, InvalidArgument
from services.crisis.codec.inbound import signal_of_text
from services.crisis.domain.signal import Severity, Source

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


def test_two_strangers_do_not_become_one_case() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        signal_of_text(a_risk(patient_id=""))

    assert refused.value.reason == "INBOUND_SENDER_UNKNOWN"


def test_a_text_without_its_key_is_parked_and_alarms() -> None:
    with pytest.raises(InvalidArgument):
        signal_of_text(a_risk(inbound_risk_id=""))
