"""Somebody goes from a room or its door: whatever the way, the same is recorded and told."""

from __future__ import annotations

from chassis.store import Tx
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.session import Session
from services.sessions.handlers.departures import Watch
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records


class Farewell:
    """Inside the transaction that lets somebody go."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies
        self._watch = Watch(records, policies)
        self._succession = Succession(records, policies)
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)

    def gone(self, tx: Tx, place: Participant, session: Session, *, was_present: bool) -> None:
        """Put a place that was let go, and tell whom it concerns: crisis and staff of somebody who
        called for help, the others of a leave, everybody of a room without a leader."""
        place.record(session, tx.now, self._policies(tx.call.tenant_id))
        self._watch.see_off(tx, place, session)
        self._records.participants.put(tx, place)
        tx.touch(place.patient_id, place.id)
        if was_present and not session.is_over:
            event = of_participant(RoomEventKind.LEFT, place, tx.now)
            self._records.room_log.append(tx, session.id, event)
        if place.departure is not None and place.door.wait_reason is not None:
            self._lobby.say_gone(tx, place, session)
        is_missing = place.patient_id and place.is_missing and not session.is_over
        if is_missing and place.absence_notice_time is None and session.absence_time is None:
            # At the last look they were there: it is looked for them once more.
            session.expect_more(tx.now, self._policies(tx.call.tenant_id))
            self._records.sessions.put(tx, session)
        self._succession.lost(tx, place, session)
        if was_present and place.role in STAFF_ROLES:
            self._licensing.say_facilitator_gone(tx, session)
