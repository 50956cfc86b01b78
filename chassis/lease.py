"""At most one holder per job at a time, by the database's clock.

A holder believes in its lease only until a moment before the database would give it away, counted
on its own monotonic clock from before it asked. A process that was stopped in between can still
act late once: what it does must be a compare-and-set.
"""

from __future__ import annotations

import time
from typing import Any

import pymongo
from pymongo import ReturnDocument

from chassis.errors import AlreadyExists, HavenError
from chassis.ids import new_id
from chassis.log import failure, get_logger
from chassis.store import Store
from chassis.store.engine import CROSS_TENANT
from chassis.store.faults import translation
from chassis.telemetry.metrics import expect_leases, lease_held

LEASES = "leases"
# How long a job stands still when its holder dies without a word. Renewed at a third of it, so two
# renewals may be lost to a busy machine before the job changes hands.
TTL_SECONDS = 1.5
MARGIN = 0.1  # of the ttl: given up before it ends, not when it ends
OPERATION_SECONDS = 1.0  # a later answer would come when the lease has nearly run out
COMMENT = f"{CROSS_TENANT}lease"

log = get_logger(__name__)


class Lease:
    """One process's claim to one job. For one thread, or for threads that take turns."""

    def __init__(self, store: Store, job: str, *, ttl: float = TTL_SECONDS) -> None:
        self.job = job
        self._leases = store.database[LEASES]
        self._ttl = ttl
        self._me = new_id()
        self._held_until = 0.0
        self._next_try = 0.0
        expect_leases([job])

    @property
    def is_held(self) -> bool:
        """True while no other process can have the job."""
        return time.monotonic() < self._held_until

    def hold(self) -> bool:
        """Keep it, or take it when it is free; asks the database at most three times per ttl.

        While the database is away the lease runs out by itself.
        """
        if time.monotonic() >= self._next_try:
            self._next_try = time.monotonic() + self._ttl / 3
            try:
                self.acquire()
            except HavenError as error:
                log.warning("lease.not-reached", job=self.job, **failure(error))
                self._show()
        return self.is_held

    def acquire(self) -> bool:
        """Take it where it is free or ours already; Unavailable where the database is away."""
        asked = time.monotonic()
        granted = self._ask({"_id": self.job}, _take(self._me, self._ttl), upsert=True)
        return self._remember(asked, granted=granted)

    def renew(self) -> bool:
        """Extend what is held; False, and never again held, where it has run out."""
        asked = time.monotonic()
        held = {"_id": self.job, "holder": self._me, "$expr": {"$gt": ["$expire_time", "$$NOW"]}}
        granted = self._ask(held, [{"$set": {"expire_time": _until(self._ttl)}}], upsert=False)
        return self._remember(asked, granted=granted)

    def release(self) -> None:
        """Let another take over at once; where that cannot be said, it runs out."""
        self._held_until = self._next_try = 0.0
        self._show()
        free = [{"$set": {"expire_time": "$$NOW", "holder": ""}}]
        try:
            self._ask({"_id": self.job, "holder": self._me}, free, upsert=False)
        except HavenError as error:
            log.warning("lease.not-released", job=self.job, **failure(error))

    def _ask(self, filter: dict[str, Any], change: list[dict[str, Any]], *, upsert: bool) -> bool:
        """True where the row is ours afterwards."""
        try:
            with translation(), pymongo.timeout(OPERATION_SECONDS):
                row = self._leases.find_one_and_update(
                    filter,
                    change,
                    upsert=upsert,
                    return_document=ReturnDocument.AFTER,
                    comment=COMMENT,
                )
        except AlreadyExists:
            return False  # another made the row in this very moment
        return row is not None and row["holder"] == self._me

    def _remember(self, asked: float, *, granted: bool) -> bool:
        was_held = self.is_held
        self._held_until = asked + self._ttl * (1 - MARGIN) if granted else 0.0
        if was_held and not granted:
            log.warning("lease.lost", job=self.job)
        self._show()
        return self.is_held

    def _show(self) -> None:
        lease_held.labels(self.job).set(int(self.is_held))


def _until(ttl: float) -> dict[str, Any]:
    return {"$add": ["$$NOW", int(ttl * 1000)]}


def _take(me: str, ttl: float) -> list[dict[str, Any]]:
    """Change the row only where it is ours, new or run out (a missing time sorts before any)."""
    mine = {"$eq": ["$holder", me]}
    granted = {"$or": [mine, {"$lte": ["$expire_time", "$$NOW"]}]}
    return [
        {"$set": {"granted": granted}},
        {
            "$set": {
                "holder": {"$cond": ["$granted", me, "$holder"]},
                "expire_time": {"$cond": ["$granted", _until(ttl), "$expire_time"]},
            }
        },
        {"$unset": "granted"},
    ]
