"""The lobby: why somebody waits, what was decided, and what the two sides are told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition


class WaitReason(StrEnum):
    """What somebody waits for."""

    BEFORE_START = "before_start"
    LATE = "late"
    # Nobody present may treat where the patient sits.
    HELD_FOR_LICENSE = "held_for_license"
    # Nobody who may lead the open room is there.
    HELD_FOR_LEAD = "held_for_lead"


HELD = frozenset({WaitReason.HELD_FOR_LICENSE, WaitReason.HELD_FOR_LEAD})


class Decision(StrEnum):
    """A facilitator's word about one patient; the newest counts."""

    ADMITTED = "admitted"
    DENIED = "denied"


class LobbyState(StrEnum):
    """What staff are told."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    DENIED = "denied"
    GONE = "gone"


class Answer(StrEnum):
    """What somebody who waits is told."""

    ADMITTED = "admitted"
    DENIED = "denied"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class LobbyEntry:
    """A patient in the lobby, for staff."""

    session_id: str
    patient_id: str
    reason: WaitReason
    state: LobbyState
    wait_time: datetime
    is_at_risk: bool


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """News for somebody who waits: the door is worth another try."""

    session_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class DoorRecord:
    """What the door remembers of one participant."""

    # Also of somebody who went while they waited; None once in the room.
    wait_reason: WaitReason | None = None
    wait_time: datetime | None = None
    decision: Decision | None = None
    # While somebody is asked to be in touch with them instead.
    hold_id: str = ""
    # What crisis was told since they were in the room last.
    alarms: frozenset[str] = frozenset()
    # What opens the door again without a ticket, and until when.
    resume_hash: str = ""
    resume_time: datetime | None = None

    @property
    def held_time(self) -> datetime | None:
        """Since when they wait because nobody there may treat them."""
        return self.wait_time if self.wait_reason in HELD else None

    def require_resume(self, resume_hash: str, now: datetime) -> None:
        """Only what the last ticket brought opens the door again, and not for ever."""
        if not self.resume_hash or self.resume_hash != resume_hash:
            raise FailedPrecondition("RESUME_UNKNOWN", "another connection came in: get a ticket")
        if self.resume_time is None or now >= self.resume_time:
            raise FailedPrecondition("RESUME_EXPIRED", "away for too long: get a ticket")
