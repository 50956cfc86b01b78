"""People are reminded of their sessions, once for each offset, for as long as they have a seat."""

from __future__ import annotations

from chassis.call import Call, EventOnce
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Message, MessageClass
from services.notify.domain.reminder import PlannedSession, SeatChange, SessionFact
from services.notify.domain.template import REMINDER
from services.notify.handlers.counting import count_accepted
from services.notify.handlers.posting import Post, Posting
from services.notify.ports import PolicyOf
from services.notify.ports.consent import Calendar


class Reminding:
    """Keeps what scheduling says, and writes when the time comes."""

    def __init__(
        self, store: Store, *, calendar: Calendar, posting: Posting, policy_of: PolicyOf
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._posting = posting
        self._policy_of = policy_of

    def schedule(self, call: Call, fact: SessionFact) -> None:
        """A session exists, moved, or was canceled; its reminders go with it."""
        version = _version_of(call)

        def change(tx: Tx) -> None:
            id = self._calendar.id_of(tx, fact.session_id)
            session = self._calendar.find(tx, id)
            session = session or PlannedSession(id, fact.session_id, fact.start_time)
            if session.plan(fact, version, self._offsets(tx), tx.now):
                self._calendar.keep(tx, session)

        self._store.transact(call, change)

    def change_seats(self, call: Call, seats: SeatChange) -> None:
        """Who sits where; looked at when a reminder is written and again when it leaves."""
        version = _version_of(call)
        self._store.transact(call, lambda tx: self._calendar.change_seats(tx, seats, version))

    def remind(self, call: Call, planned_id: str) -> None:
        """Write to everybody with a seat, if it is time; the same again changes nothing."""
        posted: list[Message | None] = []

        def change(tx: Tx) -> None:
            posted.clear()
            session = self._calendar.find(tx, planned_id)
            if session is None or not session.is_due(tx.now):
                return
            offset = session.remind(self._offsets(tx), tx.now)
            if offset is not None:
                seated = self._calendar.seated(tx, session)
                posted.extend(self._write(tx, session, each, offset) for each in seated)
            self._calendar.keep(tx, session)

        self._store.transact(call, change)
        count_accepted(*posted)

    def _write(
        self, tx: Tx, session: PlannedSession, patient_id: str, offset: int
    ) -> Message | None:
        start = session.start_time
        key = (session.session_id, start.isoformat(), patient_id, str(offset))
        enclosure = Enclosure(
            message_id=derived_id(tx.call.tenant_id, "reminder", *key),
            session_id=session.session_id,
            start_time=start,
        )
        patient = Owner(patient_id, is_patient=True)
        return self._posting.post(
            tx, Post(MessageClass.SCHEDULE, patient, REMINDER, start, enclosure)
        )

    def _offsets(self, tx: Tx) -> tuple[int, ...]:
        return self._policy_of(tx.call.tenant_id).consent.reminder_offsets_seconds


def _version_of(call: Call) -> int:
    """The version of the publisher's aggregate that the event speaks of; 0 = unknown."""
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0
