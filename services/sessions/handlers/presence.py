"""Staying and going. Heartbeats add no audit rows: the ledger is itself the record."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call
from chassis.errors import FailedPrecondition
from chassis.store import Ahead, Store, Tx
from services.sessions.domain.commands import Connected
from services.sessions.domain.door import BARRING_SCOPES, require_place
from services.sessions.domain.lobby import Decision
from services.sessions.domain.log import RoomEventKind, of_participant
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import STAFF_ROLES, Role
from services.sessions.domain.session import Session
from services.sessions.handlers.farewell import Farewell
from services.sessions.handlers.licensing import Licensing
from services.sessions.handlers.lobby import Lobby
from services.sessions.handlers.standing import (
    ahead_of_unresolved,
    place_of,
    quiet,
    require_grant,
    session_of,
    unresolved,
)
from services.sessions.handlers.succession import Succession
from services.sessions.ports import Policies, Records

COMPANY = "leaves"  # when groups end, everybody goes


class Presences:
    """What a connection that came in does until it ends."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._farewell = Farewell(records, policies)
        self._succession = Succession(records, policies)
        self._lobby = Lobby(records, policies)
        self._licensing = Licensing(records, policies, self._lobby)

    def beat(self, call: Call, command: Connected) -> None:
        """Still here; looks again whether they may be. CONNECTION_REPLACED ends the connection."""
        self._store.transact(quiet(call), lambda tx: self._beat(tx, command))

    def leave(self, call: Call, command: Connected) -> None:
        """A clean end."""

        def act(tx: Tx) -> None:
            place, session = place_of(self._records, tx, command.session_id)
            was_present = place.leave(command.connection_id, tx.now)
            self._farewell.gone(tx, place, session, was_present=was_present)

        self._store.transact(
            replace(call, company=COMPANY), act, ahead=self._ahead_of_leave(call, command)
        )

    def _ahead_of_leave(self, call: Call, command: Connected) -> list[Ahead]:
        records, session_id, person_id = self._records, command.session_id, call.actor.subject
        return [
            *records.participants.ahead_of(session_id, person_id),
            *records.sessions.ahead(session_id),
            *records.room_log.ahead(call, session_id),
            *ahead_of_unresolved(records, {"patient_id": person_id}),
        ]

    def hush(self, call: Call, participant_id: str) -> None:
        """A connection was lost and nobody came back in time."""

        def act(tx: Tx) -> None:
            place = self._records.participants.by_id(tx, participant_id)
            session = session_of(self._records, tx, place.session_id)
            if place.silence_time is None or place.silence_time > tx.now:
                return
            was_present = place.fall_silent(tx.now, self._policies(tx.call.tenant_id))
            self._farewell.gone(tx, place, session, was_present=was_present)

        self._store.transact(call, act)

    def _beat(self, tx: Tx, command: Connected) -> None:
        policy = self._policies(tx.call.tenant_id)
        place, session = place_of(self._records, tx, command.session_id)
        place.require_connection(command.connection_id)
        if session.is_over:
            return
        self._require_place(tx, place, session)
        has_come = place.presence is Presence.GONE and self._come_again(tx, place, session)
        place.beat(command.connection_id, tx.now, policy)
        self._succession.came(tx, place, session)
        if place.is_record_due(tx.now, policy):
            place.record(session, tx.now, policy)
        self._records.participants.put(tx, place)
        if has_come:
            self._licensing.review(tx, session)

    def _come_again(self, tx: Tx, place: Participant, session: Session) -> bool:
        """Heartbeats came too late, and others were told; the connection held all the same. Back to
        where they were: True where that is the room."""
        policy, connection_id = self._policies(tx.call.tenant_id), place.connection_id
        if place.door.decision is Decision.DENIED:
            return False
        if (reason := place.door.wait_reason) is not None:
            place.wait(connection_id, tx.now, policy, reason)
            party = self._records.participants.in_session(tx, session.id)
            self._lobby.receive(tx, place, session, party)
        elif place.alias:
            place.join(connection_id, place.alias, tx.now, policy)
            event = of_participant(RoomEventKind.JOINED, place, tx.now)
            self._records.room_log.append(tx, session.id, event)
            return True
        return False

    def _require_place(self, tx: Tx, place: Participant, session: Session) -> None:
        if place.role is Role.PATIENT:
            copies, patient_id = self._records.copies, place.person_id
            try:
                require_place(
                    is_seated=copies.is_seated(tx, session, patient_id),
                    is_barred=copies.is_barred(tx, patient_id, BARRING_SCOPES),
                )
            except FailedPrecondition:
                # Nobody who called for help, and has none yet, is shown out.
                if not unresolved(self._records, tx, {"patient_id": patient_id}):
                    raise
        elif place.role not in STAFF_ROLES:
            require_grant(self._records, tx, session, place.person_id)
