"""Clinicians, copies of what is known of patients, conflicts between the two, attendance."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from chassis.ids import derived_id
from chassis.store import Page, Reader, Store, Tx
from services.scheduling.codec.documents import people
from services.scheduling.codec.documents.stored import labels
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.commands import PageOf
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.facts import AttendanceRecorded
from services.scheduling.domain.patient import Patient
from services.scheduling.domain.session import Session
from services.scheduling.store.shelf import Shelf


class Clinicians(Shelf[Clinician]):
    """The tenant's clinicians."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "clinicians", people.clinician_document, people.clinician_from)

    def all_of(self, reader: Reader, ids: Collection[str]) -> list[Clinician]:
        """Those with these ids."""
        return self.find(reader, {"_id": {"$in": sorted(ids)}})

    def listing(self, reader: Reader, page: PageOf) -> Page[Clinician]:
        """In order of registration."""
        return self.listed(reader, {}, page)


class Patients(Shelf[Patient]):
    """Copies of what other services know of the tenant's patients."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "patients", people.patient_document, people.patient_from)

    def all_of(self, reader: Reader, ids: Collection[str]) -> list[Patient]:
        """Those of whom anything is known."""
        return self.find(reader, {"_id": {"$in": sorted(ids)}})


class Conflicts(Shelf[LicenseConflict]):
    """License conflicts, open and resolved."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "license_conflicts", people.conflict_document, people.conflict_from)

    def of_patients(self, reader: Reader, ids: Iterable[str]) -> list[LicenseConflict]:
        """All of these patients' conflicts."""
        return self.find(reader, {"patient_id": {"$in": sorted(ids)}})

    def listing_open(self, reader: Reader, page: PageOf) -> Page[LicenseConflict]:
        """Open ones, oldest first."""
        return self.listed(reader, {"is_open": True}, page, order_by="detect_time")


class Attendance:
    """Copies of the attendance ledger, one per patient and session."""

    def keep(
        self, tx: Tx, fact: AttendanceRecorded, session: Session, *, aggregate_version: int
    ) -> bool:
        """Keep the count unless a newer one is here; True where kept."""
        copy = {
            "_id": derived_id("attendance", tx.call.tenant_id, session.id, fact.patient_id),
            "patient_id": fact.patient_id,
            "session_id": session.id,
            "local_date": session.local_date.isoformat(),
            "counted_seconds": fact.counted_seconds,
            "labels": labels(session.is_part2_protected),
        }
        return tx.take_newer("attendance", copy, aggregate_version=aggregate_version)
