"""A service's due work as timers see it, on the charts' review_time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from chassis.call import Call
from chassis.errors import HavenError
from chassis.store import CROSS_TENANT, Store, Tx
from tests.charts import CHARTS, a_call

ALL_TENANTS = f"{CROSS_TENANT}the test looks"


def schedule(
    store: Store, id: str, seconds: float, tenant_id: str = "t1", **fields: object
) -> None:
    """Make a document that is due so many seconds from now."""
    document = {"_id": id, "patient_id": id, "review_time": in_seconds(store, seconds), **fields}
    store.transact(a_call(tenant_id), lambda tx: tx.insert(CHARTS, document))


def in_seconds(store: Store, seconds: float) -> datetime:
    return store.now() + timedelta(seconds=seconds)


def no_failure(id: str) -> HavenError | None:
    """Nothing goes wrong."""
    del id
    return None


class Reviews:
    """A handler as services have them: checks again, moves the time on, in one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.calls: list[tuple[Call, str]] = []
        self.lateness: list[float] = []
        self.fails: Callable[[str], HavenError | None] = no_failure
        self.again: float | None = None

    def handle(self, call: Call, id: str) -> None:
        def review(tx: Tx) -> None:
            chart = tx.get(CHARTS, id)
            if chart["review_time"] is None or chart["review_time"] > tx.now:
                return
            self.lateness.append((tx.now - chart["review_time"]).total_seconds())
            following = None if self.again is None else in_seconds(self.store, self.again)
            change = {"$set": {"review_time": following}, "$inc": {"reviews": 1}}
            tx.update_one(CHARTS, {"_id": id}, change)

        self.calls.append((call, id))
        if (error := self.fails(id)) is not None:
            raise error
        self.store.transact(call, review)

    def times(self, id: str) -> int:
        return sum(1 for _, each in self.calls if each == id)

    def done(self) -> dict[str, int]:
        """How often each document was reviewed, as it is stored."""
        rows = self.store.database[CHARTS].find({}, comment=ALL_TENANTS)
        return {row["_id"]: row.get("reviews", 0) for row in rows}

    def is_done(self, id: str) -> bool:
        """True once the review is stored; a server that is away says nothing."""
        try:
            return self.done().get(id, 0) > 0
        except PyMongoError:
            return False
