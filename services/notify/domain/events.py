"""What notify tells the other services: of pages only, because only crisis waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
