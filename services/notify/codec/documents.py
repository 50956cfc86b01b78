"""Aggregates as documents and back."""

from __future__ import annotations

from chassis.store import Document
from clinical.risk import Severity
from services.notify.domain.answer import Answer, Answered
from services.notify.domain.attempt import Receipt
from services.notify.domain.contact import ContactPoint, PatientContact
from services.notify.domain.link import Link
from services.notify.domain.message import (
    Attempt,
    Channel,
    Message,
    MessageClass,
    Page,
    State,
)
from services.notify.domain.template import TemplateRef
from services.notify.domain.wording import Language

SEVERITIES = {each.name.lower(): each for each in Severity}
PLAIN = (
    "recipient_id", "patient_id", "accept_time", "expire_time", "end_time", "reason", "basis",
    "traceparent", "is_superseded",
)  # fmt: skip


# A due time lies in the field of its message's class, each with a loop of its own: no message
# stands before one of another class.
DUE_FIELDS = {each: f"{each.value}_attempt_time" for each in MessageClass}


def message_document(message: Message) -> Document:
    """A message as it is stored; its due time lies in the field of its loop."""
    page = message.page or Page("", "", 0)
    return {
        **{name: getattr(message, name) for name in PLAIN},
        "message_class": message.message_class.value,
        "template_id": message.template.id,
        "template_version": message.template.version,
        "state": message.state.value,
        "next_attempt_time": message.next_attempt,
        **dict.fromkeys(DUE_FIELDS.values()),
        DUE_FIELDS[message.message_class]: message.next_attempt,
        "is_page": message.page is not None,
        "page_id": page.page_id,
        "case_id": page.case_id,
        "case_version": page.case_version,
        "page_severity": page.severity.name.lower() if page.severity else "",
        "attempts": [_attempt_document(each) for each in message.attempts],
        "series_start": message.series_start,
        # Found by what a provider calls them.
        "references": sorted({each.reference for each in message.attempts if each.reference}),
        "answers": [
            {"answer": each.answer.value, "channel": each.channel.value, "answer_time": each.time}
            for each in message.answers
        ],
    }


def message_from(document: Document) -> Message:
    """The message as it was stored."""
    severity = SEVERITIES.get(document.get("page_severity", ""))
    page = Page(
        document["page_id"], document["case_id"], document["case_version"], severity=severity
    )
    return Message(
        # What earlier releases did not keep yet has its default.
        **{name: document[name] for name in PLAIN if name in document},
        id=document["_id"],
        message_class=MessageClass(document["message_class"]),
        template=TemplateRef(document["template_id"], document["template_version"]),
        state=State(document["state"]),
        next_attempt=document["next_attempt_time"],
        page=page if document["is_page"] else None,
        attempts=tuple(_attempt_from(each) for each in document["attempts"]),
        series_start=document.get("series_start", 0),
        answers=tuple(
            Answered(Answer(each["answer"]), Channel(each["channel"]), each["answer_time"])
            for each in document.get("answers", [])
        ),
        version=document["version"],
    )


def _attempt_document(attempt: Attempt) -> Document:
    return {
        "channel": attempt.channel.value,
        "start_time": attempt.start,
        "end_time": attempt.end,
        "reason": attempt.reason,
        "again_time": attempt.again,
        "provider": attempt.provider,
        "reference": attempt.reference,
        "receipt": attempt.receipt.value,
        "receipt_due_time": attempt.receipt_due,
        "receipt_time": attempt.receipt_time,
    }


def _attempt_from(document: Document) -> Attempt:
    """An attempt as it was stored; one of an earlier release may be made again at any time."""
    end = document["end_time"]
    return Attempt(
        channel=Channel(document["channel"]),
        start=document["start_time"],
        end=end,
        reason=document["reason"],
        again=document.get("again_time", end if document["reason"] else None),
        provider=document.get("provider", ""),
        reference=document.get("reference", ""),
        receipt=Receipt(document.get("receipt", "")),
        receipt_due=document.get("receipt_due_time"),
        receipt_time=document.get("receipt_time"),
    )


def contact_point_document(point: ContactPoint) -> Document:
    """A contact point as it is stored."""
    return {
        "recipient_id": point.recipient_id,
        "channel": point.channel.value,
        "address_ciphertext": point.address_ciphertext,
        "masked_address": point.masked_address,
        "rank": point.rank,
        "gone_time": point.gone_time,
    }


def contact_point_from(document: Document) -> ContactPoint:
    """The contact point as it was stored."""
    return ContactPoint(
        id=document["_id"],
        recipient_id=document["recipient_id"],
        channel=Channel(document["channel"]),
        address_ciphertext=bytes(document["address_ciphertext"]),
        masked_address=document["masked_address"],
        rank=document.get("rank", 0),
        gone_time=document.get("gone_time"),
        version=document["version"],
    )


def link_document(link: Link) -> Document:
    """A one-time link as it is stored; its key is the hash of its token."""
    return {
        "message_id": link.message_id,
        "recipient_id": link.recipient_id,
        "expire_time": link.expire_time,
        "use_time": link.use_time,
        "language": link.language.value,
    }


def link_from(document: Document) -> Link:
    """The link as it was stored."""
    return Link(
        id=document["_id"],
        message_id=document["message_id"],
        recipient_id=document["recipient_id"],
        expire_time=document["expire_time"],
        use_time=document["use_time"],
        language=Language(document.get("language", Language.ENGLISH)),
        version=document["version"],
    )


def patient_contact_document(contact: PatientContact) -> Document:
    """A copy of a patient's contact, without its key."""
    return {
        "patient_id": contact.patient_id,
        "email_ciphertext": contact.email_ciphertext,
        "phone_ciphertext": contact.phone_ciphertext,
        "time_zone": contact.time_zone,
    }


def patient_contact_from(document: Document) -> PatientContact:
    """The contact as it came."""
    return PatientContact(
        patient_id=document["patient_id"],
        email_ciphertext=bytes(document["email_ciphertext"]),
        phone_ciphertext=bytes(document["phone_ciphertext"]),
        time_zone=document["time_zone"],
    )
