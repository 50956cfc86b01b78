"""Patients on the telephone: staff holds their place and says that they are still there."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Store, Tx
from services.sessions.domain.commands import NamePerson
from services.sessions.domain.door import admit_patient
from services.sessions.domain.lobby import HELD, WaitReason
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.domain.views import Companion, seen_by_staff
from services.sessions.handlers.farewell import Farewell
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.standing import standing_of
from services.sessions.ports import Policies, Records


class Phones:
    """A leg without a screen is a connection like any other, but that staff speaks for it."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._farewell = Farewell(records, policies)
        self._licensing = Licensing(records, policies, Lobby(records, policies))

    def keep(self, call: Call, command: NamePerson) -> Companion:
        """The patient is on the telephone; the first time they come in by it."""
        return self._store.transact(call, lambda tx: self._keep(tx, command))

    def end(self, call: Call, command: NamePerson) -> None:
        """The patient has hung up."""

        def act(tx: Tx) -> None:
            session = self._session(tx, command)
            place = self._records.participants.known(tx, session.id, command.person_id)
            if place is None:
                raise NotFound("NOT_FOUND", "no such patient in this session")
            was_present = place.leave(_leg(place), tx.now)
            self._farewell.gone(tx, place, session, was_present=was_present)

        self._store.transact(call, act)

    def _keep(self, tx: Tx, command: NamePerson) -> Companion:
        session, policy = self._session(tx, command), self._policies(tx.call.tenant_id)
        place = self._records.participants.place(tx, session.id, command.person_id, Role.PHONE)
        standing = standing_of(self._records, tx, session, place)
        party = self._records.participants.in_session(tx, session.id)
        coverage = self._licensing.coverage(tx, session, party)
        _require_served(admit_patient(session, standing, coverage, tx.now, policy))
        if place.connection_id != _leg(place) and place.is_connected:
            raise FailedPrecondition("PATIENT_CONNECTED", "their own device is in the room")
        place.role = Role.PHONE
        if place.join(_leg(place), standing.alias, tx.now, policy):
            event = of_participant(RoomEventKind.JOINED, place, tx.now)
            self._records.room_log.append(tx, session.id, event)
        if place.is_record_due(tx.now, policy):
            place.record(session, tx.now, policy)
        self._records.participants.put(tx, place)
        tx.touch(place.patient_id, session.id)
        return seen_by_staff(place)

    def _session(self, tx: Tx, command: NamePerson) -> Session:
        session = self._records.sessions.load(tx, command.session_id)
        session.require_staff(tx.call.actor.subject)
        return session


def _require_served(waits: WaitReason | None) -> None:
    """Nobody waits on a telephone that staff holds; staff has let in who is late."""
    if waits is WaitReason.BEFORE_START:
        raise FailedPrecondition("SESSION_NOT_STARTED", "the room is not open yet")
    if waits in HELD:
        text = "nobody in the room may treat where the patient sits"
        raise FailedPrecondition("LICENSE_STATE_MISMATCH", text)


def _leg(place: Participant) -> str:
    return f"phone.{place.id}"
