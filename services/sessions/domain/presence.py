"""Where somebody is in a session, how the room hears them, and how they went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.sessions.domain.events import DepartureKind
from services.sessions.domain.roles import Role


class Presence(StrEnum):
    """Where somebody is."""

    EXPECTED = "expected"
    WAITING = "waiting"
    PRESENT = "present"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Voice:
    """How the room hears what somebody says in it."""

    alias: str
    role: Role
    patient_id: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody went from the room or its door; of a lost connection, when it was last heard."""

    kind: DepartureKind
    leave_time: datetime
