"""Assignments in their collection, and the time zones that they are due in."""

from __future__ import annotations

from typing import Any

from chassis.ids import derived_id
from chassis.store import Page, Reader, Store, Tx
from services.sessions.codec.assignment_documents import assignment_document, assignment_from
from services.sessions.domain.assignment import Assignment
from services.sessions.domain.assignment_commands import ListAssignments, ZoneKnown
from services.sessions.store.shelves import ShelfStore

ASSIGNMENTS, TIME_ZONES = "assignments", "patient_time_zones"


class AssignmentStore(ShelfStore[Assignment]):
    """See ports.assignments.AssignmentBook."""

    def __init__(self, store: Store) -> None:
        super().__init__(
            store, ASSIGNMENTS, to_document=assignment_document, from_document=assignment_from
        )

    def page(self, reader: Reader, asked: ListAssignments) -> Page[Assignment]:
        """By due time; everybody whose it is has it in their trail."""
        page = reader.page(
            ASSIGNMENTS,
            _filter(asked),
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="due_time",
        )
        for each in page.items:
            reader.touch(each["patient_id"], each["_id"])
        return Page([self._restored(each) for each in page.items], page.next_page_token)


class ZoneStore:
    """See ports.assignments.Zones."""

    def keep(self, tx: Tx, known: ZoneKnown, version: int) -> None:
        """The newest word counts."""
        document = {
            "_id": derived_id("time-zone", tx.call.tenant_id, known.patient_id),
            "patient_id": known.patient_id,
            "time_zone": known.time_zone,
        }
        tx.take_newer(TIME_ZONES, document, aggregate_version=version)

    def of(self, reader: Reader, patient_id: str) -> str:
        """Empty where nobody said."""
        id = derived_id("time-zone", reader.call.tenant_id, patient_id)
        found = reader.find_one(TIME_ZONES, {"_id": id})
        return "" if found is None else str(found["time_zone"])


def _filter(asked: ListAssignments) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if asked.patient_id:
        found["patient_id"] = asked.patient_id
    if asked.session_id:
        found["session_id"] = asked.session_id
    if asked.states:
        found["state"] = {"$in": sorted(asked.states)}
    if asked.is_overdue_only:
        found["is_overdue"] = True
    return found
