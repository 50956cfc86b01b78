"""At most one holder per job at a time, by the database's clock.

A service's jobs stand in one document, and a process renews all that it holds with one write: every
write costs the database a flush to disk, and every relay's watch a look. Each job still changes
hands by itself, and only those are renewed whose threads asked within half a ttl: one that hangs
loses its job.

A holder believes in its lease only until a moment before the database would give it away, counted
on its own monotonic clock from before it asked. A process that was stopped in between can still
act late once: what it does must be a compare-and-set.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
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
ROW = "jobs"
# How long a job stands still when its holder dies without a word. Renewed at a third of it, so two
# renewals may be lost to a busy machine before the job changes hands.
TTL_SECONDS = 1.5
MARGIN = 0.1  # of the ttl: given up before it ends, not when it ends
OPERATION_SECONDS = 1.0  # a later answer would come when the lease has nearly run out
BLACKOUT_SECONDS = 3.0  # six renewals without an answer: the database is away, or stands still
COMMENT = f"{CROSS_TENANT}lease"

log = get_logger(__name__)


class Leases:
    """One process's claims to a service's jobs."""

    def __init__(self, store: Store) -> None:
        self._rows = store.database[LEASES]
        self._me = new_id()
        self._leases: list[Lease] = []
        self._next_renewal = 0.0
        self._lock = threading.Lock()  # one write at a time, and none that undoes a release

    def lease(self, job: str, *, ttl: float = TTL_SECONDS) -> Lease:
        """A claim to one job, not held yet."""
        lease = Lease(self, job, ttl=ttl)
        self._leases.append(lease)
        expect_leases([job])
        return lease

    def keep(self, asking: Lease) -> None:
        """Renew or take all that is wanted, if it is time; while the database is away they run out.

        It is time at a third of the shortest ttl, and for a lease that nobody has asked for yet.
        """
        with self._lock:
            if time.monotonic() < self._next_renewal and asking.is_tried:
                return
            self._next_renewal = time.monotonic() + min(each.ttl for each in self._leases) / 3
            wanted = [each for each in self._leases if each.is_wanted]
            try:
                self._take(wanted)
            except HavenError as error:
                log.warning("lease.not-reached", count=len(wanted), **failure(error))
                for each in wanted:
                    each.show()  # it may have run out meanwhile

    def take(self, lease: Lease) -> None:
        """Ask for this one now; Unavailable where the database is away."""
        with self._lock:
            self._take([lease])

    def free(self, lease: Lease) -> None:
        """Let another process have it at once; where that cannot be said, it runs out."""
        with self._lock:
            if not lease.forget():
                return
            key = key_of(lease.job)
            try:
                with translation(), pymongo.timeout(OPERATION_SECONDS):
                    self._rows.update_one(
                        {"_id": ROW, f"{key}.holder": self._me},
                        [{"$set": {key: {"holder": "", "expire_time": "$$NOW"}}}],
                        comment=COMMENT,
                    )
            except HavenError as error:
                log.warning("lease.not-released", job=lease.job, **failure(error))

    def _take(self, leases: Sequence[Lease]) -> None:
        asked = time.monotonic()
        for each in leases:
            each.is_tried = True
        try:
            with translation(), pymongo.timeout(OPERATION_SECONDS):
                row: Mapping[str, Any] | None = self._rows.find_one_and_update(
                    {"_id": ROW},
                    [{"$set": {key_of(each.job): self._claim(each) for each in leases}}],
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    comment=COMMENT,
                )
        except AlreadyExists:
            row = None  # another made the document in this very moment; it is there next time
        for each in leases:
            holder = row[key_of(each.job)]["holder"] if row else ""
            each.answered(asked, is_granted=holder == self._me)

    def _claim(self, lease: Lease) -> dict[str, Any]:
        """The job's field as it becomes: ours where it is ours, new or run out."""
        key = key_of(lease.job)
        is_mine = {"$eq": [f"${key}.holder", self._me]}
        is_free = {"$lte": [f"${key}.expire_time", "$$NOW"]}  # a missing time sorts before any
        until = {"$add": ["$$NOW", int(lease.ttl * 1000)]}
        ours = {"holder": self._me, "expire_time": until}
        return {"$cond": [{"$or": [is_mine, is_free]}, ours, f"${key}"]}


class Lease:
    """A process's claim to one job. For one thread, or for threads that take turns."""

    def __init__(self, leases: Leases, job: str, *, ttl: float) -> None:
        self.job, self.ttl = job, ttl
        self.is_tried = False  # since it has been wanted
        self._leases = leases
        self._held_until = 0.0
        self._wanted_until = 0.0
        self._answer = math.nan  # when the database last answered
        self._blackout, self._blackout_seconds = -math.inf, 0.0  # the last one's end, and length

    @property
    def is_held(self) -> bool:
        """True while no other process can have the job."""
        return time.monotonic() < self._held_until

    @property
    def is_wanted(self) -> bool:
        """True where its thread has asked of late."""
        return time.monotonic() < self._wanted_until

    def hold(self) -> bool:
        """Keep it, or take it when it is free. To be asked at least twice per ttl."""
        self._wanted_until = time.monotonic() + self.ttl / 2
        self._leases.keep(self)
        return self.is_held

    def acquire(self) -> bool:
        """Take it where it is free or ours already; Unavailable where the database is away."""
        self._leases.take(self)
        return self.is_held

    def release(self) -> None:
        """Let another take over at once; where that cannot be said, it runs out."""
        self._leases.free(self)

    def excuses(self, late_seconds: float, allowance_seconds: float) -> bool:
        """True for what became due while the database did not answer, until so long after that."""
        now = time.monotonic()
        if now - self._answer > BLACKOUT_SECONDS:
            return True  # it has just come back, or is still away
        since = now - self._blackout
        return since < allowance_seconds and late_seconds < since + self._blackout_seconds

    def forget(self) -> bool:
        """Neither hold nor want it from now on; True where it was held."""
        was_held, self._held_until = self.is_held, 0.0
        self._wanted_until, self.is_tried, self._answer = 0.0, False, math.nan
        self.show()
        return was_held

    def answered(self, asked: float, *, is_granted: bool) -> None:
        """What the database said to the claim made at `asked`."""
        was_held, now = self.is_held, time.monotonic()
        if now - self._answer > BLACKOUT_SECONDS:
            self._blackout, self._blackout_seconds = now, now - self._answer
        self._answer = now
        self._held_until = asked + self.ttl * (1 - MARGIN) if is_granted else 0.0
        if was_held and not is_granted:
            log.warning("lease.lost", job=self.job)
        self.show()

    def show(self) -> None:
        """Set the job's gauge."""
        lease_held.labels(self.job).set(int(self.is_held))


def key_of(job: str) -> str:
    """The job's field; a dot would be a path."""
    return job.replace(".", "-")
