"""Keeps license conflicts true: nobody is silently served without authority."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from chassis.ids import derived_id
from chassis.store import Tx
from services.scheduling.domain.conflict import LicenseConflict, uncovered
from services.scheduling.domain.enrollment import Enrollment, EnrollmentState
from services.scheduling.domain.patient import Patient
from services.scheduling.domain.session import Session
from services.scheduling.ports import Books


class Review:
    """Judges patients' sessions anew, after anything that a judgment rests on has changed."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def patients(self, tx: Tx, patient_ids: Collection[str]) -> None:
        """Open, change or close these patients' conflicts, and flag their enrollments."""
        if not patient_ids:
            return
        sessions = self._books.sessions.open_of_patients(tx, patient_ids)
        enrollments = self._books.enrollments.open_of_patients(tx, patient_ids)
        conflicts = self._books.conflicts.of_patients(tx, patient_ids)
        for patient in self._books.patients.all_of(tx, patient_ids):
            mine = [each for each in enrollments if each.patient_id == patient.id]
            known = {each.id: each for each in conflicts if each.patient_id == patient.id}
            bookings = _bookings(patient, sessions, mine)
            self._judge(tx, patient, bookings, known)
            self._flag(tx, patient, bookings, mine)

    def _judge(
        self,
        tx: Tx,
        patient: Patient,
        bookings: dict[tuple[str, str], list[Session]],
        known: dict[str, LicenseConflict],
    ) -> None:
        for (booking_id, enrollment_id), sessions in bookings.items():
            key = derived_id("license-conflict", tx.call.tenant_id, patient.id, booking_id)
            conflict = known.pop(key, None) or LicenseConflict(key, patient.id, enrollment_id)
            self._observe(tx, conflict, uncovered(sessions, patient.attending_state), patient)
        for conflict in known.values():  # of bookings that are over
            self._observe(tx, conflict, (), patient)

    def _observe(
        self, tx: Tx, conflict: LicenseConflict, lacking: Sequence[Session], patient: Patient
    ) -> None:
        if conflict.observe(lacking, patient.attending_state, tx.now):
            self._books.conflicts.keep(tx, conflict)

    def _flag(
        self,
        tx: Tx,
        patient: Patient,
        bookings: dict[tuple[str, str], list[Session]],
        enrollments: Sequence[Enrollment],
    ) -> None:
        for enrollment in enrollments:
            sessions = bookings[enrollment.id, enrollment.id]
            needs_review = bool(uncovered(sessions, patient.attending_state))
            if needs_review != (enrollment.state is EnrollmentState.NEEDS_REVIEW):
                enrollment.flag(needs_review=needs_review)
                self._books.enrollments.save(tx, enrollment)


def _bookings(
    patient: Patient, sessions: Sequence[Session], enrollments: Sequence[Enrollment]
) -> dict[tuple[str, str], list[Session]]:
    """Open sessions by what gave the seat: (booking id, enrollment id or "")."""
    found: dict[tuple[str, str], list[Session]] = defaultdict(list)
    for enrollment in enrollments:
        found[enrollment.id, enrollment.id] = []
    for session in sessions:
        for seat in session.seats:
            if seat.patient_id == patient.id:
                found[seat.enrollment_id or session.id, seat.enrollment_id].append(session)
    return found
