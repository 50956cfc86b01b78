"""Places besides the roster: who is let in by staff, and who leads."""

from __future__ import annotations

from chassis.call import Call
from chassis.call import Role as CallerRole
from chassis.errors import FailedPrecondition, NotFound
from chassis.store import Reader, Store, Tx
from services.sessions.domain.commands import AddParticipant, NamePerson
from services.sessions.domain.door import FAMILY_SCOPE, require_not_over
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Session
from services.sessions.domain.succession import can_lead
from services.sessions.domain.views import Companion
from services.sessions.handlers.farewell import Farewell
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

ANY_SESSION = frozenset({CallerRole.COORDINATOR, CallerRole.SUPERVISOR})


class Places:
    """What the session's staff, a coordinator or a supervisor may give and take."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records = store, records
        self._farewell = Farewell(records, policies)
        self._succession = Succession(records, policies)

    def add(self, call: Call, command: AddParticipant) -> Companion:
        """Give somebody a place; the name under which the room will know them."""

        def act(tx: Tx) -> Companion:
            session = self._session(tx, command.session_id)
            require_not_over(session)
            self._require_new(tx, session, command)
            session.house = session.house.with_grant(
                command.person_id,
                command.role,
                patient_id=command.patient_id,
                by=call.actor.subject,
                named_already=len(session.schedule.co_facilitators),
            )
            self._records.sessions.put(tx, session)
            tx.touch(command.patient_id, session.id)
            grant = session.house.grants[-1]
            return Companion(grant.alias, grant.role, grant.patient_id, grant.person_id)

        return self._store.transact(call, act)

    def remove(self, call: Call, command: NamePerson) -> None:
        """Take the place back; whoever is in the room is shown out."""

        def act(tx: Tx) -> None:
            session = self._session(tx, command.session_id)
            grant = session.house.grant_of(command.person_id)
            if grant is None:
                raise NotFound("NOT_FOUND", "nobody was given such a place")
            session.house = session.house.without(command.person_id)
            self._records.sessions.put(tx, session)
            tx.touch(grant.patient_id, session.id)
            place = self._records.participants.known(tx, session.id, command.person_id)
            if place is not None:
                was_present = place.show_out(tx.now)
                self._farewell.gone(tx, place, session, was_present=was_present)

        self._store.transact(call, act)

    def appoint(self, call: Call, command: NamePerson) -> Companion:
        """Hand the lead over."""

        def act(tx: Tx) -> Companion:
            session = self._records.sessions.load(tx, command.session_id)
            if not call.has(CallerRole.SUPERVISOR):
                session.require_may_appoint(call.actor.subject)
            session.require_open()
            heir = self._records.participants.known(tx, session.id, command.person_id)
            if heir is None or not can_lead(session, heir, tx.now):
                raise FailedPrecondition("CANNOT_LEAD", "not there, or not known to be licensed")
            if heir.person_id != session.lead_id or session.leading.is_held:
                self._step_down(tx, session)
                self._succession.promote(tx, heir, session)
            return Companion(heir.alias, heir.role, person_id=heir.person_id)

        return self._store.transact(call, act)

    def _step_down(self, tx: Tx, session: Session) -> None:
        before = self._records.participants.known(tx, session.id, session.lead_id)
        if before is not None:
            before.role = Role.CO_FACILITATOR
            self._records.participants.put(tx, before)

    def _session(self, tx: Tx, session_id: str) -> Session:
        session = self._records.sessions.load(tx, session_id)
        if not ANY_SESSION & tx.call.actor.roles:
            session.require_staff(tx.call.actor.subject)
        return session

    def _require_new(self, reader: Reader, session: Session, command: AddParticipant) -> None:
        copies, person_id = self._records.copies, command.person_id
        has_grant = session.house.grant_of(person_id) is not None
        is_staff = person_id in session.staff and not has_grant
        if is_staff or copies.is_seated(reader, session, person_id):
            raise FailedPrecondition("ALREADY_SEATED", "has a seat of another kind")
        if person_id in session.house.barred_ids:
            raise FailedPrecondition("BARRED", "was barred from this session")
        if command.role is not Role.FAMILY_MEMBER:
            return
        if not copies.is_seated(reader, session, command.patient_id):
            raise NotFound("NOT_FOUND", "no such patient in this session")
        if not copies.is_given(reader, command.patient_id, FAMILY_SCOPE):
            raise FailedPrecondition("FAMILY_CONSENT_MISSING", "the patient has not agreed")
