"""What the auditor does again and again: look at stored state, at dead queues, and at itself.

Each kind of round has a lease of its own, so that of several auditors one does it at a time and
another goes on within seconds. A lease that is lost in the middle does no harm: every repair is a
compare-and-set or a unique fact.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from chassis.errors import HavenError, is_retryable
from chassis.log import failure, get_logger
from services.crisis.domain.findings import Finding, FindingKind, ParkedEvent, Repair
from services.crisis.handlers.auditing import Auditing, findings
from services.crisis.handlers.drills import Drills
from services.crisis.ports import DeadQueues

T = TypeVar("T")
LEASE_SECONDS = 10.0  # how long rounds stand still when an auditor dies without a word
LOOK_SECONDS = 3.0  # often enough to keep the lease, or to notice that it is free
MOST_REPAIRS = 2_000  # in one round; the longest overdue first, the rest in the next one
THREADS = 4  # a case that is slow to change holds up three others at most

log = get_logger(__name__)
round_seconds = Histogram(
    "haven_crisis_audit_round_seconds",
    "How long a finished round took.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30),
)
last_round = Gauge(
    "haven_crisis_audit_last_round_timestamp_seconds",
    "When a round was finished last, by the auditor that looks; 0 from those that stand by.",
)
last_dead_letter_look = Gauge(
    "haven_crisis_audit_last_dead_letter_look_timestamp_seconds",
    "When the dead queues were looked at last; 0 from those that stand by.",
)
oldest_unacknowledged = Gauge(
    "haven_crisis_oldest_unacknowledged_timestamp_seconds",
    "Since when the case that nobody has had for longest waits; 0 where none waits.",
)
repairs_failed = Counter(
    "haven_crisis_audit_repairs_failed", "Repairs to be tried again next round.", ["kind"]
)
drill_period = Gauge(
    "haven_crisis_drill_period_seconds", "The longest time between two drills; 0 where none run."
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


class AuditRounds:
    """Examines every tenant, shows what is wrong and mends it. `finished` is its pulse."""

    KINDS = frozenset(FindingKind) - {FindingKind.DEAD_LETTER}

    def __init__(
        self,
        auditing: Auditing,
        tenant_ids: Iterable[str],
        *,
        lease: Lease,
        pace: Pace,
    ) -> None:
        self._auditing, self._tenant_ids = auditing, sorted(tenant_ids)
        self._lease, self._pace = lease, pace
        self._hands = Hands()
        self._next = 0.0
        # When a round was finished last, or seen to be in another auditor's hands.
        self.finished = pace.monotonic()

    def turn(self) -> float:
        """A round, if it is ours and time for one; Unavailable where it could not be finished."""
        if not self._lease.acquire():
            self._stand_by()
            return LOOK_SECONDS
        if (left := self._next - self._pace.monotonic()) > 0:
            return min(left, LOOK_SECONDS)
        start = self._pace.monotonic()
        self._round()
        self.finished, self._next = self._pace.monotonic(), start + self._pace.period
        round_seconds.observe(self.finished - start)
        last_round.set(self._pace.now().timestamp())
        return min(self._pace.period, LOOK_SECONDS)

    def failed(self, _error: HavenError) -> None:
        """The next turn begins the round anew."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._lease.release()

    def _stand_by(self) -> None:
        """What another auditor finds is for it to tell."""
        _show((), self.KINDS)
        last_round.set(0)
        oldest_unacknowledged.set(0)
        self.finished, self._next = self._pace.monotonic(), 0.0

    def _round(self) -> None:
        found: list[tuple[str, Finding]] = []
        waits: list[datetime] = []
        for tenant_id in self._tenant_ids:
            self._lease.acquire()
            seen = self._seen(partial(self._auditing.examine, tenant_id))
            if isinstance(seen, Finding):
                found.append((tenant_id, seen))
                continue
            found += [(tenant_id, each) for each in seen.findings]
            waits += [seen.waiting_since] if seen.waiting_since else []
        events = self._seen(self._auditing.waiting_events)
        others = [events] if isinstance(events, Finding) else events
        _show([*(each for _, each in found), *others], self.KINDS)
        oldest_unacknowledged.set(min(waits).timestamp() if waits else 0)
        self._repair(found)

    def _seen(self, look: Callable[[], T]) -> T | Finding:
        """What the look saw, or that it could not read what is there; Unavailable passes on."""
        error = (done := self._hands.begin(look)).exception()
        if error is None:
            return done.result()
        if isinstance(error, HavenError) and is_retryable(error):
            raise error
        log.error("audit.unreadable", **failure(error))
        return Finding(FindingKind.UNREADABLE, "", timedelta())

    def _repair(self, found: Iterable[tuple[str, Finding]]) -> None:
        """One repair for each thing, however many findings name it; the oldest first."""
        by_thing = {
            (tenant_id, each.subject_id): (tenant_id, each)
            for tenant_id, each in found
            if each.repair is not Repair.NONE
        }
        wanted = sorted(by_thing.values(), key=lambda item: item[1].age, reverse=True)
        under_way = [
            (each, self._hands.begin(partial(self._auditing.repair, tenant_id, each)))
            for tenant_id, each in wanted[:MOST_REPAIRS]
        ]
        for finding, done in under_way:
            self._lease.acquire()
            _tell(finding, done)


