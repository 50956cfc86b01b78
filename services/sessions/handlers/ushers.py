"""Facilitators admit and deny those who wait."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from chassis.store import Store, Tx
from services.sessions.domain.commands import Decide
from services.sessions.domain.events import DoorCause, HoldReason
from services.sessions.domain.held import decide
from services.sessions.domain.lobby import Answer, Decision, LobbyState
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Right, Role, may
from services.sessions.domain.session import Session
from services.sessions.handlers.departures import Watch
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.standing import place_of
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records


class Ushers:
    """One effect per frame, however often it comes."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records = store, records
        self._watch = Watch(records, policies)
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)
        self._succession = Succession(records, policies)

    def admit(self, call: Call, command: Decide) -> None:
        """Let somebody in who waits, or who is going to come too late. It makes nobody licensed."""

        def act(tx: Tx) -> None:
            place, session = self._patient(tx, command)
            party = self._records.participants.in_session(tx, session.id)
            location = self._records.locations.newest(tx, place.person_id)
            coverage = self._licensing.coverage(tx, session, party)
            if location is not None and not coverage.covers(location.state):
                text = "nobody present may treat where the patient sits"
                raise FailedPrecondition("LICENSE_STATE_MISMATCH", text)
            decide(place, Decision.ADMITTED, tx.now)
            self._put(tx, place)
            if place.is_waiting:
                self._lobby.answer(tx, place, Answer.ADMITTED)
                self._lobby.tell_staff(tx, place, session, LobbyState.ADMITTED)

        self._store.transact(call, act)

    def deny(self, call: Call, command: Decide) -> None:
        """Let somebody not in who waits. Who is at risk is handed over in the same moment."""

        def act(tx: Tx) -> None:
            place, session = self._patient(tx, command)
            if not place.is_waiting:
                raise FailedPrecondition("PATIENT_NOT_WAITING", "nobody like that waits")
            is_at_risk = self._lobby.vigil.is_at_risk(tx, place.patient_id)
            if is_at_risk and not command.is_handed_over:
                text = "the patient is at risk: deny with a hand-over"
                raise FailedPrecondition("HANDOVER_REQUIRED", text)
            if command.is_handed_over:
                self._lobby.hold(tx, place, HoldReason.DENIED)
            if is_at_risk:
                self._lobby.vigil.tell(tx, place, DoorCause.DENIED)
            decide(place, Decision.DENIED, tx.now)
            self._watch.see_off(tx, place, session)
            self._put(tx, place)
            self._lobby.answer(tx, place, Answer.DENIED)
            self._lobby.tell_staff(tx, place, session, LobbyState.DENIED)
            self._succession.lost(tx, place, session)

        self._store.transact(call, act)

    def _patient(self, tx: Tx, command: Decide) -> tuple[Participant, Session]:
        """Whom it is about, once the caller may say so."""
        own, session = place_of(self._records, tx, command.session_id)
        if not may(own.role, Right.MODERATE) or own.person_id not in session.staff:
            raise PermissionDenied("NOT_FACILITATOR", "only staff of the room admits and denies")
        if not own.is_present:
            raise FailedPrecondition("NOT_ADMITTED", "come into the room first")
        if not self._records.copies.is_seated(tx, session, command.patient_id):
            raise NotFound("NOT_FOUND", "no such patient in this session")
        places = self._records.participants
        return places.place(tx, session.id, command.patient_id, Role.PATIENT), session

    def _put(self, tx: Tx, place: Participant) -> None:
        tx.touch(place.patient_id, place.id)
        self._records.participants.put(tx, place)
