"""What doors, heartbeats and speech look at, read the same way by all."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call, RequestOnce
from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.store import Reader, Tx
from services.sessions.domain.case import Help
from services.sessions.domain.door import BARRING_SCOPES, Standing
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Session
from services.sessions.domain.signal import SafetySignal
from services.sessions.ports import Records


def standing_of(records: Records, reader: Reader, session: Session, patient_id: str) -> Standing:
    """Everything that decides whether this patient may be in this room."""
    known = records.participants.known(reader, session.id, patient_id)
    return Standing(
        is_seated=records.copies.is_seated(reader, session, patient_id),
        is_barred=records.copies.is_barred(reader, patient_id, BARRING_SCOPES),
        location=records.locations.newest(reader, patient_id),
        alias=records.copies.alias(reader, patient_id, session.schedule.group_id),
        is_present=known is not None and known.is_present,
    )


def unresolved(records: Records, reader: Reader, filter: dict[str, str]) -> list[SafetySignal]:
    """Calls for help that are not over."""
    return records.signals.find(reader, {**filter, "help": {"$ne": Help.RESOLVED.value}})


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


def quiet(call: Call) -> Call:
    """Without an action and without a record touched, the audit trail gets no row."""
    return replace(call, action="")


def key_of(call: Call) -> str:
    """What makes a repetition the same fact; new where the caller gave none."""
    return call.once.request_id if isinstance(call.once, RequestOnce) else new_id()


def tell_staff(records: Records, tx: Tx, session: Session, event: PrivateEvent) -> None:
    """In private, to who leads the room."""
    records.private_log.append(tx, session.schedule.facilitator_id, event)
