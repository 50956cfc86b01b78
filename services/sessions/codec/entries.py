"""Log events as documents. None has a `patient_id` of its own: entries are not chart reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chassis.store import Document
from services.sessions.codec.activity_documents import (
    mood_document,
    mood_from,
    poll_view_document,
    poll_view_from,
    quality_document,
    quality_from,
    tally_document,
    tally_from,
)
from services.sessions.codec.assignment_documents import notice_document, notice_from
from services.sessions.codec.documents import (
    chat_risk_document,
    chat_risk_from,
    signal_document,
    signal_from,
)
from services.sessions.codec.lobby import (
    door_answer_document,
    door_answer_from,
    lobby_entry_document,
    lobby_entry_from,
)
from services.sessions.codec.private import (
    aside_document,
    aside_from,
    moderation_document,
    moderation_from,
    word_document,
    word_from,
)
from services.sessions.domain.aside import AsideRoom
from services.sessions.domain.assignment import AssignmentNotice
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.events import DepartureKind
from services.sessions.domain.lobby import DoorAnswer, LobbyEntry
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.moderation import Moderation
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.poll import PollTally
from services.sessions.domain.presence import Departure
from services.sessions.domain.quality import Quality
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.roles import Role
from services.sessions.domain.signal import SafetySignal
from services.sessions.domain.whisper import PrivateWord

# What a private event may be about: its field, and how it is written and read.
ABOUT: Mapping[type, tuple[str, Callable[[Any], Document], Callable[[Document], Any]]] = {
    SafetySignal: ("safety_signal", signal_document, signal_from),
    ChatRisk: ("chat_risk", chat_risk_document, chat_risk_from),
    MoodCheckIn: ("mood_check_in", mood_document, mood_from),
    PollTally: ("poll_tally", tally_document, tally_from),
    Quality: ("connection_quality", quality_document, quality_from),
    AssignmentNotice: ("assignment", notice_document, notice_from),
    Moderation: ("moderation", moderation_document, moderation_from),
    PrivateWord: ("private_word", word_document, word_from),
    AsideRoom: ("aside_room", aside_document, aside_from),
    LobbyEntry: ("lobby_entry", lobby_entry_document, lobby_entry_from),
    DoorAnswer: ("door_answer", door_answer_document, door_answer_from),
}


def room_event_document(event: RoomEvent) -> Document:
    """One event of a room. One that a request asked for has the request's key as its id."""
    asked = event.asked
    return {
        **({"_id": asked.key, "fingerprint": asked.fingerprint} if asked else {}),
        "kind": event.kind.value,
        "alias": event.alias,
        "role": event.role.value,
        "person_id": event.patient_id,
        "text": event.text,
        "event_time": event.create_time,
        **_more(event),
    }


def room_event_from(document: Document) -> RoomEvent:
    """The event again, with its number."""
    return RoomEvent(
        kind=RoomEventKind(document["kind"]),
        alias=document["alias"],
        role=Role(document["role"]),
        create_time=document["event_time"],
        patient_id=document["person_id"],
        text=document["text"],
        number=document["number"],
        is_text_removed=document.get("is_text_removed", False),
        reaction=Reaction(document["reaction"]) if "reaction" in document else None,
        poll=poll_view_from(document["poll"]) if "poll" in document else None,
        is_by_facilitator=document.get("is_by_facilitator", False),
    )


def recalled(document: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """What was asked for with a room's event, and what was answered: its number."""
    asked = document.get("fingerprint")
    return None if asked is None else bytes(asked), str(document["number"]).encode()


def private_event_document(event: PrivateEvent) -> Document:
    """One event of a private log: what it is about, as it stood."""
    field, write, _ = ABOUT[type(event.about)]
    return {
        field: write(event.about),
        "departure": _departure_document(event.departure),
        "alias": event.alias,
        "event_time": event.create_time,
    }


def private_event_from(document: Document) -> PrivateEvent:
    """The event again, with its number."""
    about = next(read(document[field]) for field, _, read in ABOUT.values() if document.get(field))
    return PrivateEvent(
        about=about,
        create_time=document["event_time"],
        alias=document["alias"],
        number=document["number"],
        departure=_departure_from(document.get("departure")),  # earlier releases wrote none
    )


def _more(event: RoomEvent) -> Document:
    """What only some kinds have."""
    more: Document = {}
    if event.reaction is not None:
        more["reaction"] = event.reaction.value
    if event.poll is not None:
        more["poll"] = poll_view_document(event.poll)
    if event.is_by_facilitator:
        more["is_by_facilitator"] = True
    return more


def _departure_document(departure: Departure | None) -> dict[str, Any] | None:
    if departure is None:
        return None
    return {"kind": departure.kind.value, "leave_time": departure.leave_time}


def _departure_from(document: dict[str, Any] | None) -> Departure | None:
    if document is None:
        return None
    return Departure(DepartureKind(document["kind"]), document["leave_time"])
