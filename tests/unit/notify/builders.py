"""Messages with defaults for tests to vary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.notify.domain.ladder import Pace
from services.notify.domain.message import Channel, Message, MessageClass, Page
from services.notify.domain.retry import RetryPlan
from services.notify.domain.template import NUDGE, PAGE

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOLD = timedelta(seconds=7)
PLAN = RetryPlan(timedelta(seconds=1), timedelta(seconds=8), 5)
STEP, RECEIPT = timedelta(seconds=15), timedelta(seconds=20)
WITHIN = {Channel.SMS: RECEIPT, Channel.VOICE: RECEIPT}
# A page goes on to the next channel; for anything else one is enough.
ON, ONE = Pace(PLAN, WITHIN, step=STEP), Pace(PLAN, WITHIN)


def after(**parts: float) -> datetime:
    """An instant later than noon."""
    return NOON + timedelta(**parts)


def a_page(**changes: Any) -> Message:
    """A page for dr-one, accepted at noon, of use for five minutes."""
    values: dict[str, Any] = {
        "id": "m-1",
        "message_class": MessageClass.CRISIS,
        "recipient_id": "dr-one",
        "template": PAGE,
        "accept_time": NOON,
        "expire_time": after(minutes=5),
        "next_attempt": NOON,
        "page": Page("page-1", "c-1", 2),
    }
    return Message(**{**values, **changes})


def a_nudge(**changes: Any) -> Message:
    """A nudge for p-1."""
    values: dict[str, Any] = {
        "message_class": MessageClass.CLINICAL,
        "recipient_id": "p-1",
        "patient_id": "p-1",
        "template": NUDGE,
        "page": None,
    }
    return a_page(**{**values, **changes})
