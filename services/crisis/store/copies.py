"""How crisis keeps what other services said about patients."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.ids import derived_id
from chassis.store import Index, Reader, Tx
from services.crisis.codec import copy_documents
from services.crisis.domain.commands import KeepEmergencyContact, KeepScreening
from services.crisis.domain.location import KeepLocation

LOCATIONS, CONTACTS, SCREENINGS = "locations", "emergency_contacts", "screenings"

INDEXES: tuple[Index, ...] = (
    Index(LOCATIONS, [("tenant_id", 1), ("patient_id", 1), ("attest_time", -1)]),
    Index(CONTACTS, [("tenant_id", 1), ("patient_id", 1)]),
    Index(SCREENINGS, [("tenant_id", 1), ("patient_id", 1), ("complete_time", -1)]),
)


class MongoCopies:
    """What other services said about patients; newer words replace older ones."""

    def keep_location(self, tx: Tx, place: KeepLocation, version: int) -> None:
        """Remember an attestation; all are kept, so a case finds the one of its signal."""
        copy = copy_documents.location_document(place)
        tx.take_newer(LOCATIONS, copy, aggregate_version=version)

    def location(self, reader: Reader, location_id: str) -> KeepLocation | None:
        """One attestation."""
        found = reader.find_one(LOCATIONS, {"_id": location_id})
        return copy_documents.location_from(found) if found else None

    def newest_location(
        self, reader: Reader, patient_id: str, *, until: datetime | None = None
    ) -> KeepLocation | None:
        """Where the patient said to be last, or last by then."""
        mine: dict[str, Any] = {"patient_id": patient_id}
        if until is not None:
            mine["attest_time"] = {"$lte": until}
        found = reader.find_one(LOCATIONS, mine, sort=[("attest_time", -1), ("_id", -1)])
        return copy_documents.location_from(found) if found else None

    def keep_contact(self, tx: Tx, contact: KeepEmergencyContact, version: int) -> None:
        """Remember whom to call, unless something newer is known."""
        id = derived_id(tx.call.tenant_id, CONTACTS, contact.patient_id)
        copy = {"_id": id, **copy_documents.contact_document(contact)}
        tx.take_newer(CONTACTS, copy, aggregate_version=version)

    def contact(self, reader: Reader, patient_id: str) -> KeepEmergencyContact | None:
        """Whom to call about the patient."""
        id = derived_id(reader.call.tenant_id, CONTACTS, patient_id)
        found = reader.find_one(CONTACTS, {"_id": id})
        return copy_documents.contact_from(found) if found else None

    def knows(self, reader: Reader, patient_id: str) -> bool:
        """True where any service has told of the patient."""
        mine = {"patient_id": patient_id}
        places = (CONTACTS, SCREENINGS, LOCATIONS)
        return any(reader.find_one(place, mine, fields=("patient_id",)) for place in places)

    def tiers(self, reader: Reader, patient_id: str) -> list[str]:
        """What the newest screening of each instrument said of the patient."""
        newest: dict[str, str] = {}
        order = [("complete_time", -1)]
        for found in reader.find(SCREENINGS, {"patient_id": patient_id}, sort=order):
            newest.setdefault(found["instrument"], found["tier"])
        return list(newest.values())

    def keep_screening(self, tx: Tx, screening: KeepScreening, version: int) -> None:
        """Remember that a screening ended, and how."""
        copy = copy_documents.screening_document(screening)
        tx.take_newer(SCREENINGS, copy, aggregate_version=version)
