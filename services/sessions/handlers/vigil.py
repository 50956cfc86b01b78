"""Nobody who is at risk waits alone at a door, or is turned away unnoticed."""

from __future__ import annotations

from collections.abc import Collection

from chassis.ids import derived_id
from chassis.store import Tx
from services.sessions.domain.coverage import facilitators
from services.sessions.domain.events import DoorCause, EndangeredPatientAtDoor
from services.sessions.domain.held import alarm
from services.sessions.domain.lobby import HELD
from services.sessions.domain.participant import Participant
from services.sessions.handlers.standing import unresolved
from services.sessions.ports import Records


class Vigil:
    """Tells crisis in the transaction of whatever happens at the door."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def is_at_risk(self, tx: Tx, patient_id: str) -> bool:
        """True with an open case of high severity, or a call for help that is not over."""
        if not patient_id:
            return False
        mine = {"patient_id": patient_id}
        cases = self._records.cases.find(tx, mine)
        return any(case.is_at_risk for case in cases) or bool(unresolved(self._records, tx, mine))

    def see_waiting(self, tx: Tx, place: Participant, party: Collection[Participant]) -> bool:
        """Before the place of somebody who waits is put; True where they are at risk."""
        if not self.is_at_risk(tx, place.patient_id):
            return False
        if not facilitators(party):
            self.tell(tx, place, DoorCause.ALONE)
        elif place.door.wait_reason in HELD:
            self.tell(tx, place, DoorCause.HELD)
        return True

    def tell(self, tx: Tx, place: Participant, cause: DoorCause, reason: str = "") -> bool:
        """Before the place is put; True where crisis had not heard of it. For those at risk."""
        location = self._records.locations.newest(tx, place.person_id)
        key = f"{cause.value}/{reason}"
        event = EndangeredPatientAtDoor(
            door_alarm_id=derived_id("door-alarm", place.id, key, str(place.version)),
            session_id=place.session_id,
            patient_id=place.person_id,
            cause=cause,
            refusal_reason=reason,
            alarm_time=tx.now,
            location=location.told() if location else None,
        )
        return alarm(place, event)
