"""How follow-ups are kept: one document each, found by patient, by owner and by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.ids import derived_id
from chassis.store import Index, Page, Reader, Repository, Store, Tx, due_index
from services.crisis.codec import aftercare_documents as documents
from services.crisis.codec import messages
from services.crisis.domain.aftercare_commands import ListFollowUps
from services.crisis.domain.follow_up import FollowUp, Kind, State

FOLLOW_UPS = "follow_ups"

INDEXES: tuple[Index, ...] = (
    # One per cause, kind and number, however often the cause is heard of.
    Index(
        FOLLOW_UPS,
        [("tenant_id", 1), ("origin_id", 1), ("kind", 1), ("number", 1)],
        unique=True,
    ),
    due_index(FOLLOW_UPS, "escalate_time"),
    Index(FOLLOW_UPS, [("tenant_id", 1), ("patient_id", 1), ("due_time", 1), ("_id", 1)]),
    Index(FOLLOW_UPS, [("tenant_id", 1), ("owner_id", 1), ("due_time", 1), ("_id", 1)]),
    Index(FOLLOW_UPS, [("tenant_id", 1), ("due_time", 1), ("_id", 1)], partial={"is_open": True}),
    Index(FOLLOW_UPS, [("tenant_id", 1), ("kind", 1)], partial={"state": State.MISSED.value}),
)


class MongoFollowUps:
    """The tenant's follow-ups."""

    def __init__(self, store: Store) -> None:
        self._follow_ups: Repository[FollowUp] = Repository(
            store,
            FOLLOW_UPS,
            to_document=documents.follow_up_document,
            from_document=documents.follow_up_from,
            to_messages=messages.message_of,
        )

    def load(self, reader: Reader, follow_up_id: str) -> FollowUp:
        """The follow-up; NotFound where the tenant has none."""
        return self._follow_ups.load(reader, follow_up_id)

    def open_of(self, reader: Reader, patient_id: str, kind: Kind) -> list[FollowUp]:
        """The patient's follow-ups of a kind that no human has closed."""
        wanted = {"patient_id": patient_id, "kind": kind.value, "is_open": True}
        return self._follow_ups.find(reader, wanted)

    def page(self, reader: Reader, asked: ListFollowUps) -> Page[FollowUp]:
        """A part of a list, the earliest due first."""
        found = reader.page(
            FOLLOW_UPS,
            _wanted(asked),
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="due_time",
        )
        for document in found.items:
            reader.touch(document["patient_id"], document["_id"])
        return Page([documents.follow_up_from(each) for each in found.items], found.next_page_token)

    def overdue(self, reader: Reader) -> list[Kind]:
        """The kinds of the tenant's missed follow-ups, one for each."""
        missed = {"state": State.MISSED.value}
        return [Kind(each["kind"]) for each in reader.find(FOLLOW_UPS, missed, fields=("kind",))]

    def oldest_open(self, reader: Reader, kind: Kind) -> datetime | None:
        """Since when the tenant's oldest one of a kind waits for a human to close it."""
        waiting = {"kind": kind.value, "is_open": True}
        found = reader.find(FOLLOW_UPS, waiting, fields=("create_time",))
        return min((each["create_time"] for each in found), default=None)

    def plan(self, tx: Tx, follow_ups: Sequence[FollowUp]) -> None:
        """Keep new ones; one that exists for its origin, kind and number stays as it is."""
        for each in follow_ups:
            each.id = derived_id(
                tx.call.tenant_id, FOLLOW_UPS, each.origin_id, each.kind.value, str(each.number)
            )
        ids = {"_id": {"$in": [each.id for each in follow_ups]}}
        known = {found["_id"] for found in tx.find(FOLLOW_UPS, ids, fields=("kind",))}
        fresh = [each for each in follow_ups if each.id not in known]
        tx.insert_many(
            FOLLOW_UPS, [{**documents.follow_up_document(each), "_id": each.id} for each in fresh]
        )

    def save(self, tx: Tx, follow_up: FollowUp) -> FollowUp:
        """Keep what happened to one."""
        return self._follow_ups.save(tx, follow_up)


def _wanted(asked: ListFollowUps) -> dict[str, Any]:
    wanted: dict[str, Any] = {} if asked.with_closed else {"is_open": True}
    if asked.patient_id:
        wanted["patient_id"] = asked.patient_id
    if asked.owner is not None:
        wanted["owner_id"] = asked.owner.clinician_id
        wanted["owner_role"] = asked.owner.role.value if asked.owner.role else ""
    if asked.due_before is not None:
        wanted["due_time"] = {"$lt": asked.due_before}
    return wanted
