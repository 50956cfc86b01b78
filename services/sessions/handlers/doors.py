"""Coming in: the checks, the place, and the room as it stands at that instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chassis.call import Call
from chassis.call import Role as CallerRole
from chassis.errors import HavenError, NotFound, OutOfRange
from chassis.store import Ahead, Store, Tx
from services.sessions.domain.aid import AIDS
from services.sessions.domain.commands import Enter
from services.sessions.domain.door import (
    BARRING_SCOPES,
    admit_patient,
    admit_staff,
    require_let_in,
    require_lobby,
    require_not_over,
    require_seat,
)
from services.sessions.domain.lobby import WaitReason
from services.sessions.domain.log import RoomEvent, RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.roles import COMES_MUTED, STAFF_ROLES, Right, Role, may
from services.sessions.domain.session import Session
from services.sessions.domain.ticket import hash_of
from services.sessions.domain.views import (
    Activity,
    Admission,
    Companion,
    SignalView,
    seen_by_staff,
)
from services.sessions.handlers.activities import Activities
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.polls import ahead_of_poll
from services.sessions.handlers.refusals import Refusals
from services.sessions.handlers.standing import (
    ahead_of_unresolved,
    require_grant,
    session_of,
    standing_of,
    unresolved,
)
from services.sessions.handlers.succession import Succession
from services.sessions.handlers.tickets import Credentials
from services.sessions.ports import Policies, Records

STAFF = frozenset({CallerRole.CLINICIAN, CallerRole.SUPERVISOR})
COMPANY = "doors"  # when many groups begin at once, many come to their doors together


class Doors:
    """The door of every room; one audit row for each time somebody comes and is shown the room."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._activities = Activities(records, policies)
        self._succession = Succession(records, policies)
        self._credentials = Credentials(records, policies)
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)
        self._refusals = Refusals(store, records)

    def enter(self, call: Call, command: Enter) -> Admission:
        """Let the caller in, or let them wait, or say what is missing and what would help."""
        try:
            return self._store.transact(
                replace(call, company=COMPANY),
                lambda tx: self._enter(tx, command),
                ahead=self._ahead(call, command),
            )
        except HavenError as error:
            if (aid := AIDS.get(error.reason)) is not None:
                error.metadata.setdefault("help", aid.value)
            self._refusals.hear(call, command.session_id, error.reason)
            raise

    def _ahead(self, call: Call, command: Enter) -> list[Ahead]:
        """What everybody who comes is asked; of patients also what decides about them."""
        records, session_id, person_id = self._records, command.session_id, call.actor.subject
        reads = [
            *records.sessions.ahead(session_id),
            *records.participants.ahead(session_id),
            *records.room_log.ahead(call, session_id),
            *records.private_log.ahead(call, person_id),
            *ahead_of_poll(records, session_id),
        ]
        if command.join_ticket:
            reads += records.tickets.ahead(hash_of(command.join_ticket))
        if not STAFF & call.actor.roles:
            reads += records.copies.ahead(session_id, person_id, BARRING_SCOPES)
            reads += ahead_of_unresolved(records, {"raised_by": person_id})
        return reads

    def _enter(self, tx: Tx, command: Enter) -> Admission:
        session = session_of(self._records, tx, command.session_id)
        policy = self._policies(tx.call.tenant_id)
        party = self._records.participants.in_session(tx, session.id)
        place = self._place(tx, session, party)
        token, alias, waits = self._admit(tx, command, session, place, party)
        was_present, joined = place.is_present, None
        if waits is not None:
            if place.wait(command.connection_id, tx.now, policy, waits):
                self._lobby.receive(tx, place, session, party)
        elif place.join(command.connection_id, alias, tx.now, policy):
            event = of_participant(RoomEventKind.JOINED, place, tx.now)
            joined = replace(event, number=self._records.room_log.append(tx, session.id, event))
        room_head, private_head = self._heads(tx, command, joined)
        room_head = self._succession.came(tx, place, session) or room_head
        self._records.participants.put(tx, place)
        tx.touch(place.patient_id, session.id)
        everybody = party if place in party else [*party, place]
        present = [each for each in everybody if each.is_present] if waits is None else []
        return Admission(
            session_id=session.id,
            role=place.role,
            alias=place.alias,
            wait_reason=waits,
            was_present=was_present,
            start_time=session.schedule.start_time,
            room_head=room_head,
            private_head=private_head,
            companions=self._companions(tx, session, place.role, present),
            signals=self._signals(tx, session, place),
            activity=self._activities.seen_by(tx, session, place, present)
            if waits is None
            else Activity(),
            is_held=session.leading.is_held,
            is_muted=place.is_muted,
            lobby=self._lobby.shown_to(tx, place, session, party),
            resume_token=token,
            joined=joined,
        )

    def _place(self, tx: Tx, session: Session, party: Sequence[Participant]) -> Participant:
        person_id, role = tx.call.actor.subject, self._role(tx, session)
        known = next((each for each in party if each.person_id == person_id), None)
        place = known or self._records.participants.new(tx, session.id, person_id, role)
        is_new, place.role = place.arrive_time is None, role
        place.is_muted = place.is_muted or (is_new and role in COMES_MUTED)
        return place

    def _role(self, tx: Tx, session: Session) -> Role:
        """As what the caller would come. Who was given a place comes as what it was given for."""
        person_id, grant = tx.call.actor.subject, session.house.grant_of(tx.call.actor.subject)
        is_guest = grant is not None and person_id not in session.staff
        if STAFF & tx.call.actor.roles and not is_guest:
            return Role.FACILITATOR if person_id == session.lead_id else Role.CO_FACILITATOR
        if grant is not None and is_guest:
            return grant.role
        if tx.call.has(CallerRole.GUEST):
            raise NotFound("NOT_FOUND", "no such session")
        return Role.PATIENT

    def _admit(
        self,
        tx: Tx,
        command: Enter,
        session: Session,
        place: Participant,
        party: Sequence[Participant],
    ) -> tuple[str, str, WaitReason | None]:
        """With which token for the next time, under which alias, and what they wait for."""
        policy = self._policies(tx.call.tenant_id)
        if place.role in STAFF_ROLES:
            session.require_staff(place.person_id)
            require_not_over(session)
            token = self._credentials.redeem(tx, command, place)
            admit_staff(session, place.person_id, tx.now, policy)
            return token, place.alias or session.staff[place.person_id], None
        if place.role is not Role.PATIENT:
            return self._admit_guest(tx, command, session, place)
        standing = standing_of(self._records, tx, session, place)
        standing = replace(standing, is_here=command.is_again and standing.was_inside)
        is_seated, was_expected = standing.is_seated, standing.was_expected
        require_seat(session, is_seated=is_seated, was_expected=was_expected)
        require_not_over(session)
        token = self._credentials.redeem(tx, command, place)
        coverage = self._licensing.coverage(tx, session, party)
        waits = admit_patient(session, standing, coverage, tx.now, policy)
        return token, standing.alias, waits

    def _admit_guest(
        self, tx: Tx, command: Enter, session: Session, place: Participant
    ) -> tuple[str, str, WaitReason | None]:
        """Once the room is open."""
        require_not_over(session)
        token = self._credentials.redeem(tx, command, place)
        grant = require_grant(self._records, tx, session, place.person_id)
        require_let_in(
            session,
            is_shut_out=place.person_id in session.house.barred_ids,
            is_known=place.arrive_time is not None,
        )
        require_lobby(session, tx.now, self._policies(tx.call.tenant_id))
        return token, grant.alias, None if session.is_open else WaitReason.BEFORE_START

    def _heads(self, tx: Tx, command: Enter, joined: RoomEvent | None) -> tuple[int, int]:
        """Where both logs stand. A cursor that they had not reached is of another world."""
        room = joined.number if joined else self._records.room_log.head(tx, command.session_id)
        private = self._records.private_log.head(tx, tx.call.actor.subject)
        if command.room_cursor > room - bool(joined) or (command.private_cursor or 0) > private:
            raise OutOfRange("CURSOR_UNKNOWN", "no event has that number yet")
        return room, private

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
