"""Minutes that stand: sealed after the end, and set right where they are not what happened."""

from __future__ import annotations

from chassis.call import Call, Role
from chassis.errors import NotFound
from chassis.store import Store, Tx
from services.sessions.domain.commands import AmendAttendance
from services.sessions.domain.participant import Participant
from services.sessions.domain.seal import Amendment
from services.sessions.domain.views import AttendanceView
from services.sessions.ports import Policies, Records, Signer


class Attendances:
    """What becomes of counted minutes once the room is closed."""

    def __init__(self, store: Store, records: Records, policies: Policies, *, key: Signer) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._key = key

    def seal(self, call: Call, session_id: str) -> None:
        """Seal the minutes of everybody who had a place in a session that is over."""

        def act(tx: Tx) -> None:
            session = self._records.sessions.load(tx, session_id)
            if session.seal_time is None or session.seal_time > tx.now:
                return
            session.seal_time = None
            self._records.sessions.put(tx, session)
            self._records.tickets.forget(tx, session_id)
            sign, policy = self._key.signer(tx), self._policies(tx.call.tenant_id)
            for participant in self._records.participants.in_session(tx, session.id):
                participant.close(session, sign, tx.now, policy)
                self._put(tx, participant)

        self._store.transact(call, act)

    def amend(self, call: Call, command: AmendAttendance) -> AttendanceView:
        """Set sealed seconds right; by the facilitator, or by a supervisor."""

        def act(tx: Tx) -> AttendanceView:
            session = self._records.sessions.load(tx, command.session_id)
            if not call.has(Role.SUPERVISOR):
                session.require_staff(call.actor.subject)
            participant = self._records.participants.known(tx, session.id, command.patient_id)
            if participant is None or not participant.patient_id:
                raise NotFound("NOT_FOUND", "no such attendance")
            amendment = Amendment(
                command.counted_seconds, command.reason, call.actor.subject, tx.now
            )
            policy = self._policies(tx.call.tenant_id)
            participant.amend(amendment, session, self._key.signer(tx), policy)
            self._put(tx, participant)
            return AttendanceView(
                participant,
                participant.counted(session, tx.now, policy),
                participant.intervals(session, tx.now, policy),
                is_for_staff=True,
            )

        return self._store.transact(call, act)

    def _put(self, tx: Tx, participant: Participant) -> None:
        tx.touch(participant.patient_id, participant.id)
        self._records.participants.put(tx, participant)
