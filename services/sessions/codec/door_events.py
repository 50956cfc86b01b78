"""What the door publishes, as messages."""

from __future__ import annotations

from haven.sessions.v1 import events_pb2 as sessions

from services.sessions.codec.attested import location_attested, timestamp
from services.sessions.domain.events import (
    DoorCause,
    EndangeredPatientAtDoor,
    HeldPatientServed,
    HoldReason,
    PatientHeld,
)

HOLD_REASONS = {each: sessions.HoldReason.Value(f"HOLD_REASON_{each.name}") for each in HoldReason}
DOOR_CAUSES = {each: sessions.DoorCause.Value(f"DOOR_CAUSE_{each.name}") for each in DoorCause}


def patient_held(event: PatientHeld) -> sessions.PatientHeld:
    """Somebody is to be in touch with them."""
    return sessions.PatientHeld(
        hold_id=event.hold_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        reason=HOLD_REASONS[event.reason],
        hold_time=timestamp(event.hold_time),
        contact_deadline_time=timestamp(event.contact_deadline_time),
    )


def held_patient_served(event: HeldPatientServed) -> sessions.HeldPatientServed:
    """They are in the group after all."""
    return sessions.HeldPatientServed(
        hold_id=event.hold_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        serve_time=timestamp(event.serve_time),
    )


def endangered_at_door(event: EndangeredPatientAtDoor) -> sessions.EndangeredPatientAtDoor:
    """Somebody who must not be alone is not in the room."""
    return sessions.EndangeredPatientAtDoor(
        door_alarm_id=event.door_alarm_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        cause=DOOR_CAUSES[event.cause],
        refusal_reason=event.refusal_reason,
        alarm_time=timestamp(event.alarm_time),
        location=location_attested(event.location) if event.location else None,
    )
