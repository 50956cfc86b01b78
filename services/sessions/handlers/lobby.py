"""What staff are told of the lobby, and what those in it are told."""

from __future__ import annotations

from collections.abc import Collection

from chassis.ids import derived_id
from chassis.store import Tx
from services.sessions.domain.events import HoldReason
from services.sessions.domain.held import hold
from services.sessions.domain.lobby import (
    HELD,
    Answer,
    DoorAnswer,
    LobbyEntry,
    LobbyState,
    WaitReason,
)
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.session import Session
from services.sessions.handlers.standing import tell_staff
from services.sessions.handlers.vigil import Vigil
from services.sessions.ports import Policies, Records

Party = Collection[Participant]


class Lobby:
    """Used inside the transactions that change who waits."""

    def __init__(self, records: Records, policies: Policies) -> None:
        self._records, self._policies = records, policies
        self.vigil = Vigil(records)

    def receive(self, tx: Tx, place: Participant, session: Session, party: Party) -> None:
        """Somebody begins to wait, or for something else; before the place is put."""
        if place.door.wait_reason is WaitReason.HELD_FOR_LICENSE:
            self.hold(tx, place, HoldReason.LICENSE)
        is_at_risk = self.vigil.see_waiting(tx, place, party)
        self.tell_staff(tx, place, session, LobbyState.WAITING, is_at_risk=is_at_risk)

    def hold(self, tx: Tx, place: Participant, reason: HoldReason) -> None:
        """Somebody is to be in touch with them alone; before the place is put."""
        hold_id = derived_id("hold", place.id, str(place.version))
        hold(place, hold_id, reason, tx.now, self._policies(tx.call.tenant_id))

    def say_gone(self, tx: Tx, place: Participant, session: Session) -> None:
        """Somebody waits no more, and is not in the room either."""
        self.tell_staff(tx, place, session, LobbyState.GONE)

    def tell_staff(  # what is told, of whom, to whom
        self,
        tx: Tx,
        place: Participant,
        session: Session,
        state: LobbyState,
        *,
        is_at_risk: bool = False,
    ) -> None:
        """In private, to everybody who leads here or helps to."""
        entry = self.entry(place, state, is_at_risk=is_at_risk)
        event = PrivateEvent(entry, tx.now, self._alias(tx, place, session))
        tell_staff(self._records, tx, session, event)

    def shown_to(
        self, tx: Tx, reader: Participant, session: Session, party: Party
    ) -> tuple[tuple[LobbyEntry, str], ...]:
        """For staff: who waits now, with their aliases; on record."""
        if reader.role not in STAFF_ROLES:
            return ()
        shown = []
        for place in party:
            if place.is_waiting:
                tx.touch(place.patient_id, session.id)
                is_at_risk = self.vigil.is_at_risk(tx, place.patient_id)
                entry = self.entry(place, LobbyState.WAITING, is_at_risk=is_at_risk)
                shown.append((entry, self._alias(tx, place, session)))
        return tuple(shown)

    def answer(self, tx: Tx, place: Participant, answer: Answer) -> None:
        """Tell somebody who waits that the door is worth another try."""
        event = PrivateEvent(DoorAnswer(place.session_id, answer), tx.now)
        self._records.private_log.append(tx, place.person_id, event)

    def recall_held(self, tx: Tx, party: Party) -> None:
        """What those who are held wait for may have come."""
        for place in party:
            if place.is_waiting and place.door.wait_reason in HELD:
                self.answer(tx, place, Answer.CHANGED)

    def _alias(self, tx: Tx, place: Participant, session: Session) -> str:
        grant = session.house.grant_of(place.person_id)
        if not place.patient_id and grant is not None:
            return grant.alias
        return self._records.copies.alias(tx, place.patient_id, session.schedule.group_id)

    def entry(self, place: Participant, state: LobbyState, *, is_at_risk: bool) -> LobbyEntry:
        """One place as staff see it."""
        reason = place.door.wait_reason or WaitReason.BEFORE_START
        since = place.door.wait_time or place.arrive_time
        assert since is not None, "who waits has come"
        return LobbyEntry(place.session_id, place.patient_id, reason, state, since, is_at_risk)
