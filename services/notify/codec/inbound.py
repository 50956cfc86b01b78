"""Inbound texts on the wire and as documents. Their words are in one answer, and nowhere else."""

from __future__ import annotations

from types import MappingProxyType

from google.protobuf.message import Message
from haven.notify.v1 import events_pb2, notify_pb2

from chassis.decode import Fields
from chassis.store import Document
from clinical.risk import Severity
from services.notify.codec.names import READ_PURPOSES
from services.notify.domain.commands import RevealText
from services.notify.domain.events import InboundReviewRequested, InboundRiskRaised
from services.notify.domain.inbound import InboundEntry, OpenText

SEVERITIES = MappingProxyType(
    {each: events_pb2.InboundSeverity.Value(f"INBOUND_SEVERITY_{each.name}") for each in Severity}
)
PLAIN = (
    "patient_id", "provider", "sender_key", "sender_ciphertext", "text_ciphertext", "receive_time",
    "wish",
)  # fmt: skip


def risk_raised(event: InboundRiskRaised) -> Message:
    """The message that brings somebody."""
    message = events_pb2.InboundRiskRaised(
        inbound_risk_id=event.inbound_risk_id,
        inbound_id=event.inbound_id,
        patient_id=event.patient_id,
        severity=SEVERITIES[event.severity],
        sender_key=event.sender_key,
        sender_ciphertext=event.sender_ciphertext,
    )
    message.receive_time.FromDatetime(event.receive_time)
    return message


def review_requested(event: InboundReviewRequested) -> Message:
    """The message that has a human read the text."""
    message = events_pb2.InboundReviewRequested(
        inbound_review_id=event.inbound_review_id,
        inbound_id=event.inbound_id,
        patient_id=event.patient_id,
        sender_key=event.sender_key,
        sender_ciphertext=event.sender_ciphertext,
    )
    message.receive_time.FromDatetime(event.receive_time)
    return message


def reveal_text(request: notify_pb2.GetInboundTextRequest) -> RevealText:
    """Whose words, and why."""
    fields = Fields(request)
    command = RevealText(fields.identifier("inbound_id"), fields.enum("purpose", READ_PURPOSES))
    fields.done()
    return command


def get_text(text: OpenText) -> notify_pb2.GetInboundTextResponse:
    """The words, for the one who asked."""
    answer, entry = notify_pb2.GetInboundTextResponse(), text.entry
    told = answer.inbound_text
    told.inbound_id, told.words = entry.id, text.words
    told.patient_ids.extend(entry.patient_ids)
    told.receive_time.FromDatetime(entry.receive_time)
    told.findings.extend(entry.findings)
    told.is_review_requested = entry.is_review_requested
    if entry.severity is not None:
        told.severity = SEVERITIES[entry.severity]
    return answer


def entry_document(entry: InboundEntry) -> Document:
    """A text as it is kept: ciphertext, and codes of what was found in it."""
    return {
        **{name: getattr(entry, name) for name in PLAIN},
        "patient_ids": list(entry.patient_ids),
        "staff_ids": list(entry.staff_ids),
        "severity": entry.severity.name.lower() if entry.severity else "",
        "findings": list(entry.findings),
        "is_page_answer": entry.is_page_answer,
        "is_review_requested": entry.is_review_requested,
        "is_answerable": entry.is_answerable,
    }


def entry_from(document: Document) -> InboundEntry:
    """The text as it was kept."""
    severity = document["severity"]
    return InboundEntry(
        id=document["_id"],
        provider=document["provider"],
        sender_key=document["sender_key"],
        sender_ciphertext=bytes(document["sender_ciphertext"]),
        text_ciphertext=bytes(document["text_ciphertext"]),
        receive_time=document["receive_time"],
        patient_ids=tuple(document["patient_ids"]),
        staff_ids=tuple(document["staff_ids"]),
        wish=document["wish"],
        severity=Severity[severity.upper()] if severity else None,
        findings=tuple(document["findings"]),
        is_page_answer=document["is_page_answer"],
        # Absent on what was kept before anybody was asked to read.
        is_review_requested=document.get("is_review_requested", False),
        is_answerable=document["is_answerable"],
        version=document["version"],
    )
