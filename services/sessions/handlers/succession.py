"""A room is never without a leader unnoticed: whoever lets staff in or go looks here."""

from __future__ import annotations

from chassis.store import Tx
from services.sessions.domain.log import RoomEventKind, of_participant, of_room
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import STAFF_ROLES, Role
from services.sessions.domain.session import Session
from services.sessions.domain.succession import can_lead, hold, lead, successor, watch
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.ports import Policies, Records


class Succession:
    """Over who leads; inside the transaction that changes who is there."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies
        self._licensing = Licensing(records, policies, Lobby(records, policies))

    def lost(self, tx: Tx, gone: Participant, session: Session) -> None:
        """After a place was put without its reach: where it led the room another one does, or the
        room is held. Once, because the session is put by its version. Where it is held already, or
        nobody has opened it, nobody need be called for a room that everybody has left."""
        leads = gone.role in STAFF_ROLES and gone.person_id == session.lead_id
        is_watched = session.is_unled and session.leading.unled_time is not None
        if not (is_watched or session.leading.is_held or (leads and session.is_open)):
            return
        places = self._records.participants.in_session(tx, session.id)
        if session.is_unled:
            # Put in any case: two who go at once must not each count the other as still there.
            watch(session, places, tx.now, self._policies(tx.call.tenant_id))
            self._records.sessions.put(tx, session)
            return
        self._follow(tx, gone, session, places)

    def reconsider(self, tx: Tx, lead: Participant, session: Session) -> None:
        """After scheduling's word about a room whose lead was in it: they may have lost the license
        or the seat. Then another one leads, or the room is held, as where they had gone."""
        if not session.is_open or session.leading.is_held:
            return
        places = self._records.participants.in_session(tx, session.id)
        if any(p.person_id == session.lead_id and can_lead(session, p, tx.now) for p in places):
            return
        if lead.person_id == session.lead_id and session.states_of(lead.person_id):
            return  # licensed, and not heard for a moment: that has its own time
        self._follow(tx, lead, session, places)

    def _follow(
        self, tx: Tx, gone: Participant, session: Session, places: list[Participant]
    ) -> None:
        heir = successor(session, places, self._states(tx, places), tx.now)
        if heir is None:
            hold(session, tx.now)
            watch(session, places, tx.now, self._policies(tx.call.tenant_id))
            self._records.sessions.put(tx, session)
            self._records.room_log.append(tx, session.id, of_room(RoomEventKind.HELD, tx.now))
            return
        gone.role = Role.CO_FACILITATOR
        self._records.participants.put(tx, gone)
        self.promote(tx, heir, session)

    def promote(self, tx: Tx, heir: Participant, session: Session) -> int:
        """Let somebody lead, and tell everybody; the number of that in the room's log."""
        lead(session, heir, tx.now)
        self._records.participants.put(tx, heir)
        self._records.sessions.put(tx, session)
        event = of_participant(RoomEventKind.PROMOTED, heir, tx.now)
        return self._records.room_log.append(tx, session.id, event)

    def came(self, tx: Tx, place: Participant, session: Session) -> int | None:
        """After somebody was heard: where the room is held and they can lead it, it goes on, for
        those whom somebody there may treat. Then the number of that in the room's log."""
        if not session.is_unled:
            return None
        if not (session.is_open and can_lead(session, place, tx.now)):
            self._meet(tx, place, session)
            return None
        is_other = place.person_id != session.lead_id
        lead(session, place, tx.now)
        self._records.sessions.put(tx, session)
        append, by = self._records.room_log.append, of_participant
        number = append(tx, session.id, by(RoomEventKind.RESUMED, place, tx.now))
        if is_other:
            number = append(tx, session.id, by(RoomEventKind.PROMOTED, place, tx.now))
        self._records.participants.put(tx, place)
        self._licensing.review(tx, session)
        return number

    def _meet(self, tx: Tx, place: Participant, session: Session) -> None:
        before = session.leading
        if before.unled_time is None and place.role not in STAFF_ROLES:
            places = [place]
            if not session.is_open:  # somebody may be there who can open it
                places += self._records.participants.in_session(tx, session.id)
            watch(session, places, tx.now, self._policies(tx.call.tenant_id))
        if session.leading != before:
            self._records.sessions.put(tx, session)

    def _states(self, tx: Tx, places: list[Participant]) -> list[str]:
        """Where the patients in the room sit."""
        present = [each.patient_id for each in places if each.is_present and each.patient_id]
        found = [self._records.locations.newest(tx, patient_id) for patient_id in present]
        return [each.state for each in found if each is not None]
