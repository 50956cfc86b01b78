"""Numbers and seals fresh audit rows, tenant by tenant, batch by batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import pymongo
from prometheus_client import Counter

from chassis.audit.seals import HEADS, head_from, seal_of
from chassis.deadline import Deadline
from chassis.errors import HavenError
from chassis.log import failure, get_logger
from chassis.precedence import never
from chassis.store import AUDIT, Document, Store
from chassis.store.audit_rows import SEALS
from chassis.store.engine import CROSS_TENANT, Query, Rows
from chassis.store.faults import translation
from chassis.store.mongo import ATTEMPT_SECONDS

BATCH = 400
# A slow server ends a transaction that lasts too long: then fewer rows at a time.
SMALLEST_BATCH = 10
SEAL_SECONDS = 10.0
# Within the lease, and far within what a process takes for a loop that hangs.
TURN_SECONDS = 2.0
SWEEP_SECONDS = 0.5

log = get_logger(__name__)
sealed = Counter("haven_audit_sealed_entries", "Audit entries numbered and chained.")


class Sealer:
    """Seals one service's audit rows. Two at once do no harm: one of them seals nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batch = BATCH

    def seal_all(self) -> int:
        """Seal what every tenant has; how many rows that were."""
        return sum(self.seal(tenant_id) for tenant_id in self.unsealed_tenants())

    def seal(self, tenant_id: str) -> int:
        """Seal all of a tenant's rows that are committed now; how many they were."""
        total = 0
        while True:
            size = self._batch
            count = self._seal_batch(tenant_id, size)
            total += count
            if count < size:
                return total

    def seal_for(self, seconds: float) -> bool:
        """Seal for about so long, each tenant's batch in its turn; True where more is left."""
        until = time.monotonic() + seconds
        tenants = self.unsealed_tenants()
        while tenants:
            tenants = [each for each in tenants if self._has_more(each)]
            if time.monotonic() > until:
                break
        return bool(tenants)

    def unsealed_tenants(self) -> list[str]:
        """Tenants with rows that no seal holds.

        From tenant to tenant along the index: `distinct` reads every entry that there ever was.
        """
        tenants: list[str] = []
        while (found := self._next_unsealed(tenants[-1] if tenants else "")) is not None:
            tenants.append(found)
        return tenants

    def _has_more(self, tenant_id: str) -> bool:
        size = self._batch
        return self._seal_batch(tenant_id, size) == size

    def _next_unsealed(self, after: str) -> str | None:
        with translation(), pymongo.timeout(ATTEMPT_SECONDS):
            row = self._store.database[AUDIT].find_one(
                {"sealed": False, "tenant_id": {"$gt": after}},
                {"tenant_id": 1},
                sort=[("tenant_id", 1), ("create_time", 1)],
                comment=f"{CROSS_TENANT}sealer",
            )
            return None if row is None else str(row["tenant_id"])

    def _seal_batch(self, tenant_id: str, size: int) -> int:
        try:
            count = self._store.engine.transact(
                Deadline.after(SEAL_SECONDS), lambda rows: self._seal_in(rows, tenant_id, size)
            )
        except HavenError:
            self._batch = max(SMALLEST_BATCH, size // 4)
            raise
        self._batch = min(BATCH, size * 2)
        sealed.inc(count)
        return count

    def _seal_in(self, rows: Rows, tenant_id: str, size: int) -> int:
        """One transaction: rows, seal and head move together."""
        oldest = Query(sort=(("create_time", 1),), limit=size)
        fresh = rows.find(AUDIT, {"tenant_id": tenant_id, "sealed": False}, oldest)
        if not fresh:
            return 0
        mine = {"_id": tenant_id, "tenant_id": tenant_id}
        known = rows.find(HEADS, mine)
        head = head_from(known[0] if known else None)
        numbered = [{**row, "sequence": head.sequence + at} for at, row in enumerate(fresh, 1)]
        seal = seal_of(tenant_id, head, numbered, self._store.now())
        rows.number(
            AUDIT,
            {"tenant_id": tenant_id, "sealed": False},
            [row["_id"] for row in fresh],
            {"sealed": True, "sequence": head.sequence + 1},
        )
        rows.insert(SEALS, [seal])
        rows.update(HEADS, mine, _head_after(seal), upsert=True)
        return len(fresh)


class Leadership(Protocol):
    """A lease: at most one holder works."""

    def hold(self) -> bool: ...
    def release(self) -> None: ...


class SealLoop:
    """A turn for the relay's loops: seal what there is, in parts, while the lease is held."""

    def __init__(
        self, sealer: Sealer, *, lease: Leadership, gives_way: Callable[[], bool] = never
    ) -> None:
        """`gives_way` says whether others must go first at the moment."""
        self._sealer, self._lease, self._gives_way = sealer, lease, gives_way

    def turn(self) -> float:
        """Seal for a while; no pause where a backlog is left, for which the lease is held anew."""
        if not self._lease.hold() or self._gives_way():
            return SWEEP_SECONDS
        return 0.0 if self._sealer.seal_for(TURN_SECONDS) else SWEEP_SECONDS

    def failed(self, error: HavenError) -> None:
        """The rows wait; verify reports those that wait for long."""
        log.warning("audit.sealing-failed", **failure(error))

    def close(self) -> None:
        """Let another relay take over at once."""
        self._lease.release()


def _head_after(seal: Document) -> Document:
    return {"$set": {"sequence": seal["last"], "hash": seal["hash"], "schema": 1}}
