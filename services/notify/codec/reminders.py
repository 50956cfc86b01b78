"""What scheduling says of sessions and seats, and how it is kept for reminders."""

from __future__ import annotations

from haven.scheduling.v1 import events_pb2

from chassis.decode import Fields
from chassis.store import Document
from services.notify.domain.reminder import PlannedSession, SeatChange, SessionFact

PLAIN = ("session_id", "start_time", "is_canceled", "aggregate_version", "next_remind_time")


def session_of(event: events_pb2.SessionScheduled) -> SessionFact:
    """A session exists, moved or was canceled."""
    fields = Fields(event)
    fact = SessionFact(
        session_id=fields.identifier("session_id"),
        start_time=fields.timestamp("start_time"),
        is_canceled=event.is_canceled,
        patient_ids=tuple(event.patient_ids),
    )
    fields.done()
    return fact


def seats_given(event: events_pb2.SeriesEnrolled) -> SeatChange:
    """Seats in every session of a series."""
    enrollment_id, patient_id = _keys(Fields(event))
    return SeatChange(enrollment_id, patient_id, held=tuple(event.session_ids))


def seats_released(event: events_pb2.SeatReleased) -> SeatChange:
    """Seats given back, and those that remain."""
    enrollment_id, patient_id = _keys(Fields(event))
    return SeatChange(
        enrollment_id,
        patient_id,
        held=tuple(event.held_session_ids),
        released=tuple(event.session_ids),
    )


def planned_document(session: PlannedSession) -> Document:
    """A session as it is kept."""
    return {
        **{name: getattr(session, name) for name in PLAIN},
        "patient_ids": list(session.patient_ids),
        "past": sorted(session.past),
        "move_version": session.move_version,
    }


def planned_from(document: Document) -> PlannedSession:
    """The session as it was kept."""
    return PlannedSession(
        **{name: document[name] for name in PLAIN},
        id=document["_id"],
        patient_ids=tuple(document["patient_ids"]),
        past=frozenset(document["past"]),
        # Not kept by earlier releases.
        move_version=document.get("move_version", 0),
        version=document["version"],
    )


def _keys(fields: Fields) -> tuple[str, str]:
    keys = fields.identifier("enrollment_id"), fields.identifier("patient_id")
    fields.done()
    return keys
