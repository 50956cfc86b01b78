"""How drills are kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.store import Index, Reader, Repository, Store, Tx
from services.crisis.codec import drills, messages
from services.crisis.domain.drill import Drill, DrillState

DRILLS = "drills"

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
        found = self._first(reader, {"state": DrillState.PASSED.value})
        return found.end_time if found else None

    def insert(self, tx: Tx, drill: Drill) -> Drill:
        """Keep a new one; AlreadyExists where another runs."""
        return self._drills.insert(tx, drill)

    def save(self, tx: Tx, drill: Drill) -> Drill:
        """Keep what happened."""
        return self._drills.save(tx, drill)

    def _first(self, reader: Reader, filter: Mapping[str, Any]) -> Drill | None:
        """The newest that matches; drills are nobody's chart, so none is noted."""
        found = reader.find_one(DRILLS, filter, sort=[("start_time", -1)])
        return drills.drill_from(found) if found else None
