"""Who is at risk is not turned away unnoticed, from a door or from where its tickets are given."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.call import Role as CallerRole
from chassis.store import Store, Tx
from services.sessions.domain.aid import WORRYING
from services.sessions.domain.events import DoorCause
from services.sessions.domain.roles import Role
from services.sessions.handlers.vigil import Vigil
from services.sessions.ports import Records

ALARM_ACTION = "door-alarm.raise"
STAFF = frozenset({CallerRole.CLINICIAN, CallerRole.SUPERVISOR})


class Refusals:
    """Heard after the transaction that refused, in one of their own."""

    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records
        self._vigil = Vigil(records)

    def hear(self, call: Call, session_id: str, reason: str) -> None:
        """Tell crisis of a patient at risk; once per reason, whoever has refused them."""
        if reason not in WORRYING or STAFF & call.actor.roles:
            return
        person_id = call.actor.subject

        def act(tx: Tx) -> None:
            session = self._records.sessions.peek(tx, session_id)
            if session is None or not self._vigil.is_at_risk(tx, person_id):
                return
            place = self._records.participants.place(tx, session_id, person_id, Role.PATIENT)
            if session.is_over and place.alias:
                return  # they were in it, and it is over
            if self._vigil.tell(tx, place, DoorCause.REFUSED, reason):
                tx.touch(person_id, place.id)
                self._records.participants.put(tx, place)

        self._store.transact(replace(call, once=None, action=ALARM_ACTION), act)
