"""What providers are given, with defaults for tests to vary. All people and numbers are made up."""

from __future__ import annotations

from typing import Any

from services.notify.domain.message import Channel
from services.notify.ports import Dispatch

MOBILE = "+15550123"


def a_dispatch(**changes: Any) -> Dispatch:
    """A neutral text of the tenant river."""
    values: dict[str, Any] = {
        "message_id": "6f1d3f5e",
        "tenant_id": "river",
        "channel": Channel.SMS,
        "address": MOBILE,
        "sender_address": "no-reply@river.example",
        "sender_name": "Messages",
        "subject": "You have a new message",
        "body": "You have a new message. Please open the app when you can.\n",
    }
    return Dispatch(**{**values, **changes})


def a_page(**changes: Any) -> Dispatch:
    """A page: it wants an answer."""
    values: dict[str, Any] = {
        "subject": "Please answer now",
        "body": "You are being called. Please answer now.\n",
        "is_answerable": True,
    }
    return a_dispatch(**{**values, **changes})
