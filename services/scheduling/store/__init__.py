"""Where scheduling keeps what it owns."""

from __future__ import annotations

from chassis.store import Store
from services.scheduling.ports import Books
from services.scheduling.store.indexes import INDEXES
from services.scheduling.store.people import Attendance, Clinicians, Conflicts, Patients
from services.scheduling.store.programs import Enrollments, Groups, SeriesShelf, Sessions

__all__ = ["INDEXES", "books"]


def books(store: Store) -> Books:
    """Every collection of scheduling in this store."""
    return Books(
        clinicians=Clinicians(store),
        groups=Groups(store),
        series=SeriesShelf(store),
        sessions=Sessions(store),
        enrollments=Enrollments(store),
        patients=Patients(store),
        conflicts=Conflicts(store),
        attendance=Attendance(),
    )
