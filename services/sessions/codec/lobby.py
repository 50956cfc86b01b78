"""The lobby as messages and as documents."""

from __future__ import annotations

from haven.sessions.v1 import resources_pb2

from chassis.store import Document
from services.sessions.codec.attested import timestamp
from services.sessions.domain.lobby import (
    Answer,
    Decision,
    DoorAnswer,
    DoorRecord,
    LobbyEntry,
    LobbyState,
    WaitReason,
)

WAIT_REASONS = {
    each: resources_pb2.WaitReason.Value(f"WAIT_REASON_{each.name}") for each in WaitReason
}
LOBBY_STATES = {
    each: resources_pb2.LobbyState.Value(f"LOBBY_STATE_{each.name}") for each in LobbyState
}
DOOR_ANSWERS = {
    each: resources_pb2.DoorAnswerState.Value(f"DOOR_ANSWER_STATE_{each.name}") for each in Answer
}


def lobby_message(entry: LobbyEntry, alias: str) -> resources_pb2.LobbyEntry:
    """Somebody in the lobby, for staff."""
    return resources_pb2.LobbyEntry(
        session_id=entry.session_id,
        patient_id=entry.patient_id,
        alias=alias,
        reason=WAIT_REASONS[entry.reason],
        state=LOBBY_STATES[entry.state],
        wait_time=timestamp(entry.wait_time),
        is_at_risk=entry.is_at_risk,
    )


def door_answer_message(told: DoorAnswer) -> resources_pb2.DoorAnswer:
    """News for somebody who waits."""
    return resources_pb2.DoorAnswer(session_id=told.session_id, state=DOOR_ANSWERS[told.answer])


def put_lobby(
    message: resources_pb2.PrivateEvent, about: LobbyEntry | DoorAnswer, alias: str
) -> None:
    """What it is about, into the event."""
    match about:
        case LobbyEntry():
            message.lobby_entry.CopyFrom(lobby_message(about, alias))
        case DoorAnswer():
            message.door_answer.CopyFrom(door_answer_message(about))


def lobby_entry_document(entry: LobbyEntry) -> Document:
    """What staff were told, as it stood."""
    return {
        "session_id": entry.session_id,
        "patient_id": entry.patient_id,
        "reason": entry.reason.value,
        "state": entry.state.value,
        "wait_time": entry.wait_time,
        "is_at_risk": entry.is_at_risk,
    }


def lobby_entry_from(document: Document) -> LobbyEntry:
    """The same again."""
    return LobbyEntry(
        session_id=document["session_id"],
        patient_id=document["patient_id"],
        reason=WaitReason(document["reason"]),
        state=LobbyState(document["state"]),
        wait_time=document["wait_time"],
        is_at_risk=document["is_at_risk"],
    )


def door_answer_document(told: DoorAnswer) -> Document:
    """What somebody who waits was told."""
    return {"session_id": told.session_id, "answer": told.answer.value}


def door_answer_from(document: Document) -> DoorAnswer:
    """The same again."""
    return DoorAnswer(document["session_id"], Answer(document["answer"]))


def door_document(door: DoorRecord) -> Document:
    """What the door remembers of one place."""
    return {
        "wait_reason": door.wait_reason.value if door.wait_reason else None,
        "wait_time": door.wait_time,
        "decision": door.decision.value if door.decision else None,
        "hold_id": door.hold_id,
        "alarms": sorted(door.alarms),
        "resume_hash": door.resume_hash,
        "resume_time": door.resume_time,
    }


def door_from(document: Document | None) -> DoorRecord:
    """The same again; places of earlier releases have none."""
    if document is None:
        return DoorRecord()
    reason, decision = document["wait_reason"], document["decision"]
    return DoorRecord(
        wait_reason=WaitReason(reason) if reason else None,
        wait_time=document["wait_time"],
        decision=Decision(decision) if decision else None,
        hold_id=document["hold_id"],
        alarms=frozenset(document["alarms"]),
        resume_hash=document["resume_hash"],
        resume_time=document["resume_time"],
    )
