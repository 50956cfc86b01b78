"""What some messages carry besides their template: an address, values, what they are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.notify.domain.message import Channel
from services.notify.domain.wording import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """Kept beside its message, under the same id."""

    message_id: str
    # The one way it may go, and where to; None and empty = as its recipient is reached.
    channel: Channel | None = None
    address_ciphertext: bytes = field(default=b"", repr=False)
    # Values of the wording as JSON; empty = none.
    values_ciphertext: bytes = field(default=b"", repr=False)
    # None = as its recipient prefers.
    language: Language | None = None
    # The session that it reminds of, as it was planned then.
    session_id: str = ""
    start_time: datetime | None = None
