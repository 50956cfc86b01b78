"""Results as responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from haven.notify.v1 import notify_pb2, resources_pb2

from chassis.store import Page, etag_of
from services.notify.codec.names import (
    ANSWER_NUMBERS,
    CHANNEL_NUMBERS,
    CLASS_NUMBERS,
    RECEIPT_NUMBERS,
    STATE_NUMBERS,
)
from services.notify.domain.answer import Answered
from services.notify.domain.commands import Preview, Redriven
from services.notify.domain.contact import ContactPoint
from services.notify.domain.message import Attempt, Message


def register_contact_point(point: ContactPoint) -> notify_pb2.RegisterContactPointResponse:
    """The contact point, its address masked."""
    return notify_pb2.RegisterContactPointResponse(contact_point=_contact_point(point))


def list_contact_points(page: Page[ContactPoint]) -> notify_pb2.ListContactPointsResponse:
    """A part of the list."""
    return notify_pb2.ListContactPointsResponse(
        contact_points=[_contact_point(point) for point in page.items],
        next_page_token=page.next_page_token,
    )


def get_message(message: Message) -> notify_pb2.GetMessageResponse:
    """One message with its attempts."""
    return notify_pb2.GetMessageResponse(message=_message(message))


def list_messages(page: Page[Message]) -> notify_pb2.ListMessagesResponse:
    """A part of the list."""
    return notify_pb2.ListMessagesResponse(
        messages=[_message(message) for message in page.items],
        next_page_token=page.next_page_token,
    )


def preview_message(preview: Preview) -> notify_pb2.PreviewMessageResponse:
    """A wording with sample values."""
    return notify_pb2.PreviewMessageResponse(
        template_id=preview.template.id,
        template_version=preview.template.version,
        subject=preview.subject,
        body=preview.body,
    )


def resend_message(message: Message) -> notify_pb2.ResendMessageResponse:
    """The message, on its way again."""
    return notify_pb2.ResendMessageResponse(message=_message(message))


def redrive_messages(redriven: Redriven) -> notify_pb2.RedriveMessagesResponse:
    """How many go again."""
    return notify_pb2.RedriveMessagesResponse(
        redriven_count=redriven.count, has_more=redriven.has_more
    )


def _contact_point(point: ContactPoint) -> resources_pb2.ContactPoint:
    told = resources_pb2.ContactPoint(
        contact_point_id=point.id,
        recipient_id=point.recipient_id,
        channel=CHANNEL_NUMBERS[point.channel],
        masked_address=point.masked_address,
        etag=etag_of(point),
        rank=point.rank,
    )
    _set_time(told, "gone_time", point.gone_time)
    return told


def _message(message: Message) -> resources_pb2.Message:
    told = resources_pb2.Message(
        message_id=message.id,
        recipient_id=message.recipient_id,
        message_class=CLASS_NUMBERS[message.message_class],
        state=STATE_NUMBERS[message.state],
        page_id=message.page.page_id if message.page else "",
        template_id=message.template.id,
        template_version=message.template.version,
        attempts=[_attempt(attempt) for attempt in message.attempts],
        answers=[_answer(answered) for answered in message.answers],
        reason=message.reason,
        legal_basis=message.basis,
    )
    _set_time(told, "accept_time", message.accept_time)
    _set_time(told, "next_attempt_time", message.next_attempt)
    _set_time(told, "expire_time", message.expire_time)
    _set_time(told, "end_time", message.end_time)
    return told


def _attempt(attempt: Attempt) -> resources_pb2.Attempt:
    told = resources_pb2.Attempt(
        channel=CHANNEL_NUMBERS[attempt.channel],
        reason=attempt.reason,
        provider=attempt.provider,
        provider_reference=attempt.reference,
        receipt=RECEIPT_NUMBERS[attempt.receipt],
    )
    _set_time(told, "start_time", attempt.start)
    _set_time(told, "end_time", attempt.end)
    _set_time(told, "receipt_time", attempt.receipt_time)
    return told


def _answer(answered: Answered) -> resources_pb2.Answer:
    told = resources_pb2.Answer(
        answer=ANSWER_NUMBERS[answered.answer], channel=CHANNEL_NUMBERS[answered.channel]
    )
    _set_time(told, "answer_time", answered.time)
    return told


def _set_time(message: Any, name: str, instant: datetime | None) -> None:
    if instant is not None:
        getattr(message, name).FromDatetime(instant)
