"""How a stream that works well comes to its end."""

from __future__ import annotations

from enum import StrEnum


class Parting(StrEnum):
    """Why nothing more is said on a connection."""

    LEFT = "left"
    SESSION_ENDED = "session_ended"
    REPLACED = "replaced"
    RESUME = "resume"
    RESUME_ELSEWHERE = "resume_elsewhere"
    REMOVED = "removed"
