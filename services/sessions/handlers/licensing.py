"""Looked at again whenever a facilitator goes, a license changes, or a patient sits elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from chassis.store import Tx
from services.sessions.domain.coverage import Coverage, coverage_of, facilitators
from services.sessions.domain.held import put_out
from services.sessions.domain.lobby import WaitReason
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Session
from services.sessions.handlers.lobby import Lobby
from services.sessions.ports import Policies, Records

HELD = WaitReason.HELD_FOR_LICENSE


class Licensing:
    """Whom nobody present may treat any more goes to the lobby, and is offered contact."""

    def __init__(self, records: Records, policies: Policies, lobby: Lobby) -> None:
        self._records, self._policies, self._lobby = records, policies, lobby

    def coverage(self, tx: Tx, session: Session, party: Collection[Participant]) -> Coverage:
        """Where those who lead this room now may treat."""
        return coverage_of(session, party, tx.now, self._policies(tx.call.tenant_id))

    def review(self, tx: Tx, session: Session) -> None:
        """Of everybody in the room. With nobody to lead it the room is held as it is: people who
        were together are not sent each into an empty lobby."""
        if not session.is_open:
            return
        party = self._records.participants.in_session(tx, session.id)
        coverage = self.coverage(tx, session, party)
        if not coverage.is_led:
            return
        for place in party:
            if place.patient_id and place.is_present:
                self._review(tx, place, session, party, coverage)

    def say_facilitator_gone(self, tx: Tx, session: Session) -> None:
        """After a facilitator's place was put: who may stay, and who waits alone from now on."""
        self.review(tx, session)
        party = self._records.participants.in_session(tx, session.id)
        if session.is_over or facilitators(party):
            return
        for place in party:
            before = place.door
            if place.is_waiting:
                self._lobby.vigil.see_waiting(tx, place, party)
            if place.door != before:
                tx.touch(place.patient_id, place.id)
                self._records.participants.put(tx, place)

    def _review(
        self,
        tx: Tx,
        place: Participant,
        session: Session,
        party: Collection[Participant],
        coverage: Coverage,
    ) -> None:
        location = self._records.locations.newest(tx, place.person_id)
        if location is not None and coverage.covers(location.state):
            return
        gone = of_participant(RoomEventKind.LEFT, place, tx.now)
        put_out(place, tx.now, HELD)
        place.record(session, tx.now, self._policies(tx.call.tenant_id))
        self._lobby.receive(tx, place, session, party)
        tx.touch(place.patient_id, place.id)
        self._records.participants.put(tx, place)
        # Peers see what they see when somebody goes; the patient's own stream asks the door again.
        self._records.room_log.append(tx, session.id, gone)
