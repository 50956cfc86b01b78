"""What doors, heartbeats and speech look at, read the same way by all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chassis.call import Call, RequestOnce
from chassis.errors import FailedPrecondition, NotFound
from chassis.ids import new_id
from chassis.store import Ahead, Reader, Tx, request_key
from services.sessions.domain.case import Help
from services.sessions.domain.door import BARRING_SCOPES, FAMILY_SCOPE, Standing
from services.sessions.domain.house import Grant
from services.sessions.domain.log import Asked, PrivateEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.domain.signal import SafetySignal
from services.sessions.ports import Records


def standing_of(records: Records, reader: Reader, session: Session, place: Participant) -> Standing:
    """Everything that decides whether this patient may be in this room."""
    patient_id = place.person_id
    is_seated = records.copies.is_seated(reader, session, patient_id)
    return Standing(
        is_seated=is_seated,
        is_barred=records.copies.is_barred(reader, patient_id, BARRING_SCOPES),
        location=records.locations.newest(reader, patient_id),
        alias=records.copies.alias(reader, patient_id, session.schedule.group_id),
        is_present=place.is_present,
        was_inside=bool(place.alias),
        arrive_time=place.arrive_time,
        decision=place.door.decision,
        is_shut_out=patient_id in session.house.barred_ids,
        is_known=place.arrive_time is not None,
        was_expected=not is_seated and was_expected(records, reader, session, patient_id),
    )


def was_expected(records: Records, reader: Reader, session: Session, patient_id: str) -> bool:
    """They are no stranger: a seat of theirs was given back, or they have a place from before."""
    place = records.participants.known(reader, session.id, patient_id)
    return place is not None or records.copies.had_seat(reader, session.id, patient_id)


def require_grant(records: Records, reader: Reader, session: Session, person_id: str) -> Grant:
    """The place that staff gave somebody, where it still stands."""
    grant = session.house.grant_of(person_id)
    if grant is None:
        raise FailedPrecondition("SEAT_RELEASED", "there is no place in this session any more")
    is_family = grant.role is Role.FAMILY_MEMBER
    if is_family and not records.copies.is_given(reader, grant.patient_id, FAMILY_SCOPE):
        raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")
    return grant


def unresolved(records: Records, reader: Reader, filter: dict[str, str]) -> list[SafetySignal]:
    """Calls for help that are not over."""
    return records.signals.find(reader, _not_over(filter))


def ahead_of_unresolved(records: Records, filter: dict[str, str]) -> list[Ahead]:
    """What `unresolved` will read."""
    return records.signals.ahead_of(_not_over(filter))


def place_of(records: Records, reader: Reader, session_id: str) -> tuple[Participant, Session]:
    """The caller's place in a room, and the room."""
    place = records.participants.known(reader, session_id, reader.call.actor.subject)
    if place is None:
        raise NotFound("NOT_FOUND", "no such session")
    return place, session_of(records, reader, session_id)


def session_of(records: Records, reader: Reader, session_id: str) -> Session:
    """The room, for a decision that shows nobody who is in it."""
    session = records.sessions.peek(reader, session_id)
    if session is None:
        raise NotFound("NOT_FOUND", "no such session")
    return session


def concern_of(place: Participant, session: Session) -> str:
    """Whom words that worry are about: the patient who writes, or whose family does. Empty where
    that is not known; then the room's staff alone can tell."""
    if place.patient_id:
        return place.patient_id
    grant = session.house.grant_of(place.person_id)
    return grant.patient_id if grant is not None else ""


def quiet(call: Call) -> Call:
    """Without an action and without a record touched, the audit trail gets no row."""
    return replace(call, action="")


def key_of(call: Call) -> str:
    """What makes a repetition the same fact; new where the caller gave none."""
    return call.once.request_id if isinstance(call.once, RequestOnce) else new_id()


def asked_of(call: Call) -> Asked | None:
    """What an event keeps of the request that it is the effect of."""
    if not isinstance(call.once, RequestOnce):
        return None
    return Asked(request_key(call), call.once.fingerprint)


def tell_staff(records: Records, tx: Tx, session: Session, event: PrivateEvent) -> None:
    """In private, to who leads the room or helps to."""
    for person_id in session.staff:
        records.private_log.append(tx, person_id, event)


def _not_over(filter: dict[str, str]) -> dict[str, Any]:
    return {**filter, "help": {"$ne": Help.RESOLVED.value}}
