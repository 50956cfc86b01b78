"""Groups, their series, the sessions and the enrollments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from chassis.errors import Aborted
from chassis.store import Filter, Page, Reader, Store, Tx
from services.scheduling.codec.documents import programs
from services.scheduling.codec.events import message_of
from services.scheduling.domain.commands import ListEnrollments, ListSeries, ListSessions, PageOf
from services.scheduling.domain.dose import Part, week_of
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.events import CoFacilitator
from services.scheduling.domain.group import Group
from services.scheduling.domain.series import Series
from services.scheduling.domain.session import Seat, Session
from services.scheduling.store.shelf import Shelf

OPEN: Filter = {"is_open": True}
# Who leads and helps, and where they may treat.
Leads = tuple[str, tuple[str, ...], tuple[CoFacilitator, ...]]


class Groups(Shelf[Group]):
    """The tenant's groups."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "groups", programs.group_document, programs.group_from)

    def listing(self, reader: Reader, page: PageOf) -> Page[Group]:
        """In order of creation."""
        return self.listed(reader, {}, page)


class SeriesShelf(Shelf[Series]):
    """The tenant's series."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "series", programs.series_document, programs.series_from)

    def listing(self, reader: Reader, query: ListSeries) -> Page[Series]:
        """In order of creation."""
        return self.listed(reader, _given({"group_id": query.group_id}), query.page)


class Sessions(Shelf[Session]):
    """The tenant's sessions; lists are in order of start time."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "sessions", programs.session_document, programs.session_from)

    def of_series(self, reader: Reader, series_ids: Collection[str]) -> list[Session]:
        """All sessions of these series, canceled ones included."""
        return self._in_order(reader, {"series_id": {"$in": sorted(series_ids)}})

    def open_of_series(self, reader: Reader, series_id: str) -> list[Session]:
        """Sessions of the series that are neither over nor canceled."""
        return self._in_order(reader, {"series_id": series_id, **OPEN})

    def open_of_patients(self, reader: Reader, patient_ids: Collection[str]) -> list[Session]:
        """Sessions in which any of these holds a seat, neither over nor canceled."""
        return self._in_order(reader, {"roster": {"$in": sorted(patient_ids)}, **OPEN})

    def open_of_facilitator(self, reader: Reader, clinician_id: str) -> list[Session]:
        """Sessions that the clinician leads, neither over nor canceled."""
        return self._in_order(reader, {"facilitator_id": clinician_id, **OPEN})

    def open_of_co_facilitator(self, reader: Reader, clinician_id: str) -> list[Session]:
        """Sessions that the clinician helps to lead, neither over nor canceled."""
        return self._in_order(reader, {"co_facilitators.clinician_id": clinician_id, **OPEN})

    def insert_all(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Keep new ones, in one stroke, and publish their events."""
        tx.insert_many(
            "sessions", [{**programs.session_document(each), "_id": each.id} for each in sessions]
        )
        self._published(tx, sessions)

    def save_leads(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Keep who leads these and where they may treat, in few strokes; publish their events.

        A program has hundreds of sessions but few facilitators and few dates on which a license
        begins or ends; one write for each session would outlast the transaction.
        """
        alike: dict[Leads, list[Session]] = defaultdict(list)
        for each in sessions:
            leads = (each.facilitator_id, each.facilitator_states, each.co_facilitators)
            alike[leads].append(each)
        for (facilitator_id, states, helping), group in alike.items():
            change = {
                "facilitator_id": facilitator_id,
                "facilitator_states": list(states),
                "co_facilitators": [programs.co_facilitator_document(each) for each in helping],
            }
            self._change_all(tx, group, {}, {"$set": change})
        self._published(tx, sessions)

    def seat(self, tx: Tx, sessions: Collection[Session], seat: Seat) -> None:
        """Keep the same new seat in all of these, in one stroke; Aborted where one moved on."""
        change = {"seats": programs.seat_document(seat), "roster": seat.patient_id}
        self._change_all(tx, sessions, {"roster": {"$ne": seat.patient_id}}, {"$push": change})

    def release(self, tx: Tx, sessions: Collection[Session], patient_id: str) -> None:
        """Give the patient's seat in all of these back, in one stroke."""
        change = {"seats": {"patient_id": patient_id}, "roster": patient_id}
        self._change_all(tx, sessions, {"roster": patient_id}, {"$pull": change})

    def mark_judged(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Meet everybody who changes one of these at the same moment."""
        self._change_all(tx, sessions, {}, {})

    def parts_of_week(self, reader: Reader, patient_id: str, day: date) -> list[Part]:
        """What the sessions of the day's week give the patient."""
        monday, sunday = (each.isoformat() for each in week_of(day))
        week = {"local_date": {"$gte": monday, "$lte": sunday}}
        attended = reader.find("attendance", {"patient_id": patient_id, **week})
        seconds = {each["session_id"]: each["counted_seconds"] for each in attended}
        seated = {each.id: each for each in self.find(reader, {"roster": patient_id, **week})}
        reader.touch(patient_id)
        past = [
            Part(date.fromisoformat(each["local_date"]), each["counted_seconds"], 0, False)
            for each in attended
            if each["session_id"] not in seated
        ]
        held = [
            Part(each.local_date, seconds.get(each.id, 0), each.counted_minutes, each.is_open)
            for each in seated.values()
        ]
        return past + held

    def listing(self, reader: Reader, query: ListSessions) -> Page[Session]:
        """In order of start time."""
        filter = _given(
            {
                "roster": query.patient_id,
                "group_id": query.group_id,
                "series_id": query.series_id,
                "facilitator_id": query.facilitator_id,
                "end_time": query.after_time and {"$gt": query.after_time},
                "start_time": query.before_time and {"$lt": query.before_time},
            }
        )
        return self.listed(reader, filter, query.page, order_by="start_time")

    def _change_all(
        self, tx: Tx, sessions: Collection[Session], filter: Filter, change: Filter
    ) -> None:
        """One write for all, so that a crowd at the same seats meets early and briefly."""
        wanted = {"_id": {"$in": [each.id for each in sessions]}, **OPEN, **filter}
        if tx.update_many("sessions", wanted, change) != len(sessions):
            raise Aborted("STALE_VERSION", "changed meanwhile; read it again")

    def _published(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Emit what happened to sessions that were just written, at their new versions."""
        for session in sessions:
            session.version += 1
            session.update_time = tx.now
            tx.touch("", session.id)
            for event in session.events:
                tx.emit(
                    message_of(event), aggregate_id=session.id, aggregate_version=session.version
                )
            session.events.clear()

    def _in_order(self, reader: Reader, filter: Filter) -> list[Session]:
        return sorted(self.find(reader, filter), key=lambda each: (each.span, each.id))


class Enrollments(Shelf[Enrollment]):
    """The tenant's enrollments."""

    def __init__(self, store: Store) -> None:
        super().__init__(
            store, "enrollments", programs.enrollment_document, programs.enrollment_from
        )

    def open_of(self, reader: Reader, series_id: str, patient_id: str) -> Enrollment | None:
        """The patient's enrollment that may hold seats ahead in the series."""
        filter = {"series_id": series_id, "patient_id": patient_id, **OPEN}
        return next(iter(self.find(reader, filter, limit=1)), None)

    def open_of_series(self, reader: Reader, series_id: str) -> list[Enrollment]:
        """Enrollments that may hold seats ahead in the series."""
        return self.find(reader, {"series_id": series_id, **OPEN})

    def open_of_patients(self, reader: Reader, patient_ids: Collection[str]) -> list[Enrollment]:
        """Enrollments of these patients that may hold seats ahead."""
        return self.find(reader, {"patient_id": {"$in": sorted(patient_ids)}, **OPEN})

    def listing(self, reader: Reader, query: ListEnrollments) -> Page[Enrollment]:
        """In order of creation."""
        filter = _given({"patient_id": query.patient_id, "series_id": query.series_id})
        return self.listed(reader, filter, query.page)


def _given(filter: Filter) -> Filter:
    """The clauses that narrow anything."""
    return {name: value for name, value in filter.items() if value}
