"""Whom of a tenant's staff a page can reach, as it was last told: one document per tenant."""

from __future__ import annotations

from chassis.ids import derived_id
from chassis.store import Index, Reader, Tx, due_index
from services.notify.codec.events import message_of
from services.notify.domain.reach import StaffReach

STAFF_REACH = "staff_reach"
REACH_DUE = "next_look_time"

INDEXES: tuple[Index, ...] = (due_index(STAFF_REACH, REACH_DUE),)


class MongoReachBook:
    """See ports.consent.ReachBook."""

    def find(self, reader: Reader) -> StaffReach | None:
        """What was told of the tenant; None where nobody has begun to look."""
        found = reader.find_one(STAFF_REACH, {"_id": _id_of(reader)})
        if found is None:
            return None
        return StaffReach(
            id=found["_id"],
            recipient_ids=frozenset(found.get("recipient_ids", ())),
            proved_recipient_ids=frozenset(found.get("proved_recipient_ids", ())),
            is_told="recipient_ids" in found,
            next_look=found[REACH_DUE],
            version=found["version"],
        )

    def keep(self, tx: Tx, reach: StaffReach) -> None:
        """Keep what a look has found, and publish it where it is news."""
        told = {
            "recipient_ids": sorted(reach.recipient_ids),
            "proved_recipient_ids": sorted(reach.proved_recipient_ids),
        }
        change = {REACH_DUE: reach.next_look, **(told if reach.events else {})}
        tx.update_one(STAFF_REACH, {"_id": reach.id}, {"$set": change})
        for event in reach.events:
            tx.emit(message_of(event), aggregate_id=reach.id, aggregate_version=reach.version + 1)

    def begin(self, tx: Tx) -> None:
        """Look at the tenant from now on; no change where somebody does already."""
        if self.find(tx) is None:
            self.look_soon(tx)

    def look_soon(self, tx: Tx) -> None:
        """Something has changed: look now."""
        change = {"$set": {REACH_DUE: tx.now}}
        tx.update_one(STAFF_REACH, {"_id": _id_of(tx)}, change, upsert=True)


def _id_of(reader: Reader) -> str:
    return derived_id(reader.call.tenant_id, STAFF_REACH)
