"""What is written in a room's log, and in a person's private one. A number is given when stored."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import InvalidArgument
from services.sessions.domain.aside import AsideRoom
from services.sessions.domain.assignment import AssignmentNotice
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.lobby import DoorAnswer, LobbyEntry
from services.sessions.domain.moderation import Moderation
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.participant import Participant
from services.sessions.domain.poll import PollTally, PollView
from services.sessions.domain.presence import Departure, Voice
from services.sessions.domain.quality import Quality
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.roles import TITLES, Role
from services.sessions.domain.signal import SafetySignal
from services.sessions.domain.whisper import PrivateWord


class RoomEventKind(StrEnum):
    """What can happen in a room."""

    JOINED = "joined"
    LEFT = "left"
    CHAT = "chat"
    SESSION_STARTED = "session_started"
    SESSION_ENDED = "session_ended"
    BREAK_STARTED = "break_started"
    BREAK_ENDED = "break_ended"
    HAND_RAISED = "hand_raised"
    HAND_LOWERED = "hand_lowered"
    REACTED = "reacted"
    POLL_OPENED = "poll_opened"
    POLL_CLOSED = "poll_closed"
    MOOD_ASKED = "mood_asked"
    # Somebody else leads the room now.
    PROMOTED = "promoted"
    # Nobody who may treat is there; and somebody is again.
    HELD = "held"
    RESUMED = "resumed"
    # Nobody new comes in; and somebody may again.
    LOCKED = "locked"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that an event is the effect of: under which key it came, and a digest of it."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """One event of a room, as staff see it; peers see neither `patient_id` nor who a title is."""

    kind: RoomEventKind
    alias: str
    role: Role
    create_time: datetime
    patient_id: str = ""
    text: str = ""
    number: int = 0
    # It was a text, and its time is over.
    is_text_removed: bool = False
    reaction: Reaction | None = None
    poll: PollView | None = None
    # A hand that was not lowered by its own participant.
    is_by_facilitator: bool = False
    # Only on its way into the log, where it is also the record of the request.
    asked: Asked | None = field(default=None, compare=False)


def of_participant(
    kind: RoomEventKind,
    by: Participant | Voice,
    now: datetime,
    *,
    text: str = "",
    asked: Asked | None = None,
) -> RoomEvent:
    """Something that one participant did."""
    return RoomEvent(kind, by.alias, by.role, now, by.patient_id, text, asked=asked)


def of_room(kind: RoomEventKind, now: datetime) -> RoomEvent:
    """Something that happened to the room as a whole, by its facilitator or by time."""
    return RoomEvent(kind, TITLES[Role.FACILITATOR], Role.FACILITATOR, now)


About = (
    SafetySignal
    | ChatRisk
    | MoodCheckIn
    | PollTally
    | Quality
    | AssignmentNotice
    | Moderation
    | PrivateWord
    | AsideRoom
    | LobbyEntry
    | DoorAnswer
)


@dataclass(frozen=True, slots=True)
class PrivateEvent:
    """One event of a person's private log: a signal as it stood then, or what else concerns them.

    With a departure: the patient of the signal has just gone, and it is not answered.
    """

    about: About
    create_time: datetime
    alias: str = ""
    number: int = 0
    departure: Departure | None = None


def spoken(text: str, limit: int) -> str:
    """The text, if it may be said."""
    if not text.strip():
        raise InvalidArgument("TEXT_REQUIRED", "there is nothing to say")
    if len(text) > limit:
        raise InvalidArgument("TEXT_TOO_LONG", f"at most {limit} characters")
    if any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in text):
        raise InvalidArgument("TEXT_MALFORMED", "control characters are not text")
    return text
