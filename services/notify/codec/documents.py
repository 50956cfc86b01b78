"""Aggregates as documents and back."""

from __future__ import annotations

from chassis.store import Document
from services.notify.domain.contact import ContactPoint, PatientContact
from services.notify.domain.message import (
    Attempt,
    Channel,
    Message,
    MessageClass,
    Page,
    State,
)
from services.notify.domain.template import TemplateRef

PLAIN = (
    "recipient_id", "patient_id", "accept_time", "expire_time", "end_time", "reason", "basis",
    "traceparent",
)  # fmt: skip


def message_document(message: Message) -> Document:
    """A message as it is stored; its due time lies in the field of its loop."""
    is_crisis = message.message_class is MessageClass.CRISIS
    page = message.page or Page("", "", 0)
    return {
        **{name: getattr(message, name) for name in PLAIN},
        "message_class": message.message_class.value,
        "template_id": message.template.id,
        "template_version": message.template.version,
        "state": message.state.value,
        "next_attempt_time": message.next_attempt,
        "crisis_attempt_time": message.next_attempt if is_crisis else None,
        "other_attempt_time": None if is_crisis else message.next_attempt,
        "is_page": message.page is not None,
        "page_id": page.page_id,
        "case_id": page.case_id,
        "case_version": page.case_version,
        "attempts": [
            {
                "channel": each.channel.value,
                "start_time": each.start,
                "end_time": each.end,
                "reason": each.reason,
            }
            for each in message.attempts
        ],
    }


def message_from(document: Document) -> Message:
    """The message as it was stored."""
    page = Page(document["page_id"], document["case_id"], document["case_version"])
    return Message(
        # What earlier releases did not keep yet has its default.
        **{name: document[name] for name in PLAIN if name in document},
        id=document["_id"],
        message_class=MessageClass(document["message_class"]),
        template=TemplateRef(document["template_id"], document["template_version"]),
        state=State(document["state"]),
        next_attempt=document["next_attempt_time"],
        page=page if document["is_page"] else None,
        attempts=tuple(
            Attempt(Channel(each["channel"]), each["start_time"], each["end_time"], each["reason"])
            for each in document["attempts"]
        ),
        version=document["version"],
    )


def contact_point_document(point: ContactPoint) -> Document:
    """A contact point as it is stored."""
    return {
        "recipient_id": point.recipient_id,
        "channel": point.channel.value,
        "address_ciphertext": point.address_ciphertext,
        "masked_address": point.masked_address,
    }


def contact_point_from(document: Document) -> ContactPoint:
    """The contact point as it was stored."""
    return ContactPoint(
        id=document["_id"],
        recipient_id=document["recipient_id"],
        channel=Channel(document["channel"]),
        address_ciphertext=bytes(document["address_ciphertext"]),
        masked_address=document["masked_address"],
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
