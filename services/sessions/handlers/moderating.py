"""Keeping a room safe: muting, showing out, barring, shutting. Once for each request."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.errors import NotFound, PermissionDenied
from chassis.store import Reader, Store, Tx
from services.sessions.domain.case import Help
from services.sessions.domain.commands import Moderate
from services.sessions.domain.log import PrivateEvent, RoomEventKind, of_participant
from services.sessions.domain.moderation import (
    OF_THE_ROOM,
    SHOWS_OUT,
    Act,
    Moderation,
    moderate,
    require_contact,
    require_moderated,
    shut,
)
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Right, may
from services.sessions.domain.session import Session
from services.sessions.handlers.farewell import Farewell
from services.sessions.handlers.standing import place_of, unresolved
from services.sessions.ports import Policies, Records


class Moderating:
    """Who was asked to do it is in the audit trail; who is told hears of it in private."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records = store, records
        self._farewell = Farewell(records, policies)

    def moderate(self, call: Call, command: Moderate) -> int:
        """Do it; the number in the room's log of what everybody is told, 0 where nobody is."""
        call = replace(call, action=f"room.{command.act.value}")
        return self._store.transact(call, lambda tx: self._moderate(tx, command))

    def _moderate(self, tx: Tx, command: Moderate) -> int:
        by, session = staff_of(self._records, tx, command.session_id)
        if command.act in OF_THE_ROOM:
            return self._shut(tx, session, by, is_locked=command.act is Act.LOCK)
        place = named(self._records, tx, session, command.alias)
        require_moderated(place)
        is_in_need = self._is_in_need(tx, place.patient_id)
        require_contact(command.act, command.contact_id, is_in_need=is_in_need)
        before = session.house
        was_present = moderate(command.act, session, place, tx.now)
        if session.house != before:
            self._records.sessions.put(tx, session)
        tx.touch(place.patient_id, session.id)
        if command.act in SHOWS_OUT:
            self._farewell.gone(tx, place, session, was_present=was_present)
        else:
            self._records.participants.put(tx, place)
        self._tell(tx, session, place, command)
        return 0

    def _shut(self, tx: Tx, session: Session, by: Participant, *, is_locked: bool) -> int:
        if not shut(session, is_locked=is_locked):
            return 0
        self._records.sessions.put(tx, session)
        kind = RoomEventKind.LOCKED if is_locked else RoomEventKind.UNLOCKED
        return self._records.room_log.append(tx, session.id, of_participant(kind, by, tx.now))

    def _tell(self, tx: Tx, session: Session, place: Participant, command: Moderate) -> None:
        """Them, the room's staff, and who is with them from now on."""
        done = Moderation(session.id, command.act, place.alias, command.contact_id)
        people = dict.fromkeys((place.person_id, *session.staff, command.contact_id))
        for person_id in filter(None, people):
            event = PrivateEvent(done, tx.now, place.alias)
            self._records.private_log.append(tx, person_id, event)

    def _is_in_need(self, reader: Reader, patient_id: str) -> bool:
        """A call for help or a case about them is not over. However bad: whoever shows somebody out
        knows that they go, unlike somebody who waits."""
        if not patient_id:
            return False
        if unresolved(self._records, reader, {"patient_id": patient_id}):
            return True
        cases = self._records.cases.find(reader, {"patient_id": patient_id})
        return any(each.help is not Help.RESOLVED for each in cases)


def staff_of(records: Records, reader: Reader, session_id: str) -> tuple[Participant, Session]:
    """The caller, as staff of an open room."""
    place, session = place_of(records, reader, session_id)
    if not may(place.role, Right.MODERATE) or place.person_id not in session.staff:
        raise PermissionDenied("ROLE_NOT_ALLOWED", "only staff of the room may do that")
    session.require_open()
    return place, session


def named(records: Records, reader: Reader, session: Session, alias: str) -> Participant:
    """Who has that alias in the room, or had it."""
    places = records.participants.in_session(reader, session.id)
    found = [each for each in places if alias and each.alias == alias]
    if len(found) != 1:
        raise NotFound("NOT_FOUND", "nobody has that alias here")
    return found[0]
