"""Facts of other services: the newest is kept, and what rests on it is judged anew."""

from __future__ import annotations

from collections.abc import Callable

from chassis.call import Call, EventOnce
from chassis.store import Store, Tx
from services.scheduling.domain import facts
from services.scheduling.domain.patient import NEVER, Patient, Source
from services.scheduling.handlers.review import Review
from services.scheduling.ports import Books


class Copies:
    """One handler per event; a stale or repeated event changes nothing."""

    def __init__(self, store: Store, books: Books, review: Review) -> None:
        self._store, self._books, self._review = store, books, review

    def patient_admitted(self, call: Call, fact: facts.PatientAdmitted) -> None:
        """Take over an admission."""
        source = _source(call, fact.episode_id)

        def admit(patient: Patient) -> bool:
            return patient.admit(source, state=fact.state, admit_time=fact.admit_time)

        self._attend(call, fact.patient_id, admit)

    def care_plan_activated(self, call: Call, fact: facts.CarePlanActivated) -> None:
        """Take over the dose that the plan asks for."""
        source = _source(call, fact.plan.care_plan_id)

        def activate(tx: Tx) -> None:
            patient = self._patient(tx, fact.patient_id)
            patient.activate_plan(source, fact.plan)
            self._books.patients.keep(tx, patient)

        self._store.transact(call, activate)

    def location_attested(self, call: Call, fact: facts.LocationAttested) -> None:
        """Take over where the patient sits; sessions that nobody may lead there are flagged."""

        def attend(patient: Patient) -> bool:
            return patient.attend(fact.state, fact.attest_time)

        self._attend(call, fact.patient_id, attend)

    def attendance_recorded(self, call: Call, fact: facts.AttendanceRecorded) -> None:
        """Take over counted time."""
        version = _once(call).aggregate_version

        def keep(tx: Tx) -> None:
            session = self._books.sessions.load(tx, fact.session_id)
            self._books.attendance.keep(tx, fact, session, aggregate_version=version)

        self._store.transact(call, keep)

    def session_started(self, call: Call, fact: facts.SessionStarted) -> None:
        """Note that the room has opened; one that is over stays over."""

        def start(tx: Tx) -> None:
            session = self._books.sessions.load(tx, fact.session_id)
            if session.is_open:
                session.start()
                self._books.sessions.save(tx, session)

        self._store.transact(call, start)

    def _attend(self, call: Call, patient_id: str, change: Callable[[Patient], bool]) -> None:
        def attend(tx: Tx) -> None:
            patient = self._patient(tx, patient_id)
            has_moved = change(patient)
            self._books.patients.keep(tx, patient)
            if has_moved:
                sessions = self._books.sessions.open_of_patients(tx, [patient_id])
                self._books.sessions.mark_judged(tx, sessions)
                self._review.patients(tx, [patient_id])

        self._store.transact(call, attend)

    def _patient(self, tx: Tx, patient_id: str) -> Patient:
        known = self._books.patients.all_of(tx, [patient_id])
        return known[0] if known else Patient(patient_id)


def _once(call: Call) -> EventOnce:
    assert isinstance(call.once, EventOnce), "a copy is made of an event"
    return call.once


def _source(call: Call, aggregate_id: str) -> Source:
    once = _once(call)
    return Source(aggregate_id, once.aggregate_version, once.create_time or NEVER)
