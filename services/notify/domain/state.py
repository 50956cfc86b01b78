"""Of which kind a message is, and where it can stand."""

from __future__ import annotations

from enum import StrEnum


class MessageClass(StrEnum):
    """How urgent; a lower class never delays a higher one."""

    CRISIS = "crisis"
    CLINICAL = "clinical"
    SCHEDULE = "schedule"
    BULK = "bulk"


class State(StrEnum):
    """Where a message stands; the last four are ends."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    FAILED_FINAL = "failed_final"
    PARKED = "parked"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({State.DELIVERED, State.FAILED_FINAL, State.PARKED, State.WITHDRAWN})
