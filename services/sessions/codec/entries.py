"""Log events as documents. None has a `patient_id` of its own: entries are not chart reads."""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.sessions.codec.documents import (
    chat_risk_document,
    chat_risk_from,
    signal_document,
    signal_from,
)
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.events import DepartureKind
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.participant import Departure, Role


def room_event_document(event: RoomEvent) -> Document:
    """One event of a room."""
    return {
        "kind": event.kind.value,
        "alias": event.alias,
        "role": event.role.value,
        "person_id": event.patient_id,
        "text": event.text,
        "event_time": event.create_time,
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
    )


def private_event_document(event: PrivateEvent) -> Document:
    """One event of a private log: what it is about, as it stood."""
    about = event.about
    if isinstance(about, ChatRisk):
        content = {"chat_risk": chat_risk_document(about)}
    else:
        content = {"safety_signal": signal_document(about)}
    return {
        **content,
        "departure": _departure_document(event.departure),
        "alias": event.alias,
        "event_time": event.create_time,
    }


def private_event_from(document: Document) -> PrivateEvent:
    """The event again, with its number."""
    risk = document.get("chat_risk")
    return PrivateEvent(
        about=chat_risk_from(risk) if risk else signal_from(document["safety_signal"]),
        create_time=document["event_time"],
        alias=document["alias"],
        number=document["number"],
        departure=_departure_from(document.get("departure")),  # earlier releases wrote none
    )


def _departure_document(departure: Departure | None) -> dict[str, Any] | None:
    if departure is None:
        return None
    return {"kind": departure.kind.value, "leave_time": departure.leave_time}


def _departure_from(document: dict[str, Any] | None) -> Departure | None:
    if document is None:
        return None
    return Departure(DepartureKind(document["kind"]), document["leave_time"])
