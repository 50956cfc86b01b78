"""How drills are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.store import Index, Reader, Repository, Store, Tx
from services.crisis.codec import drills, messages
from services.crisis.domain.drill import Drill, DrillState
from services.crisis.domain.signal import Source
from services.crisis.store.names import ACTS, CASES

DRILLS = "drills"
# One piece of forgetting: a drill has about ten acts, one that nobody could end for days thousands.
MOST_ACTS = 100

INDEXES: tuple[Index, ...] = (
    # One drill of a tenant at a time.
    Index(DRILLS, [("tenant_id", 1)], unique=True, partial={"is_running": True}),
    Index(DRILLS, [("tenant_id", 1), ("start_time", -1)]),
)


class MongoDrillBook:
    """One document per drill."""

    def __init__(self, store: Store) -> None:
        self._drills: Repository[Drill] = Repository(
            store,
            DRILLS,
            to_document=drills.drill_document,
            from_document=drills.drill_from,
            to_messages=messages.message_of,
        )

    def running(self, reader: Reader) -> Drill | None:
        """The one that has not ended."""
        return self._first(reader, {"is_running": True})

    def newest(self, reader: Reader) -> Drill | None:
        """The one that started last."""
        return self._first(reader, {})

    def last_success(self, reader: Reader) -> datetime | None:
        """When the last one that was in time ended."""
        found = self._last_in_time(reader)
        return found.end_time if found else None

    def insert(self, tx: Tx, drill: Drill) -> Drill:
        """Keep a new one; AlreadyExists where another runs."""
        return self._drills.insert(tx, drill)

    def save(self, tx: Tx, drill: Drill) -> Drill:
        """Keep what happened."""
        return self._drills.save(tx, drill)

    def forgettable(self, reader: Reader, before: datetime) -> Drill | None:
        """The oldest that ended and had begun before then; never the newest, nor the last one in
        time: by them it is known when the next one is due, and how long help has been missing."""
        kept = {each.id for each in (self.newest(reader), self._last_in_time(reader)) if each}
        wanted = {"is_running": False, "start_time": {"$lt": before}}
        oldest = reader.find(DRILLS, wanted, sort=[("start_time", 1)], limit=len(kept) + 1)
        found = [drills.drill_from(each) for each in oldest if each["_id"] not in kept]
        return found[0] if found else None

    def forget(self, tx: Tx, drill: Drill) -> None:
        """Remove what it left behind, in pieces: the last one takes the case and the drill.

        A case that is not a drill's stays whatever a drill says.
        """
        case = tx.find_one(CASES, {"_id": drill.case_id}, fields=("source", "is_open"))
        is_own = case is not None and case["source"] == Source.DRILL and not case["is_open"]
        wanted, order = {"case_id": drill.case_id}, [("sequence", 1)]
        acts = (
            tx.find(ACTS, wanted, sort=order, limit=MOST_ACTS, fields=("page_id",))
            if is_own
            else []
        )
        for each in acts:
            tx.delete(ACTS, each["_id"])
        if len(acts) < MOST_ACTS:
            if is_own:
                tx.delete(CASES, drill.case_id)
            tx.delete(DRILLS, drill.id)
        if is_own:
            told = drills.forgotten(drill, [each["page_id"] for each in acts if each["page_id"]])
            tx.emit(told, aggregate_id=drill.id, aggregate_version=drill.version)

    def _last_in_time(self, reader: Reader) -> Drill | None:
        return self._first(reader, {"state": DrillState.PASSED.value})

    def _first(self, reader: Reader, filter: Mapping[str, Any]) -> Drill | None:
        """The newest that matches; drills are nobody's chart, so none is noted."""
        found = reader.find_one(DRILLS, filter, sort=[("start_time", -1)])
        return drills.drill_from(found) if found else None
