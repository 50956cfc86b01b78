"""Texts that worry, as notify tells of them."""

from __future__ import annotations

from datetime import UTC

from haven.notify.v1 import events_pb2 as notify_pb2

from chassis.errors import InvalidArgument
from services.crisis.domain.signal import Severity, Signal, Source

# A severity that this release does not know counts as the highest.
SEVERITIES = {
    notify_pb2.INBOUND_SEVERITY_LOW: Severity.LOW,
    notify_pb2.INBOUND_SEVERITY_MODERATE: Severity.MODERATE,
    notify_pb2.INBOUND_SEVERITY_HIGH: Severity.HIGH,
}


def signal_of_text(event: notify_pb2.InboundRiskRaised) -> Signal:
    """A text that somebody must look at; from a number that nobody knows, about nobody yet."""
    if not event.inbound_risk_id:
        raise InvalidArgument("EVENT_FIELD_MISSING", "inbound_risk_id is missing")
    return Signal(
        fact_id=event.inbound_risk_id,
        patient_id=event.patient_id,
        source=Source.INBOUND_TEXT,
        severity=SEVERITIES.get(event.severity, Severity.HIGH),
        reporter_id="service:notify",
        sender_key=event.sender_key,
        sender_ciphertext=event.sender_ciphertext,
        raise_time=event.receive_time.ToDatetime(tzinfo=UTC),
    )
