"""Reading: what is shown to somebody is in the audit trail before it is shown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

from prometheus_client import Counter

from chassis.call import Call, Role, system_call
from chassis.errors import NotFound, Unavailable
from chassis.log import get_logger
from chassis.store import Page, Reader, Store
from services.sessions.domain.commands import GetAttendance, Lead, ListAttendance
from services.sessions.domain.participant import Participant
from services.sessions.domain.session import Session
from services.sessions.domain.views import AttendanceView, SessionView, SignalView
from services.sessions.ports import Log, Policies, Records, Signer

log = get_logger(__name__)
not_intact = Counter(
    "haven_sessions_seals_not_intact", "Reads of sealed minutes that are not what was signed."
)
E = TypeVar("E")
STAFF = frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.SUPERVISOR})


class Queries:
    """Sessions, attendances and signals, for those who may see them."""

    def __init__(self, store: Store, records: Records, policies: Policies, *, key: Signer) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._key = key

    def session(self, call: Call, command: Lead) -> SessionView:
        """A session; its seats only for staff. For a patient without a seat it does not exist."""

        def look(reader: Reader) -> SessionView:
            session = self._records.sessions.load(reader, command.session_id)
            if not STAFF & call.actor.roles:
                self._require_seat(reader, session, call.actor.subject)
                return SessionView(session)
            seats = self._records.copies.seats(reader, session)
            for seat in seats:
                reader.touch(seat.patient_id, session.id)
            return SessionView(session, seats)

        return self._store.read(call, look)

    def attendances(self, call: Call, command: ListAttendance) -> Page[AttendanceView]:
        """Everyone who came or was missed."""

        def look(reader: Reader) -> Page[AttendanceView]:
            session = self._records.sessions.load(reader, command.session_id)
            page = self._records.participants.page(
                reader,
                session.id,
                page_size=command.page_size,
                page_token=command.page_token,
            )
            views = [self._attendance(reader, session, each) for each in page.items]
            return Page(views, page.next_page_token)

        return self._store.read(call, look)

    def attendance(self, call: Call, command: GetAttendance) -> AttendanceView:
        """One patient's; the own one for a patient."""
        call.require_self(command.patient_id)

        def look(reader: Reader) -> AttendanceView:
            session = self._records.sessions.load(reader, command.session_id)
            known = self._records.participants.known(reader, session.id, command.patient_id)
            if known is None or not known.patient_id:
                raise NotFound("NOT_FOUND", "no such attendance")
            return self._attendance(reader, session, known)

        return self._store.read(call, look)

    def signal(self, call: Call, signal_id: str) -> SignalView:
        """Whether somebody has it. Even where that cannot be read, the number to call is told."""
        number = self._policies(call.tenant_id).call_number

        def look(reader: Reader) -> SignalView:
            signal = self._records.signals.load(reader, signal_id)
            if not STAFF & call.actor.roles and signal.alarm.raised_by != call.actor.subject:
                raise NotFound("NOT_FOUND", "no such signal")
            return SignalView(signal, number)

        try:
            return self._store.read(call, look)
        except Unavailable as error:
            told = {"call_number": number}
            raise Unavailable(error.reason, error.text, metadata=told) from error

    def _require_seat(self, reader: Reader, session: Session, patient_id: str) -> None:
        if not self._records.copies.is_seated(reader, session, patient_id):
            raise NotFound("NOT_FOUND", "no such session")

    def _attendance(
        self, reader: Reader, session: Session, participant: Participant
    ) -> AttendanceView:
        reader.touch(participant.patient_id, participant.id)
        policy = self._policies(reader.call.tenant_id)
        return AttendanceView(
            participant,
            participant.counted(session, reader.now, policy),
            participant.intervals(session, reader.now, policy),
            self._is_intact(reader, participant),
            is_for_staff=bool(STAFF & reader.call.actor.roles),
        )

    def _is_intact(self, reader: Reader, participant: Participant) -> bool:
        if participant.seal is None:
            return True
        sign = self._key.checker(reader)
        if sign is not None and participant.seal.is_intact(participant.id, sign):
            return True
        not_intact.inc()
        log.error("attendance.not-intact")
        return False


class Following(Generic[E]):
    """One kind of log as live rooms follow it.

    What a stream may see was decided, and audited, when it came in; following adds no rows.
    """

    def __init__(self, store: Store, log: Log[E]) -> None:
        self._store, self._log = store, log

    def after(self, tenant_id: str, key: str, number: int, limit: int) -> list[E]:
        """The events that follow a number, in order."""
        return self._store.read(
            _following(tenant_id), lambda reader: self._log.after(reader, key, number, limit)
        )

    def heads(self, tenant_id: str, keys: Collection[str]) -> dict[str, int]:
        """The newest number of each log that has events."""
        return self._store.read(_following(tenant_id), lambda reader: self._log.heads(reader, keys))


def _following(tenant_id: str) -> Call:
    return system_call(tenant_id, service="sessions", action="")
