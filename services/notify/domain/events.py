"""What notify tells the others: of pages, of texts for a human, of whom a page can reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clinical.risk import Severity
from services.notify.domain.answer import Answered


@dataclass(frozen=True, slots=True)
class MessageDelivered:
    """A provider took a page, by one channel."""

    message_id: str
    page_id: str
    recipient_id: str
    channel: str
    deliver_time: datetime


@dataclass(frozen=True, slots=True)
class MessageFailed:
    """A page will not arrive by any channel."""

    message_id: str
    page_id: str
    recipient_id: str
    reason: str
    fail_time: datetime


@dataclass(frozen=True, slots=True)
class PageAnswered:
    """The recipient of a page said something to it, for the first time."""

    page_id: str
    case_id: str
    recipient_id: str
    said: Answered


@dataclass(frozen=True, slots=True)
class StaffReachChanged:
    """Whom of a tenant's staff a page can reach: all of them, and those by a proved channel."""

    recipient_ids: frozenset[str]
    proved_recipient_ids: frozenset[str]
    change_time: datetime


@dataclass(frozen=True, slots=True)
class InboundRiskRaised:
    """A text gives reason to look after somebody; an empty patient is somebody not known here."""

    inbound_risk_id: str
    inbound_id: str
    patient_id: str
    severity: Severity
    sender_key: str
    sender_ciphertext: bytes = field(repr=False)
    receive_time: datetime


@dataclass(frozen=True, slots=True)
class InboundReviewRequested:
    """No rule says what a text means; an empty patient is somebody not known here."""

    inbound_review_id: str
    inbound_id: str
    patient_id: str
    sender_key: str
    sender_ciphertext: bytes = field(repr=False)
    receive_time: datetime
