"""What rounds have in common: a pace, a claim, hands for the work, and what they show."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from prometheus_client import Counter

from chassis.log import failure, get_logger
from services.crisis.domain.findings import Finding, FindingKind
from services.crisis.handlers.auditing import findings

T = TypeVar("T")
LEASE_SECONDS = 10.0  # how long rounds stand still when an auditor dies without a word
LOOK_SECONDS = 3.0  # often enough to keep the lease, or to notice that it is free
THREADS = 4  # a case that is slow to change holds up three others at most

log = get_logger(__name__)
repairs_failed = Counter(
    "haven_crisis_audit_repairs_failed", "Repairs to be tried again next round.", ["kind"]
)
for _kind in FindingKind:
    repairs_failed.labels(_kind)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often, and by which clocks: the database's for what is shown, our own for pauses."""

    period: float
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic


class Lease(Protocol):
    """The claim to do one kind of round."""

    def acquire(self) -> bool:
        """Take or keep it; Unavailable where the database is away."""
        ...

    def release(self) -> None:
        """Let another have it at once."""
        ...


class Hands:
    """Threads for work whose failure must not end the rounds: one bad row must not blind us."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "audit")

    def begin(self, work: Callable[[], T]) -> Future[T]:
        """Start it."""
        return self._pool.submit(work)

    def close(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown(cancel_futures=True)


class Claim:
    """A lease, kept during a round that takes long and without a write for each step of it."""

    def __init__(self, lease: Lease, monotonic: Callable[[], float]) -> None:
        self._lease, self._monotonic = lease, monotonic
        self._asked = 0.0

    def take(self) -> bool:
        """Take or keep it; Unavailable where the database is away."""
        self._asked = self._monotonic()
        return self._lease.acquire()

    def keep(self) -> None:
        """Ask again if it is time. Who has lost it goes on: what it does is safe to do twice."""
        if self._monotonic() - self._asked > LOOK_SECONDS:
            self.take()

    def release(self) -> None:
        """Let another have it at once."""
        self._lease.release()


def show(found: Iterable[Finding], kinds: Iterable[FindingKind]) -> None:
    tally = Tally(each.kind for each in found)
    for kind in kinds:
        findings.labels(kind).set(tally[kind])


def tell(finding: Finding, done: Future[bool]) -> None:
    """A repair that did not succeed is tried again next round."""
    error = done.exception()
    if error is not None:
        repairs_failed.labels(finding.kind).inc()
        log.warning("audit.not-repaired", kind=finding.kind.value, **failure(error))
    elif done.result():
        log.warning("audit.repaired", kind=finding.kind.value, state=finding.repair.value)
