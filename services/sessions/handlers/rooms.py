"""Opening, pausing and closing a room, and looking who did not come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from chassis.call import Call
from chassis.store import Store, Tx
from services.sessions.domain.commands import Lead
from services.sessions.domain.log import RoomEventKind, of_room
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.domain.views import SessionView
from services.sessions.handlers.activities import wind_up
from services.sessions.handlers.departures import Watch
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

Act = Callable[[Session, datetime], None]


class Rooms:
    """What the facilitator does with a room, and what time does with it."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._watch = Watch(records, policies)
        self._succession = Succession(records, policies)

    def start(self, call: Call, command: Lead) -> SessionView:
        """Open the room."""
        policy, by = self._policies(call.tenant_id), call.actor.subject
        return self._lead(
            call,
            command,
            lambda session, now: session.start(by, now, policy),
            RoomEventKind.SESSION_STARTED,
        )

    def start_break(self, call: Call, command: Lead) -> SessionView:
        """Minutes stop counting."""
        by = call.actor.subject
        return self._lead(
            call,
            command,
            lambda session, now: session.pause(by, now),
            RoomEventKind.BREAK_STARTED,
        )

    def end_break(self, call: Call, command: Lead) -> SessionView:
        """Minutes count again."""
        by = call.actor.subject
        return self._lead(
            call,
            command,
            lambda session, now: session.resume(by, now),
            RoomEventKind.BREAK_ENDED,
        )

    def end(self, call: Call, command: Lead) -> SessionView:
        """Close the room and record everyone's minutes."""
        by = call.actor.subject
        return self._lead(
            call,
            command,
            lambda session, now: session.end(by, now),
            RoomEventKind.SESSION_ENDED,
        )

    def close_overrun(self, call: Call, session_id: str) -> None:
        """Close what nobody closed in time."""

        def act(tx: Tx) -> None:
            session = self._records.sessions.load(tx, session_id)
            if session.close_time is None or session.close_time > tx.now:
                return
            session.lapse(tx.now)
            self._changed(tx, session, RoomEventKind.SESSION_ENDED)

        self._store.transact(call, act)

    def look_for_absences(self, call: Call, session_id: str) -> None:
        """Notice, once each, the patients with a seat who never came to the door."""

        def act(tx: Tx) -> None:
            session = self._records.sessions.load(tx, session_id)
            if session.absence_time is None or session.absence_time > tx.now:
                return
            session.absence_time = None
            self._records.sessions.put(tx, session)
            for seat in self._records.copies.seats(tx, session):
                self._notice_absence(tx, session, seat.patient_id)

        self._store.transact(call, act)

    def _lead(self, call: Call, command: Lead, act: Act, kind: RoomEventKind) -> SessionView:
        def change(tx: Tx) -> SessionView:
            session = self._records.sessions.load(tx, command.session_id)
            act(session, tx.now)
            self._changed(tx, session, kind)
            return SessionView(session, self._records.copies.seats(tx, session))

        return self._store.transact(call, change)

    def _changed(self, tx: Tx, session: Session, kind: RoomEventKind) -> None:
        self._records.sessions.put(tx, session)
        if session.is_over:
            self._dismiss(tx, session)
            wind_up(self._records, tx, session, self._policies(tx.call.tenant_id))
            self._return(tx, session)
        self._records.room_log.append(tx, session.id, of_room(kind, tx.now))

    def _return(self, tx: Tx, aside: Session) -> None:
        """Who was with one patient is there for the group again."""
        group = self._records.sessions.peek(tx, aside.group_session_id)
        staff_id = aside.schedule.facilitator_id
        place = group and self._records.participants.known(tx, group.id, staff_id)
        if group is None or not place or place.aside_id != aside.id:
            return
        place.aside_id = ""
        self._succession.came(tx, place, group)
        self._records.participants.put(tx, place)

    def _dismiss(self, tx: Tx, session: Session) -> None:
        policy = self._policies(tx.call.tenant_id)
        for participant in self._records.participants.in_session(tx, session.id):
            participant.dismiss(tx.now)
            participant.record(session, tx.now, policy)
            self._watch.see_off(tx, participant, session)
            tx.touch(participant.patient_id, participant.id)
            self._records.participants.put(tx, participant)

    def _notice_absence(self, tx: Tx, session: Session, patient_id: str) -> None:
        participants = self._records.participants
        participant = participants.place(tx, session.id, patient_id, Role.PATIENT)
        if participant.notice_absence(session, tx.now):
            tx.touch(patient_id, participant.id)
            participants.put(tx, participant)
