"""Rooms for two besides the group's, while somebody else keeps the group."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.errors import FailedPrecondition, NotFound
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.sessions.domain.aid import Aid
from services.sessions.domain.aside import AsideRoom, open_aside
from services.sessions.domain.commands import PullAside
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.handlers.moderating import named, staff_of
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

AUDIT_ACTION = "room.pull-aside"


class Asides:
    """One room per request, told to both in private."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records = store, records
        self._succession = Succession(records, policies)

    def pull(self, call: Call, command: PullAside) -> int:
        """Open it; where the sender led the group, another one does meanwhile, or it is held."""
        act = replace(call, action=AUDIT_ACTION)
        return self._store.transact(act, lambda tx: self._pull(tx, command))

    def _pull(self, tx: Tx, command: PullAside) -> int:
        staff, group = staff_of(self._records, tx, command.session_id)
        patient = named(self._records, tx, group, command.alias)
        if patient.role is not Role.PATIENT or not patient.is_present:
            raise NotFound("NOT_FOUND", "no patient in the room has that alias")
        self._require_licensed(tx, staff, group, patient)
        aside_id = derived_id("aside", tx.call.tenant_id, group.id, staff.person_id, command.key)
        room = open_aside(aside_id, group, staff, patient, tx.now)
        self._records.sessions.put(tx, room)
        tx.touch(patient.patient_id, room.id)
        staff.aside_id = room.id
        self._records.participants.put(tx, staff)
        self._succession.lost(tx, staff, group)
        told = AsideRoom(room.id, group.id, patient.alias, staff.alias)
        for person_id in dict.fromkeys((patient.person_id, *group.staff)):
            event = PrivateEvent(told, tx.now, patient.alias)
            self._records.private_log.append(tx, person_id, event)
        return 0

    def _require_licensed(
        self, tx: Tx, staff: Participant, group: Session, patient: Participant
    ) -> None:
        """In a room for two nobody else can treat: its door would hold the patient for ever."""
        location = self._records.locations.newest(tx, patient.person_id)
        if location is None or location.state not in group.states_of(staff.person_id):
            text = "not known to be licensed where the patient sits"
            told = {"help": Aid.ASK_COLLEAGUE.value}
            raise FailedPrecondition("LICENSE_STATE_MISMATCH", text, metadata=told)
