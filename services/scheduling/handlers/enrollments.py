"""Seats in a series: all of them, or none."""

from __future__ import annotations

from prometheus_client import Counter

from chassis.call import Call
from chassis.errors import AlreadyExists, HavenError
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.scheduling.domain.commands import CancelEnrollment, EnrollPatient
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.patient import Plan
from services.scheduling.domain.series import Series
from services.scheduling.domain.session import Seat, seat_in_all
from services.scheduling.handlers.grounds import (
    ahead,
    load_as_seen,
    require_covered,
    require_free_patients,
)
from services.scheduling.handlers.review import Review
from services.scheduling.ports import Books

ENROLLED, OTHER = "enrolled", "other"
REFUSALS = {
    "SERIES_FULL": "full",
    "DOSE_NOT_MET": "dose_not_met",
    "LICENSE_STATE_MISMATCH": "license_mismatch",
}
attempts = Counter(
    "haven_scheduling_enrollments", "Attempts to enroll a patient, by outcome.", ["outcome"]
)
for _outcome in (ENROLLED, *REFUSALS.values(), OTHER):
    attempts.labels(_outcome)


class Enrollments:
    """One transaction takes or gives back every seat."""

    def __init__(self, store: Store, books: Books, review: Review) -> None:
        self._store, self._books, self._review = store, books, review

    def enroll(self, call: Call, command: EnrollPatient) -> Enrollment:
        """Seat the patient in every session of the series that has not begun."""
        try:
            enrollment = self._store.transact(call, lambda tx: self._enroll(tx, command))
        except HavenError as error:
            attempts.labels(REFUSALS.get(error.reason, OTHER)).inc()
            raise
        attempts.labels(ENROLLED).inc()
        return enrollment

    def cancel(self, call: Call, command: CancelEnrollment) -> Enrollment:
        """Give back the seats in every session that has not begun."""
        return self._store.transact(call, lambda tx: self._cancel(tx, command))

    def _enroll(self, tx: Tx, command: EnrollPatient) -> Enrollment:
        series = self._books.series.load(tx, command.series_id)
        patient = self._books.patients.load(tx, command.patient_id)
        patient.require_admitted()
        plan = patient.require_plan()
        series.require_active()
        series.require_dose(plan.weekly_minutes)
        if self._books.enrollments.open_of(tx, series.id, patient.id) is not None:
            raise AlreadyExists("ALREADY_ENROLLED", "the patient has seats in this series")
        sessions = ahead(self._books.sessions.open_of_series(tx, series.id), tx)
        seat = Seat(patient.id, new_id())
        session_ids = seat_in_all(sessions, seat)
        # Before the rest: of a crowd at the same seats all but one stop here, early.
        self._books.sessions.seat(tx, sessions, seat)
        require_covered(self._books, tx, sessions, {patient.attending_state})
        require_free_patients(self._books, tx, [patient.id], sessions)
        self._books.patients.save(tx, patient)
        enrollment = _enrollment(seat, series, plan, session_ids)
        enrollment.announce()
        return self._books.enrollments.insert(tx, enrollment)

    def _cancel(self, tx: Tx, command: CancelEnrollment) -> Enrollment:
        enrollment = load_as_seen(self._books.enrollments, tx, command.enrollment_id, command.etag)
        held = self._books.sessions.open_of_series(tx, enrollment.series_id)
        sessions = [each for each in ahead(held, tx) if each.id in enrollment.session_ids]
        enrollment.cancel([each.id for each in sessions])
        self._books.sessions.release(tx, sessions, enrollment.patient_id)
        saved = self._books.enrollments.save(tx, enrollment)
        self._review.patients(tx, [enrollment.patient_id])
        return saved


def _enrollment(seat: Seat, series: Series, plan: Plan, session_ids: tuple[str, ...]) -> Enrollment:
    return Enrollment(
        id=seat.enrollment_id,
        series_id=series.id,
        group_id=series.group_id,
        patient_id=seat.patient_id,
        session_ids=session_ids,
        care_plan_id=plan.care_plan_id,
        planned_weekly_minutes=plan.weekly_minutes,
        is_part2_protected=series.is_part2_protected,
    )


def complete_if_over(books: Books, tx: Tx, series_id: str) -> None:
    """Close the series and its enrollments once no session of it is open any more."""
    if not series_id or books.sessions.open_of_series(tx, series_id):
        return
    series: Series = books.series.load(tx, series_id)
    series.end()
    books.series.save(tx, series)
    for enrollment in books.enrollments.open_of_series(tx, series_id):
        enrollment.complete()
        books.enrollments.save(tx, enrollment)
