"""People are reminded of their sessions, once for each offset, for as long as they have a seat.

Who was reminded of a session that then moves or is canceled hears of that, once; who was not hears
nothing. A reminder that has not left by then never does, in the same transaction: it cannot leave
beside a notice that was not written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chassis.call import Call, EventOnce
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.notify.domain.address import Owner
from services.notify.domain.enclosure import Enclosure
from services.notify.domain.message import Message, MessageClass
from services.notify.domain.reminder import PlannedSession, SeatChange, SessionFact, Turn
from services.notify.domain.template import CANCELED, MOVED, REMINDER
from services.notify.handlers.counting import count_accepted, count_end
from services.notify.handlers.posting import Post, Posting
from services.notify.ports import MessageBook, PolicyOf
from services.notify.ports.consent import Calendar

NOTICES = {Turn.MOVED: MOVED, Turn.CANCELED: CANCELED}
REASONS = {Turn.MOVED: "SESSION_MOVED", Turn.CANCELED: "SESSION_CANCELED"}


class Reminding:
    """Keeps what scheduling says, and writes when the time comes."""

    def __init__(
        self,
        store: Store,
        *,
        calendar: Calendar,
        book: MessageBook,
        posting: Posting,
        policy_of: PolicyOf,
    ) -> None:
        self._store = store
        self._calendar = calendar
        self._book = book
        self._posting = posting
        self._policy_of = policy_of

    def schedule(self, call: Call, fact: SessionFact) -> None:
        """A session exists, moved, or was canceled; its reminders go with it."""
        version, changed = _version_of(call), list[Message]()

        def change(tx: Tx) -> None:
            changed.clear()
            id = self._calendar.id_of(tx, fact.session_id)
            session = self._calendar.find(tx, id)
            session = session or PlannedSession(id, fact.session_id, fact.start_time)
            if (turn := session.turn(fact, version, tx.now)) is not None:
                seated = self._calendar.seated_before(tx, session, _time_of(call))
                for patient_id in seated:
                    is_told, recalled = self._recall(tx, session, patient_id, turn)
                    changed.extend(recalled)
                    if is_told:
                        changed.extend(self._tell(tx, turn, fact, patient_id, version))
            if session.plan(fact, version, self._offsets(tx), tx.now):
                self._calendar.keep(tx, session)

        self._store.transact(call, change)
        count_accepted(*(each for each in changed if not each.has_ended))
        for message in changed:
            count_end(message)

    def change_seats(self, call: Call, seats: SeatChange) -> None:
        """Who sits where; looked at when a reminder is written and again when it leaves."""
        version, told_time = _version_of(call), _time_of(call)
        self._store.transact(
            call, lambda tx: self._calendar.change_seats(tx, seats, version, told_time)
        )

    def remind(self, call: Call, planned_id: str) -> None:
        """Write to everybody with a seat, if it is time; the same again changes nothing."""
        posted: list[Message] = []

        def change(tx: Tx) -> None:
            posted.clear()
            session = self._calendar.find(tx, planned_id)
            if session is None or not session.is_due(tx.now):
                return
            offset = session.remind(self._offsets(tx), tx.now)
            if offset is not None:
                posts = [
                    _reminder(tx, session, each, offset)
                    for each in self._calendar.seated(tx, session)
                ]
                posted.extend(self._posting.post_all(tx, posts))
            self._calendar.keep(tx, session)

        self._store.transact(call, change)
        count_accepted(*posted)

    def _recall(
        self, tx: Tx, session: PlannedSession, patient_id: str, turn: Turn
    ) -> tuple[bool, list[Message]]:
        """Whether the patient was told of a start, and the messages that will tell nobody now."""
        ids = [_reminder_id(tx, session, patient_id, offset) for offset in sorted(session.past)]
        if session.move_version:
            ids.append(_notice_id(tx, Turn.MOVED, session, patient_id, session.move_version))
        found = [each for id in ids if (each := self._book.find(tx, id)) is not None]
        waiting = [each for each in found if not each.has_ended and not _may_be_known(each)]
        for message in waiting:
            message.withdraw(REASONS[turn], tx.now)
            self._book.save(tx, message)
        # Who was to hear of an earlier move knew of the start before it.
        is_told = any(_may_be_known(each) or each.template.id == MOVED.id for each in found)
        return is_told, waiting

    def _tell(
        self, tx: Tx, turn: Turn, fact: SessionFact, patient_id: str, version: int
    ) -> Iterator[Message]:
        id = _notice_id(tx, turn, fact, patient_id, version)
        enclosure = _enclosure(id, fact.session_id, fact.start_time)
        patient = Owner(patient_id, is_patient=True)
        post = Post(MessageClass.SCHEDULE, patient, NOTICES[turn], fact.start_time, enclosure)
        if (notice := self._posting.post(tx, post)) is not None:
            yield notice

    def _offsets(self, tx: Tx) -> tuple[int, ...]:
        return self._policy_of(tx.call.tenant_id).consent.reminder_offsets_seconds


def _reminder(tx: Tx, session: PlannedSession, patient_id: str, offset: int) -> Post:
    id, start = _reminder_id(tx, session, patient_id, offset), session.start_time
    enclosure = _enclosure(id, session.session_id, start)
    patient = Owner(patient_id, is_patient=True)
    return Post(MessageClass.SCHEDULE, patient, REMINDER, start, enclosure)


def _reminder_id(tx: Tx, session: PlannedSession, patient_id: str, offset: int) -> str:
    key = (session.session_id, session.start_time.isoformat(), patient_id, str(offset))
    # A session that moved back to where it was is reminded of anew.
    moved = (str(session.move_version),) if session.move_version else ()
    return derived_id(tx.call.tenant_id, "reminder", *key, *moved)


def _notice_id(
    tx: Tx, turn: Turn, of: PlannedSession | SessionFact, patient_id: str, version: int
) -> str:
    return derived_id(tx.call.tenant_id, turn.value, of.session_id, patient_id, str(version))


def _may_be_known(message: Message) -> bool:
    """True where it may have reached somebody: a provider has it, or is being asked."""
    return message.is_under_way or message.is_with_a_provider


def _enclosure(message_id: str, session_id: str, start_time: datetime) -> Enclosure:
    return Enclosure(message_id=message_id, session_id=session_id, start_time=start_time)


def _version_of(call: Call) -> int:
    """The version of the publisher's aggregate that the event speaks of; 0 = unknown."""
    return call.once.aggregate_version if isinstance(call.once, EventOnce) else 0


def _time_of(call: Call) -> datetime | None:
    """When the publisher committed the event; None = unknown."""
    return call.once.create_time if isinstance(call.once, EventOnce) else None
