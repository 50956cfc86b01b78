"""Places in rooms as documents and back, with their ledgers and seals."""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.sessions.codec.intervals import interval_document, interval_from
from services.sessions.codec.lobby import door_document, door_from
from services.sessions.domain.ledger import Ledger, Span
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import Role
from services.sessions.domain.seal import Amendment, AmendReason, Seal


def participant_document(participant: Participant) -> Document:
    """A place in a room with its ledger."""
    return {
        "_id": participant.id,
        "session_id": participant.session_id,
        "person_id": participant.person_id,
        "role": participant.role.value,
        "alias": participant.alias,
        "presence": participant.presence.value,
        "connection_id": participant.connection_id,
        "arrive_time": participant.arrive_time,
        "absence_notice_time": participant.absence_notice_time,
        "silence_time": participant.silence_time,
        "hand_number": participant.hand_number,
        "reach_time": participant.reach_time,
        "is_muted": participant.is_muted,
        "is_shown_out": participant.is_shown_out,
        "aside_id": participant.aside_id,
        "spans": [_span_document(each) for each in participant.ledger.spans],
        "stop_times": list(participant.ledger.stops),
        "leaves": [
            {"connection_id": connection_id, "leave_time": at}
            for connection_id, at in sorted(participant.ledger.leaves.items())
        ],
        "recorded_seconds": participant.recorded_seconds,
        "record_time": participant.record_time,
        "door": door_document(participant.door),
        # For those who watch: whom the door holds now, and since when.
        "held_time": participant.door.held_time if participant.is_waiting else None,
        "seal": None if participant.seal is None else _seal_document(participant.seal),
    }


def participant_from(document: Document) -> Participant:
    """The place again."""
    ledger = Ledger(
        spans=tuple(_span_from(each) for each in document["spans"]),
        leaves={each["connection_id"]: each["leave_time"] for each in document["leaves"]},
        stops=tuple(document.get("stop_times", ())),
    )
    place = Participant(
        id=document["_id"],
        session_id=document["session_id"],
        person_id=document["person_id"],
        role=Role(document["role"]),
        alias=document["alias"],
        presence=Presence(document["presence"]),
        connection_id=document["connection_id"],
        arrive_time=document["arrive_time"],
        absence_notice_time=document["absence_notice_time"],
        silence_time=document["silence_time"],
        # Places of earlier releases have none of these.
        hand_number=document.get("hand_number", 0),
        reach_time=document.get("reach_time"),
        is_muted=document.get("is_muted", False),
        is_shown_out=document.get("is_shown_out", False),
        aside_id=document.get("aside_id", ""),
        ledger=ledger,
        recorded_seconds=document["recorded_seconds"],
        record_time=document["record_time"],
        door=door_from(document.get("door")),
        seal=_seal_from(document["seal"]) if document.get("seal") else None,
        version=document["version"],
    )
    place.voice_before = place.voice
    return place


def _seal_document(seal: Seal) -> dict[str, Any]:
    return {
        "counted_seconds": seal.counted_seconds,
        "intervals": [interval_document(each) for each in seal.intervals],
        "seal_time": seal.seal_time,
        "signature": seal.signature,
        "amendments": [
            {
                "counted_seconds": each.counted_seconds,
                "reason": each.reason.value,
                "amender_id": each.amender_id,
                "amend_time": each.amend_time,
            }
            for each in seal.amendments
        ],
    }


def _seal_from(document: dict[str, Any]) -> Seal:
    return Seal(
        counted_seconds=document["counted_seconds"],
        intervals=tuple(interval_from(each) for each in document["intervals"]),
        seal_time=document["seal_time"],
        signature=bytes(document["signature"]),
        amendments=tuple(
            Amendment(
                each["counted_seconds"],
                AmendReason(each["reason"]),
                each["amender_id"],
                each["amend_time"],
            )
            for each in document["amendments"]
        ),
    )


def _span_document(span: Span) -> dict[str, Any]:
    return {"connection_id": span.connection_id, "start": span.start, "end": span.end}


def _span_from(document: dict[str, Any]) -> Span:
    return Span(document["connection_id"], document["start"], document["end"])
