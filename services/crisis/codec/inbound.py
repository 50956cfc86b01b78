"""What notify tells besides pages: texts that worry, texts to be read, whom a page can reach."""

from __future__ import annotations

from datetime import UTC

from haven.notify.v1 import events_pb2 as notify_pb2

from chassis.errors import InvalidArgument
from services.crisis.domain.aftercare_commands import ReadText
from services.crisis.domain.follow_up import Text
from services.crisis.domain.reach import Reach
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
        inbound_id=event.inbound_id,
        sender_key=event.sender_key,
        sender_ciphertext=event.sender_ciphertext,
        raise_time=event.receive_time.ToDatetime(tzinfo=UTC),
    )


def text_to_read(event: notify_pb2.InboundReviewRequested) -> ReadText:
    """A text of which no rule says what it means."""
    if not event.inbound_review_id or not event.inbound_id:
        raise InvalidArgument("EVENT_FIELD_MISSING", "the text or its review has no id")
    return ReadText(
        inbound_review_id=event.inbound_review_id,
        patient_id=event.patient_id,
        text=Text(event.inbound_id, event.sender_key, event.sender_ciphertext),
        receive_time=event.receive_time.ToDatetime(tzinfo=UTC),
    )


def reach_of_staff(event: notify_pb2.StaffReachChanged) -> Reach:
    """All whom a page can reach; of somebody proved and not named in full, that they can be."""
    proved = frozenset(event.proved_recipient_ids)
    return Reach(proved | frozenset(event.recipient_ids), proved)
