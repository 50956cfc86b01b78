"""Single sessions: one-offs, substitutes, cancellations, and their end."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.call import Call
from chassis.errors import InvalidArgument, NotFound, Violation
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.commands import (
    AssignCoFacilitators,
    CancelSession,
    ScheduleSession,
    SubstituteFacilitator,
)
from services.scheduling.domain.group import Group
from services.scheduling.domain.patient import Patient
from services.scheduling.domain.session import Seat, Session
from services.scheduling.domain.span import Span
from services.scheduling.handlers.enrollments import complete_if_over
from services.scheduling.handlers.grounds import (
    load_as_seen,
    require_covering,
    require_free_facilitator,
    require_free_patients,
)
from services.scheduling.handlers.review import Review
from services.scheduling.ports import Books

# "Now" on a caller's clock, and the way of the request: a start just past still means now.
START_TOLERANCE = timedelta(minutes=5)


class Sessions:
    """Each use case judges the roster's states as of the session's own time."""

    def __init__(self, store: Store, books: Books, review: Review) -> None:
        self._store, self._books, self._review = store, books, review

    def schedule(self, call: Call, command: ScheduleSession) -> Session:
        """Schedule a one-off session for named patients."""
        return self._store.transact(call, lambda tx: self._schedule(tx, command))

    def substitute(self, call: Call, command: SubstituteFacilitator) -> Session:
        """Give one session to another facilitator who may treat its whole roster."""
        return self._store.transact(call, lambda tx: self._substitute(tx, command))

    def assign_co_facilitators(self, call: Call, command: AssignCoFacilitators) -> Session:
        """Say who helps to lead one session."""
        return self._store.transact(call, lambda tx: self._assign_co_facilitators(tx, command))

    def cancel(self, call: Call, command: CancelSession) -> Session:
        """Call a session off and release its seats."""
        return self._store.transact(call, lambda tx: self._cancel(tx, command))

    def end_when_over(self, call: Call, session_id: str) -> None:
        """End the session if its time is over; with the last one its series ends."""
        self._store.transact(call, lambda tx: self._end(tx, session_id))

    def _schedule(self, tx: Tx, command: ScheduleSession) -> Session:
        group = self._books.groups.load(tx, command.group_id)
        clinician = self._books.clinicians.load(tx, command.facilitator_id)
        patients = self._patients(tx, command.patient_ids)
        session = _one_off(command, group, clinician, tx.now)
        session.seat(*(Seat(each.id) for each in patients))
        require_covering(self._books, tx, clinician, [session])
        require_free_facilitator(self._books, tx, clinician, [session])
        require_free_patients(self._books, tx, command.patient_ids, [session])
        session.announce()
        self._books.clinicians.save(tx, clinician)
        for patient in patients:
            self._books.patients.save(tx, patient)
        return self._books.sessions.insert(tx, session)

    def _patients(self, tx: Tx, patient_ids: tuple[str, ...]) -> list[Patient]:
        found = self._books.patients.all_of(tx, patient_ids)
        if len(found) != len(patient_ids):
            raise NotFound("NOT_FOUND", "no such resource")
        for patient in found:
            patient.require_admitted()
        return found

    def _substitute(self, tx: Tx, command: SubstituteFacilitator) -> Session:
        session = load_as_seen(self._books.sessions, tx, command.session_id, command.etag)
        clinician = self._books.clinicians.load(tx, command.facilitator_id)
        session.give_to(clinician)
        require_free_facilitator(self._books, tx, clinician, [session])
        require_covering(self._books, tx, clinician, [session])
        self._books.clinicians.save(tx, clinician)
        saved = self._books.sessions.save(tx, session)
        self._review.patients(tx, session.roster)
        return saved

    def _assign_co_facilitators(self, tx: Tx, command: AssignCoFacilitators) -> Session:
        session = load_as_seen(self._books.sessions, tx, command.session_id, command.etag)
        load = self._books.clinicians.load
        clinicians = [load(tx, clinician_id) for clinician_id in command.co_facilitator_ids]
        session.be_helped_by(clinicians)
        for clinician in clinicians:
            require_free_facilitator(self._books, tx, clinician, [session])
            self._books.clinicians.save(tx, clinician)  # meets a license that ends meanwhile
        return self._books.sessions.save(tx, session)

    def _cancel(self, tx: Tx, command: CancelSession) -> Session:
        session = load_as_seen(self._books.sessions, tx, command.session_id, command.etag)
        seats = session.cancel()
        saved = self._books.sessions.save(tx, session)
        for seat in seats:
            if seat.enrollment_id:
                enrollment = self._books.enrollments.load(tx, seat.enrollment_id)
                enrollment.release([session.id])
                self._books.enrollments.save(tx, enrollment)
        self._review.patients(tx, [seat.patient_id for seat in seats])
        complete_if_over(self._books, tx, session.series_id)
        return saved

    def _end(self, tx: Tx, session_id: str) -> None:
        session = self._books.sessions.load(tx, session_id)
        if not session.is_open or session.span.end > tx.now:
            return
        session.end()
        self._books.sessions.save(tx, session)
        self._review.patients(tx, session.roster)
        complete_if_over(self._books, tx, session.series_id)


def _one_off(
    command: ScheduleSession, group: Group, clinician: Clinician, now: datetime
) -> Session:
    start = command.start_time or now
    if start < now - START_TOLERANCE:
        violation = Violation("start_time", "START_TIME_PAST", "must not lie in the past")
        raise InvalidArgument("START_TIME_PAST", "start_time is past", violations=[violation])
    length = timedelta(minutes=command.counted_minutes + command.break_minutes)
    span = Span(start, start + length)
    return Session(
        id=new_id(),
        group_id=group.id,
        series_id="",
        facilitator_id=clinician.id,
        facilitator_states=clinician.states(span),
        span=span,
        time_zone=command.time_zone,
        local_date=start.astimezone(ZoneInfo(command.time_zone)).date(),
        counted_minutes=command.counted_minutes,
        break_minutes=command.break_minutes,
        capacity=group.capacity,
        is_part2_protected=group.is_part2_protected,
        group_kind=group.kind,
    )
