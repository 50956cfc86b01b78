"""The use cases that only show something; what was shown is in the audit trail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chassis.call import Call, Role
from chassis.store import Page, Reader, Store
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.commands import (
    GetDose,
    ListEnrollments,
    ListSeries,
    ListSessions,
    PageOf,
)
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.dose import Dose, dose_of
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.group import Group
from services.scheduling.domain.series import Series, SeriesView, view_of
from services.scheduling.domain.session import Session
from services.scheduling.ports import Book, Books, PolicyOf

# Who may see which other people are booked.
CARE_ROLES = frozenset({Role.COORDINATOR, Role.CLINICIAN, Role.SUPERVISOR})


class Queries:
    """A patient sees own records; others' do not exist for them."""

    def __init__(self, store: Store, books: Books, policy_of: PolicyOf) -> None:
        self._store, self._books, self._policy_of = store, books, policy_of

    def clinician(self, call: Call, clinician_id: str) -> Clinician:
        """One clinician."""
        return self._store.read(call, lambda at: self._books.clinicians.load(at, clinician_id))

    def clinicians(self, call: Call, page: PageOf) -> Page[Clinician]:
        """In order of registration."""
        return self._store.read(call, lambda at: self._books.clinicians.listing(at, page))

    def group(self, call: Call, group_id: str) -> Group:
        """One group."""
        return self._store.read(call, lambda at: self._books.groups.load(at, group_id))

    def groups(self, call: Call, page: PageOf) -> Page[Group]:
        """In order of creation."""
        return self._store.read(call, lambda at: self._books.groups.listing(at, page))

    def series(self, call: Call, series_id: str) -> SeriesView:
        """One series with its sessions and free seats."""

        def look(at: Reader) -> SeriesView:
            found = self._books.series.load(at, series_id)
            return self._views(at, [found])[0]

        return self._store.read(call, look)

    def list_series(self, call: Call, query: ListSeries) -> Page[SeriesView]:
        """In order of creation."""

        def look(at: Reader) -> Page[SeriesView]:
            self._require_known(at, group_id=query.group_id)
            page = self._books.series.listing(at, query)
            return Page(self._views(at, page.items), page.next_page_token)

        return self._store.read(call, look)

    def session(self, call: Call, session_id: str) -> Session:
        """One session; a patient only with a seat in it."""

        def look(at: Reader) -> Session:
            found = self._books.sessions.load(at, session_id)
            if call.actor.subject not in found.roster:
                call.require_self("")
            return _shown(at, found)

        return self._store.read(call, look)

    def sessions(self, call: Call, query: ListSessions) -> Page[Session]:
        """In order of start time."""
        call.require_self(query.patient_id)

        def look(at: Reader) -> Page[Session]:
            self._require_known(
                at,
                patient_id=query.patient_id,
                group_id=query.group_id,
                series_id=query.series_id,
                facilitator_id=query.facilitator_id,
            )
            page = self._books.sessions.listing(at, query)
            return Page([_shown(at, each) for each in page.items], page.next_page_token)

        return self._store.read(call, look)

    def enrollment(self, call: Call, enrollment_id: str) -> Enrollment:
        """One enrollment."""

        def look(at: Reader) -> Enrollment:
            found = self._books.enrollments.load(at, enrollment_id)
            call.require_self(found.patient_id)
            return found

        return self._store.read(call, look)

    def enrollments(self, call: Call, query: ListEnrollments) -> Page[Enrollment]:
        """In order of creation."""
        call.require_self(query.patient_id)

        def look(at: Reader) -> Page[Enrollment]:
            self._require_known(at, patient_id=query.patient_id, series_id=query.series_id)
            return self._books.enrollments.listing(at, query)

        return self._store.read(call, look)

    def license_conflicts(self, call: Call, page: PageOf) -> Page[LicenseConflict]:
        """Open ones, oldest first."""
        return self._store.read(call, lambda at: self._books.conflicts.listing_open(at, page))

    def dose(self, call: Call, query: GetDose) -> Dose:
        """A patient's week against the plan."""
        call.require_self(query.patient_id)

        def look(at: Reader) -> Dose:
            patient = self._books.patients.load(at, query.patient_id)
            return dose_of(
                patient.id,
                query.day,
                patient.require_plan().weekly_minutes,
                self._books.sessions.parts_of_week(at, patient.id, query.day),
                countable=self._policy_of(call.tenant_id).countable_day_minutes,
            )

        return self._store.read(call, look)

    def _require_known(
        self,
        at: Reader,
        *,
        patient_id: str = "",
        group_id: str = "",
        series_id: str = "",
        facilitator_id: str = "",
    ) -> None:
        """A list narrowed by an id that the tenant does not have is refused, not empty."""
        books = self._books
        named: list[tuple[Book[Any], str]] = [
            (books.patients, patient_id),
            (books.groups, group_id),
            (books.series, series_id),
            (books.clinicians, facilitator_id),
        ]
        for book, id in named:
            if id:
                book.load(at, id)

    def _views(self, at: Reader, found: list[Series]) -> list[SeriesView]:
        sessions = self._books.sessions.of_series(at, [each.id for each in found])
        return [
            view_of(each, [one for one in sessions if one.series_id == each.id], at.now)
            for each in found
        ]


def _shown(at: Reader, session: Session) -> Session:
    """The session as the caller may see it: others who are booked are for staff only."""
    if not CARE_ROLES & at.call.actor.roles:
        return replace(session, seats=(), events=[])
    for patient_id in session.booked_ids:
        at.touch(patient_id, session.id)
    return session
