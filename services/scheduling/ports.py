"""What the use cases of scheduling need from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from chassis.store import Page, Reader, Tx
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.commands import ListEnrollments, ListSeries, ListSessions, PageOf
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.dose import Part
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.facts import AttendanceRecorded
from services.scheduling.domain.group import Group
from services.scheduling.domain.patient import Patient
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.domain.series import Series
from services.scheduling.domain.session import Seat, Session

A = TypeVar("A")

# A tenant's numbers.
PolicyOf = Callable[[str], SchedulingPolicy]


class Book(Protocol[A]):
    """The tenant's aggregates of one kind."""

    def load(self, reader: Reader, id: str) -> A:
        """The one with this id; NotFound where the tenant has none."""
        ...

    def insert(self, tx: Tx, aggregate: A) -> A:
        """Keep a new one and publish its events."""
        ...

    def save(self, tx: Tx, aggregate: A) -> A:
        """Keep a changed one and publish its events; Aborted where it moved on meanwhile."""
        ...


class ClinicianBook(Book[Clinician], Protocol):
    """Clinicians."""

    def all_of(self, reader: Reader, ids: Collection[str]) -> list[Clinician]:
        """Those with these ids."""
        ...

    def listing(self, reader: Reader, page: PageOf) -> Page[Clinician]:
        """In order of registration."""
        ...


class GroupBook(Book[Group], Protocol):
    """Groups."""

    def listing(self, reader: Reader, page: PageOf) -> Page[Group]:
        """In order of creation."""
        ...


class SeriesBook(Book[Series], Protocol):
    """Series."""

    def listing(self, reader: Reader, query: ListSeries) -> Page[Series]:
        """In order of creation."""
        ...


class SessionBook(Book[Session], Protocol):
    """Sessions; lists are in order of start time."""

    def of_series(self, reader: Reader, series_ids: Collection[str]) -> list[Session]:
        """All sessions of these series, canceled ones included."""
        ...

    def open_of_series(self, reader: Reader, series_id: str) -> list[Session]:
        """Sessions of the series that are neither over nor canceled."""
        ...

    def open_of_patients(self, reader: Reader, patient_ids: Collection[str]) -> list[Session]:
        """Sessions in which any of these holds a seat, neither over nor canceled."""
        ...

    def open_of_co_facilitator(self, reader: Reader, clinician_id: str) -> list[Session]:
        """Sessions that the clinician helps to lead, neither over nor canceled."""
        ...

    def open_of_facilitator(self, reader: Reader, clinician_id: str) -> list[Session]:
        """Sessions that the clinician leads, neither over nor canceled."""
        ...

    def insert_all(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Keep new ones, in one stroke, and publish their events."""
        ...

    def save_leads(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Keep who leads these and where they may treat, in few strokes; publish their events."""
        ...

    def seat(self, tx: Tx, sessions: Collection[Session], seat: Seat) -> None:
        """Keep the same new seat in all of these, in one stroke; Aborted where one moved on."""
        ...

    def release(self, tx: Tx, sessions: Collection[Session], patient_id: str) -> None:
        """Give the patient's seat in all of these back, in one stroke."""
        ...

    def mark_judged(self, tx: Tx, sessions: Collection[Session]) -> None:
        """Meet everybody who changes one of these at the same moment."""
        ...

    def parts_of_week(self, reader: Reader, patient_id: str, day: date) -> list[Part]:
        """What the sessions of the day's week give the patient."""
        ...

    def listing(self, reader: Reader, query: ListSessions) -> Page[Session]:
        """In order of start time."""
        ...


class EnrollmentBook(Book[Enrollment], Protocol):
    """Enrollments."""

    def open_of(self, reader: Reader, series_id: str, patient_id: str) -> Enrollment | None:
        """The patient's enrollment that may hold seats ahead in the series."""
        ...

    def open_of_series(self, reader: Reader, series_id: str) -> list[Enrollment]:
        """Enrollments that may hold seats ahead in the series."""
        ...

    def open_of_patients(self, reader: Reader, patient_ids: Collection[str]) -> list[Enrollment]:
        """Enrollments of these patients that may hold seats ahead."""
        ...

    def listing(self, reader: Reader, query: ListEnrollments) -> Page[Enrollment]:
        """In order of creation."""
        ...


class PatientBook(Book[Patient], Protocol):
    """Copies of what other services know of patients."""

    def all_of(self, reader: Reader, ids: Collection[str]) -> list[Patient]:
        """Those of whom anything is known."""
        ...

    def keep(self, tx: Tx, aggregate: Patient) -> Patient:
        """Keep a new or changed copy."""
        ...


class ConflictBook(Book[LicenseConflict], Protocol):
    """License conflicts, open and resolved."""

    def of_patients(self, reader: Reader, ids: Iterable[str]) -> list[LicenseConflict]:
        """All of these patients' conflicts."""
        ...

    def keep(self, tx: Tx, aggregate: LicenseConflict) -> LicenseConflict:
        """Keep a new or changed one."""
        ...

    def listing_open(self, reader: Reader, page: PageOf) -> Page[LicenseConflict]:
        """Open ones, oldest first."""
        ...


class AttendanceBook(Protocol):
    """Copies of the attendance ledger."""

    def keep(
        self, tx: Tx, fact: AttendanceRecorded, session: Session, *, aggregate_version: int
    ) -> bool:
        """Keep the count unless a newer one is here; True where kept."""
        ...


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that scheduling keeps."""

    clinicians: ClinicianBook
    groups: GroupBook
    series: SeriesBook
    sessions: SessionBook
    enrollments: EnrollmentBook
    patients: PatientBook
    conflicts: ConflictBook
    attendance: AttendanceBook
