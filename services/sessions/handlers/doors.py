"""Coming in: the checks, the place, and the room as it stands at that instant."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.call import Call
from chassis.call import Role as CallerRole
from chassis.errors import NotFound, OutOfRange
from chassis.store import Store, Tx
from services.sessions.domain.commands import Enter
from services.sessions.domain.door import (
    admit_patient,
    admit_staff,
    require_let_in,
    require_lobby,
)
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import COMES_MUTED, Right, Role, may
from services.sessions.domain.session import Session
from services.sessions.domain.views import (
    Activity,
    Admission,
    Companion,
    SignalView,
    seen_by_staff,
)
from services.sessions.handlers.activities import Activities
from services.sessions.handlers.standing import require_grant, standing_of, unresolved
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

STAFF = frozenset({CallerRole.CLINICIAN, CallerRole.SUPERVISOR})


class Doors:
    """The door of every room; one audit row for each time somebody comes and is shown the room."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._activities = Activities(records, policies)
        self._succession = Succession(records, policies)

    def enter(self, call: Call, command: Enter) -> Admission:
        """Let the caller in, or let them wait, or say what is missing."""
        return self._store.transact(call, lambda tx: self._enter(tx, command))

    def _enter(self, tx: Tx, command: Enter) -> Admission:
        session = self._records.sessions.peek(tx, command.session_id)
        if session is None:
            raise NotFound("NOT_FOUND", "no such session")
        policy, person_id = self._policies(tx.call.tenant_id), tx.call.actor.subject
        role, alias, enters = self._admit(tx, session, person_id)
        room_head, private_head = self._heads(tx, command, person_id)
        place = self._records.participants.place(tx, session.id, person_id, role)
        was_present, is_new, place.role = place.is_present, place.arrive_time is None, role
        place.is_muted = place.is_muted or (is_new and role in COMES_MUTED)
        if not enters:
            place.wait(command.connection_id, tx.now, policy)
        elif place.join(command.connection_id, alias, tx.now, policy):
            event = of_participant(RoomEventKind.JOINED, place, tx.now)
            room_head = self._records.room_log.append(tx, session.id, event)
        room_head = self._succession.came(tx, place, session) or room_head
        self._records.participants.put(tx, place)
        tx.touch(place.patient_id, session.id)
        present = self._present(tx, session) if enters else []
        return Admission(
            session_id=session.id,
            role=place.role,
            alias=place.alias,
            is_waiting=not enters,
            was_present=was_present,
            start_time=session.schedule.start_time,
            room_head=room_head,
            private_head=private_head,
            companions=self._companions(tx, session, place.role, present),
            signals=self._signals(tx, session, place),
            activity=self._activities.seen_by(tx, session, place, present)
            if enters
            else Activity(),
            is_held=session.leading.is_held,
            is_muted=place.is_muted,
        )

    def _admit(self, tx: Tx, session: Session, person_id: str) -> tuple[Role, str, bool]:
        """As what, under which alias, and whether at once."""
        policy = self._policies(tx.call.tenant_id)
        is_guest = session.house.grant_of(person_id) is not None and person_id not in session.staff
        if STAFF & tx.call.actor.roles and not is_guest:
            admit_staff(session, person_id, tx.now, policy)
            leads = person_id == session.lead_id
            role = Role.FACILITATOR if leads else Role.CO_FACILITATOR
            known = self._records.participants.known(tx, session.id, person_id)
            return role, (known.alias if known else "") or session.staff[person_id], True
        if is_guest or tx.call.has(CallerRole.GUEST):
            return self._admit_guest(tx, session, person_id)
        standing = standing_of(self._records, tx, session, person_id)
        enters = admit_patient(session, standing, tx.now, policy)
        return Role.PATIENT, standing.alias, enters

    def _admit_guest(self, tx: Tx, session: Session, person_id: str) -> tuple[Role, str, bool]:
        """Who was given a place comes once the room is open, as what it was given for."""
        if session.house.grant_of(person_id) is None:
            raise NotFound("NOT_FOUND", "no such session")
        grant = require_grant(self._records, tx, session, person_id)
        known = self._records.participants.known(tx, session.id, person_id)
        require_let_in(
            session,
            is_shut_out=person_id in session.house.barred_ids,
            is_known=known is not None and known.arrive_time is not None,
        )
        require_lobby(session, tx.now, self._policies(tx.call.tenant_id))
        return grant.role, grant.alias, session.is_open

    def _heads(self, tx: Tx, command: Enter, person_id: str) -> tuple[int, int]:
        """Where both logs stand. A cursor that they have not reached is of another world."""
        room = self._records.room_log.head(tx, command.session_id)
        private = self._records.private_log.head(tx, person_id)
        if command.room_cursor > room or (command.private_cursor or 0) > private:
            raise OutOfRange("CURSOR_UNKNOWN", "no event has that number yet")
        return room, private

    def _present(self, tx: Tx, session: Session) -> list[Participant]:
        everybody = self._records.participants.in_session(tx, session.id)
        return [each for each in everybody if each.is_present]

    def _companions(
        self, tx: Tx, session: Session, role: Role, present: Sequence[Participant]
    ) -> tuple[Companion, ...]:
        """Who is in the room; who is behind an alias only for staff, and on record."""
        is_staff = may(role, Right.SEE_PATIENTS)
        qualities = self._activities.qualities(tx, session) if is_staff else {}
        for each in present:
            if is_staff:
                tx.touch(each.patient_id, session.id)
        # In the order of their names: the order in which people came is nobody's business.
        return tuple(
            seen_by_staff(each, qualities.get(each.id))
            if is_staff
            else Companion(each.alias, each.role)
            for each in sorted(present, key=lambda each: each.alias)
        )

    def _signals(self, tx: Tx, session: Session, place: Participant) -> tuple[SignalView, ...]:
        """What is still open: a patient's own calls for help, or for staff those of this room."""
        number = self._policies(tx.call.tenant_id).call_number
        if not may(place.role, Right.HEAR_ALARMS):
            own = unresolved(self._records, tx, {"raised_by": place.person_id})
            return tuple(SignalView(signal, number) for signal in own)
        views = []
        for signal in unresolved(self._records, tx, {"session_id": session.id}):
            tx.touch(signal.patient_id, signal.id)
            alias = self._records.copies.alias(tx, signal.patient_id, session.schedule.group_id)
            views.append(SignalView(signal, number, alias))
        return tuple(views)