class DeadLetterRounds:
    """Looks at dead queues and gives each lost signal a case. The broker may be away."""

    def __init__(
        self,
        auditing: Auditing,
        queues: DeadQueues,
        tenant_ids: Collection[str],
        *,
        lease: Lease,
        pace: Pace,
    ) -> None:
        self._auditing, self._queues, self._tenant_ids = auditing, queues, tenant_ids
        self._lease, self._pace = lease, pace
        self._hands = Hands()
        self._next = 0.0

    def turn(self) -> float:
        """A look, if it is ours and time for one; Unavailable without a broker or a database."""
        if not self._lease.acquire():
            _show((), {FindingKind.DEAD_LETTER})
            last_dead_letter_look.set(0)
            return LOOK_SECONDS
        if (left := self._next - self._pace.monotonic()) > 0:
            return min(left, LOOK_SECONDS)
        self._next = self._pace.monotonic() + self._pace.period
        self._look()
        last_dead_letter_look.set(self._pace.now().timestamp())
        return min(self._pace.period, LOOK_SECONDS)

    def failed(self, _error: HavenError) -> None:
        """A broker that is away is asked again at the next period, not every second."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._lease.release()

    def _look(self) -> None:
        found = [(each, self._meaning(each)) for each in self._queues.parked()]
        lost = [(each, finding) for each, finding in found if finding is not None]
        _show([finding for _, finding in lost], {FindingKind.DEAD_LETTER})
        for parked, finding in lost:
            if finding.repair is not Repair.NONE:
                self._lease.acquire()
                repair = self._hands.begin(
                    partial(self._auditing.repair, parked.tenant_id, finding)
                )
                _tell(finding, repair)

    def _meaning(self, parked: ParkedEvent) -> Finding | None:
        """A tenant that is not ours has no supervisors here: it is shown, and people must look."""
        if parked.tenant_id in self._tenant_ids:
            return self._auditing.dead_letter(parked)
        return Finding(FindingKind.DEAD_LETTER, parked.event_id, timedelta())


class DrillRounds:
    """Moves the drill of each drill tenant on."""

    def __init__(self, drills: Drills, periods: dict[str, float], *, lease: Lease) -> None:
        self._drills, self._tenant_ids, self._lease = drills, sorted(periods), lease
        self._hands = Hands()
        drill_period.set(max(periods.values(), default=0.0))

    def turn(self) -> float:
        """Do what can be done now."""
        if not self._lease.acquire():
            return LOOK_SECONDS
        waits = [LOOK_SECONDS]
        for tenant_id in self._tenant_ids:
            done = self._hands.begin(partial(self._drills.advance, tenant_id))
            error = done.exception()
            if error is None:
                waits.append(done.result())
            elif isinstance(error, HavenError):
                raise error
            else:
                log.error("drill.broken", **failure(error))
        return max(0.05, min(waits))

    def failed(self, _error: HavenError) -> None:
        """What is stored says where the drill stands."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._lease.release()


def _show(found: Iterable[Finding], kinds: Iterable[FindingKind]) -> None:
    tally = Tally(each.kind for each in found)
    for kind in kinds:
        findings.labels(kind).set(tally[kind])


def _tell(finding: Finding, done: Future[bool]) -> None:
    """A repair that did not succeed is tried again next round."""
    error = done.exception()
    if error is not None:
        repairs_failed.labels(finding.kind).inc()
        log.warning("audit.not-repaired", kind=finding.kind.value, **failure(error))
    elif done.result():
        log.warning("audit.repaired", kind=finding.kind.value, state=finding.repair.value)
