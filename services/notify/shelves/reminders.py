"""Sessions and seats, as far as reminders need them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain, repeat

from chassis.ids import derived_id
from chassis.store import Index, Reader, Repository, Store, Tx, due_index
from services.notify.codec import reminders as codec
from services.notify.codec.events import message_of
from services.notify.domain.reminder import PlannedSession, SeatChange

PLANNED_SESSIONS, SEATS = "planned_sessions", "seats"
REMIND_DUE = "next_remind_time"
EPOCH = datetime.fromtimestamp(0, UTC)

INDEXES: tuple[Index, ...] = (
    due_index(PLANNED_SESSIONS, REMIND_DUE),
    Index(SEATS, [("tenant_id", 1), ("session_id", 1), ("is_held", 1)]),
)


class MongoCalendar:
    """One document per session and one per seat; see ports.Calendar."""

    def __init__(self, store: Store) -> None:
        self._sessions: Repository[PlannedSession] = Repository(
            store,
            PLANNED_SESSIONS,
            to_document=codec.planned_document,
            from_document=codec.planned_from,
            to_messages=message_of,
        )

    def id_of(self, reader: Reader, session_id: str) -> str:
        """The key of a session's document."""
        return derived_id(reader.call.tenant_id, PLANNED_SESSIONS, session_id)

    def find(self, reader: Reader, planned_id: str) -> PlannedSession | None:
        """The session, if scheduling ever told of it."""
        found = self._sessions.find(reader, {"_id": planned_id}, limit=1)
        return found[0] if found else None

    def look_ahead(self, tx: Tx, session_ids: Iterable[str]) -> None:
        """Many are about to be asked for, and who has a seat in them."""
        wanted = {*session_ids}
        tx.look_ahead(PLANNED_SESSIONS, (self.id_of(tx, each) for each in wanted))
        tx.look_ahead(SEATS, wanted, field="session_id", is_held=True)

    def keep(self, tx: Tx, session: PlannedSession) -> PlannedSession:
        """Keep a new or changed session."""
        keep = self._sessions.save if session.version else self._sessions.insert
        return keep(tx, session)

    def change_seats(
        self, tx: Tx, change: SeatChange, version: int, told_time: datetime | None
    ) -> None:
        """One document per seat, so that a late word about one says nothing about the others."""
        seats = chain(zip(change.held, repeat(True)), zip(change.released, repeat(False)))
        for session_id, is_held in seats:
            seat = {
                "_id": derived_id(tx.call.tenant_id, SEATS, change.enrollment_id, session_id),
                "session_id": session_id,
                "patient_id": change.patient_id,
                "is_held": is_held,
                "told_time": told_time,
            }
            tx.take_newer(SEATS, seat, aggregate_version=version)

    def seated(self, reader: Reader, session: PlannedSession) -> list[str]:
        """Everybody with a seat, in the order of their ids."""
        mine = {"session_id": session.session_id, "is_held": True}
        held = reader.find(SEATS, mine, fields=("patient_id",))
        return sorted({*session.patient_ids, *(each["patient_id"] for each in held)})

    def seated_before(
        self, reader: Reader, session: PlannedSession, instant: datetime | None
    ) -> list[str]:
        """The same at an instant of the publisher's: who gave the seat back then, or later, too.

        A session that is called off loses its seats in the same commit, and the words about them
        come in any order.
        """
        if instant is None:
            return self.seated(reader, session)
        known = reader.find(SEATS, {"session_id": session.session_id})
        had = (
            each["patient_id"]
            for each in known
            if each["is_held"] or (each.get("told_time") or EPOCH) >= instant
        )
        return sorted({*session.patient_ids, *had})
