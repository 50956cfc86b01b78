"""Patients who came for their group and are not in it: somebody else must know, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.sessions.domain.events import EndangeredPatientAtDoor, HoldReason, PatientHeld
from services.sessions.domain.lobby import Decision, WaitReason
from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.presence import Presence


def put_out(place: Participant, now: datetime, reason: WaitReason) -> None:
    """From the room to the lobby, on the same connection; minutes stop."""
    place.ledger = place.ledger.stop(place.connection_id, now)
    place.door = replace(place.door, wait_reason=reason, wait_time=now)
    place.presence, place.hand_number = Presence.WAITING, 0


def decide(place: Participant, decision: Decision, now: datetime) -> None:
    """A facilitator's word about them; who is denied is let go, until they are admitted."""
    place.door = replace(place.door, decision=decision)
    if decision is Decision.DENIED:
        place.dismiss(now)


def hold(
    place: Participant, hold_id: str, reason: HoldReason, now: datetime, policy: SessionsPolicy
) -> None:
    """Somebody is to be in touch with them; once, until they are in the room."""
    if place.door.hold_id:
        return
    place.door = replace(place.door, hold_id=hold_id)
    deadline = now + timedelta(seconds=policy.held_contact_seconds)
    place.events.append(
        PatientHeld(hold_id, place.session_id, place.person_id, reason, now, deadline)
    )


def alarm(place: Participant, event: EndangeredPatientAtDoor) -> bool:
    """Crisis hears that they are not in the room, once per cause until they are; True for news."""
    key = f"{event.cause.value}/{event.refusal_reason}"
    if key in place.door.alarms:
        return False
    place.door = replace(place.door, alarms=place.door.alarms | {key})
    place.events.append(event)
    return True
