"""A word between staff of a room and one patient, in their private logs."""

from __future__ import annotations

from dataclasses import dataclass

from services.sessions.domain.roles import Role


@dataclass(frozen=True, slots=True)
class PrivateWord:
    """Said once; peers' numbers know nothing of it."""

    session_id: str
    alias: str
    role: Role
    text: str
    # The patient to whom staff says it; empty where a patient says it.
    recipient_alias: str = ""
