"""How a tenant's own knowledge of jurisdictions is kept."""

from __future__ import annotations

from chassis.ids import derived_id
from chassis.store import Index, Reader, Repository, Store, Tx
from services.crisis.codec import aftercare_documents as documents
from services.crisis.codec import messages
from services.crisis.domain.jurisdiction import Area, WarnEntry

AREAS, DUTIES, STATES_SEEN = "local_numbers", "duties_to_warn", "states_seen"

INDEXES: tuple[Index, ...] = (
    Index(AREAS, [("tenant_id", 1), ("state", 1), ("area", 1)], unique=True),
    Index(DUTIES, [("tenant_id", 1), ("state", 1)], unique=True),
    Index(STATES_SEEN, [("tenant_id", 1), ("state", 1)], unique=True),
)


class MongoAtlas:
    """Areas with their numbers, findings about the law, and states where patients have been."""

    def __init__(self, store: Store) -> None:
        self._areas: Repository[Area] = Repository(
            store,
            AREAS,
            to_document=documents.area_document,
            from_document=documents.area_from,
            to_messages=messages.message_of,
        )
        self._duties: Repository[WarnEntry] = Repository(
            store,
            DUTIES,
            to_document=documents.duty_document,
            from_document=documents.duty_from,
            to_messages=messages.message_of,
        )

    def areas(self, reader: Reader, state: str) -> list[Area]:
        """Every area of a state; how the house works, so nobody's chart."""
        return [documents.area_from(found) for found in reader.find(AREAS, {"state": state})]

    def area(self, reader: Reader, state: str, area: str) -> Area | None:
        """One area."""
        found = self._areas.find(reader, {"state": state, "area": area}, limit=1)
        return found[0] if found else None

    def keep_area(self, tx: Tx, area: Area) -> Area:
        """Keep a new or changed area."""
        keep = self._areas.save if area.version else self._areas.insert
        return keep(tx, area)

    def duty(self, reader: Reader, state: str) -> WarnEntry | None:
        """The tenant's own finding about a state."""
        found = reader.find_one(DUTIES, {"state": state})
        return documents.duty_from(found) if found else None

    def keep_duty(self, tx: Tx, entry: WarnEntry) -> WarnEntry:
        """Keep a new or changed finding."""
        keep = self._duties.save if entry.version else self._duties.insert
        return keep(tx, entry)

    def note_state(self, tx: Tx, state: str) -> None:
        """Remember that a patient was here. Written once: attestations come in storms, and one
        document that all of them touch would let each wait for the others."""
        id = derived_id(tx.call.tenant_id, STATES_SEEN, state)
        if tx.find_one(STATES_SEEN, {"_id": id}, fields=("state",)) is None:
            tx.insert(STATES_SEEN, {"_id": id, "state": state})

    def states(self, reader: Reader) -> list[str]:
        """Where patients of the tenant have been."""
        return sorted(each["state"] for each in reader.find(STATES_SEEN, {}, fields=("state",)))
