"""What is due gets done: stored times, watched by whichever relay holds the lease.

A due document is handed to its handler by id; the handler opens its own transaction, checks again
whether it is still due and moves the time on. So a document handled twice is handled once. The
database's clock says what is due; this process's clock only decides when to look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from chassis.call import Call, system_call
from chassis.errors import HavenError, is_retryable
from chassis.lease import Lease, Leases
from chassis.log import failure, get_logger
from chassis.store import Document, Store
from chassis.store.engine import Due
from chassis.store.watch import Watch
from chassis.telemetry.metrics import SECONDS
from chassis.telemetry.tracing import continued

SWEEP_SECONDS = 0.5
WAKE_SECONDS = 0.01  # writes come in bursts; one look serves all of them
BATCH = 100
THREADS = 4  # per kind of work: a slow document holds up three others at most
OUTCOMES = DONE, RETRIED, FAILED = ("done", "retried", "failed")
# A document that is still due after its handler: first pause, and the longest one.
PAUSES = {DONE: (0.05, 5.0), RETRIED: (0.05, 1.0), FAILED: (1.0, 60.0)}

log = get_logger(__name__)
handled = Counter("haven_timer_handled", "Due documents handled, by outcome.", ["job", "outcome"])
lateness = Histogram(
    "haven_timer_lateness_seconds",
    "From a stored time to the moment its handler starts.",
    ["job"],
    buckets=SECONDS,
)


@dataclass(frozen=True, slots=True)
class DueWork:
    """Documents of one collection that need something done at the time in one field."""

    name: str
    collection: str
    field: str
    handle: Callable[[Call, str], None]


@dataclass(slots=True)
class Rest:
    """A document that is still due although it was handled; it must not hold up the others."""

    attempts: int
    until: float


class DueLoop:
    """One kind of due work. `turn` looks once and says how long to wait before the next look."""

    def __init__(self, store: Store, work: DueWork, *, lease: Lease) -> None:
        self.work = work
        self.wake = threading.Event()
        self._store, self._lease = store, lease
        self._pool = ThreadPoolExecutor(THREADS, f"timer-{work.name}")
        self._lock = threading.Lock()
        self._under_way: set[Due] = set()
        self._resting: dict[Due, Rest] = {}
        self._has_more = False
        lateness.labels(work.name)
        for outcome in OUTCOMES:
            handled.labels(work.name, outcome)

    def turn(self) -> float:
        """Start what is due; seconds until something can be due that is not known yet."""
        if not self._lease.hold():
            return SWEEP_SECONDS / 2
        busy = self._busy()
        limit = BATCH + len(busy)
        found, upcoming = self._store.timetable(self.work.collection, self.work.field, limit=limit)
        self._forget_settled(found)
        fresh = [due for due in found if due not in busy]
        self._has_more = len(found) == limit
        for due in fresh:
            self._start(due)
        return self._pause(upcoming)

    def close(self) -> None:
        """Finish what is under way and let another relay take over."""
        self._pool.shutdown()
        self._lease.release()

    def _busy(self) -> set[Due]:
        now = time.monotonic()
        with self._lock:
            resting = {due for due, rest in self._resting.items() if rest.until > now}
            return self._under_way | resting

    def _forget_settled(self, found: Sequence[Due]) -> None:
        """What is no longer due has been dealt with."""
        now, still = time.monotonic(), set(found)
        with self._lock:
            self._resting = {
                due: rest
                for due, rest in self._resting.items()
                if due in still or rest.until > now or due in self._under_way
            }

    def _pause(self, upcoming: datetime | None) -> float:
        """Until the next stored time or the end of a rest, at most a sweep."""
        waits = [SWEEP_SECONDS]
        if upcoming is not None:
            waits.append((upcoming - self._store.clock.now()).total_seconds())
        with self._lock:
            resting = [rest for due, rest in self._resting.items() if due not in self._under_way]
        waits += [rest.until - time.monotonic() for rest in resting]
        return max(0.001, min(waits))

    def _start(self, due: Due) -> None:
        with self._lock:
            self._under_way.add(due)
        self._pool.submit(self._handle, due).add_done_callback(partial(self._done, due))

    def _handle(self, due: Due) -> None:
        late = (self._store.clock.now() - due.time).total_seconds()
        lateness.labels(self.work.name).observe(max(0.0, late))
        call = system_call(
            due.tenant_id, service=self._store.service, action=f"timer.{self.work.name}"
        )
        with continued("", self.work.name, kind=SpanKind.INTERNAL, job=self.work.name):
            self.work.handle(call, due.id)

    def _done(self, due: Due, done: Future[None]) -> None:
        error = done.exception()
        outcome = DONE if error is None else RETRIED if is_retryable(error) else FAILED
        handled.labels(self.work.name, outcome).inc()
        if error is not None:
            log.warning("timer.not-done", job=self.work.name, outcome=outcome, **failure(error))
        with self._lock:
            attempts = self._resting[due].attempts + 1 if due in self._resting else 1
            self._resting[due] = Rest(attempts, time.monotonic() + _rest(outcome, attempts))
            self._under_way.discard(due)
            has_room = self._has_more and len(self._under_way) < BATCH // 4
        if has_room:
            self.wake.set()


class DueRunner:
    """All of a service's due work: a thread for each kind, woken by the process's watch."""

    def __init__(
        self, store: Store, works: Sequence[DueWork], watch: Watch, leases: Leases
    ) -> None:
        self._stopping = threading.Event()
        self._loops = [
            DueLoop(store, work, lease=leases.lease(f"timer.{work.name}")) for work in works
        ]
        self._threads = [
            threading.Thread(target=self._run, args=[loop], name=loop.work.name, daemon=True)
            for loop in self._loops
        ]
        for loop in self._loops:
            watch.listen(loop.work.collection, partial(_wake, loop), fields=(loop.work.field,))

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is under way, release the leases and end."""
        self._stopping.set()
        for loop in self._loops:
            loop.wake.set()
        for thread in self._threads:
            thread.join()

    def is_alive(self) -> bool:
        """False once a thread has ended that should not have."""
        return all(thread.is_alive() for thread in self._threads)

    def _run(self, loop: DueLoop) -> None:
        while not self._stopping.is_set():
            try:
                wait = loop.turn()
            except HavenError as error:
                log.warning("timer.turn-failed", job=loop.work.name, **failure(error))
                wait = SWEEP_SECONDS
            if loop.wake.wait(wait):
                self._stopping.wait(WAKE_SECONDS)
            loop.wake.clear()
        loop.close()


def _wake(loop: DueLoop, row: Document) -> None:
    """Look, unless what was written is known and has no time for this loop."""
    if not row or row.get(loop.work.field) is not None:
        loop.wake.set()


def _rest(outcome: str, attempts: int) -> float:
    first, longest = PAUSES[outcome]
    return min(longest, first * 2.0 ** min(attempts - 1, 20))
