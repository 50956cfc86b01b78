"""What is due gets done: stored times, watched by whichever relay holds the lease.

A due document is handed to its handler by id; the handler opens its own transaction, checks again
whether it is still due and moves the time on. So a document handled twice is handled once. The
database's clock says what is due; this process's clock only decides when to look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Histogram

from chassis.call import system_call
from chassis.due_work import DueWork
from chassis.errors import HavenError, is_retryable
from chassis.lease import Lease, Leases
from chassis.log import failure, get_logger
from chassis.precedence import Precedence
from chassis.rest import DONE, FAILED, OUTCOMES, RETRIED, Rest, rest_after
from chassis.store import Document, Store
from chassis.store.engine import Due, Timetable, in_groups
from chassis.store.watch import Watch
from chassis.sweeps import Sweeps, unknown
from chassis.telemetry.metrics import SECONDS
from chassis.telemetry.tracing import continued

SWEEP_SECONDS = 0.5
WAKE_SECONDS = 0.01  # writes come in bursts; one look serves all of them
BATCH = 100
NEVER, LONG_AGO = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
# In a storm so many are looked through for the most urgent ones, once per round of the threads.
LOOKED_THROUGH = 2_000
TOGETHER = 16  # as many documents as one transaction changes well within its life

log = get_logger(__name__)
handled = Counter("haven_timer_handled", "Due documents handled, by outcome.", ["job", "outcome"])
lateness = Histogram(
    "haven_timer_lateness_seconds",
    "From a stored time to the moment its handler starts.",
    ["job"],
    buckets=SECONDS,
)


class DueLoop:
    """One kind of due work. `turn` looks once and says how long to wait before the next look."""

    def __init__(
        self,
        store: Store,
        work: DueWork,
        *,
        lease: Lease,
        precedence: Precedence,
        is_current: Callable[[], bool] = unknown,
    ) -> None:
        self.work, self._precedence = work, precedence
        self.wake = threading.Event()
        self._sweeps = Sweeps(SWEEP_SECONDS, is_current)
        self._is_told = False  # since the last look began
        self._upcoming = NEVER  # the next stored time that is known, or that of a look that is due
        self._store, self._lease = store, lease
        self._pool = ThreadPoolExecutor(work.threads, f"timer-{work.name}")
        # Few, where something more urgent may become due: it must not wait behind them.
        self._most = 2 * work.threads if work.ranking else BATCH
        self._lock = threading.Lock()
        self._under_way: set[Due] = set()
        self._resting: dict[Due, Rest] = {}
        self._has_more = False
        lateness.labels(work.name)
        for outcome in OUTCOMES:
            handled.labels(work.name, outcome)

    def told(self, row: Document) -> None:
        """A row was written; an empty one says that any may have been. What is never due needs no
        look, and what is due later than what is known is found by the look at that."""
        if row:
            due_time = row.get(self.work.field)
            if due_time is None or (isinstance(due_time, datetime) and due_time >= self._upcoming):
                return
        self._is_told = True
        self.wake.set()

    def turn(self) -> float:
        """Start what is due; seconds until something can be due that is not known yet."""
        if not self._lease.hold():
            self._sweeps.soon()
            self._upcoming = LONG_AGO  # whoever gets the lease looks first; until then nobody need
            self._tell(0)
            return SWEEP_SECONDS / 2
        busy, room = self._busy()
        if room <= 0 or (self._has_more and room < self._most - self._most // 2):
            self._has_more = True  # whoever finishes wakes the loop
            return SWEEP_SECONDS
        if not (self._is_told or self._has_more) and (left := self._left()) > 0:
            self._tell(self._most - room)
            return left
        self._start_due(busy, room)
        return max(0.001, self._left())

    def _start_due(self, busy: set[Due], room: int) -> None:
        # Whatever is told from here on is looked for again, and a look that fails is made anew.
        self._is_told, self._upcoming = False, NEVER
        self._sweeps.soon()
        found, upcoming = self._look(room + len(busy))
        fresh = [due for due in found if due not in busy]
        excused = {due for due in fresh if self._is_excused(due)}
        fresh = [due for due in fresh if due not in excused]
        self._has_more = len(fresh) >= room
        for dues in in_groups(fresh[:room], TOGETHER if self.work.handle_all else 1):
            self._start(dues)
        # What rests between its tries is no storm: its provider is away, not the time of anybody.
        self._tell(self._most - room + len(fresh))
        if upcoming is None and self._has_more:
            upcoming = self._store.clock.now() + timedelta(seconds=SWEEP_SECONDS)
        self._upcoming = upcoming or NEVER
        self._sweeps.done(found_all=not excused)

    def _tell(self, waiting: int) -> None:
        """Only what is ranked is about people in danger."""
        if self.work.ranking is not None:
            self._precedence.tell(self.work.name, waiting)

    def close(self) -> None:
        """Finish what is under way and let another relay take over."""
        self._pool.shutdown()
        self._lease.release()

    def _look(self, limit: int) -> Timetable:
        """What is due, the most urgent first; the longest due of those that are alike."""
        ranking = self.work.ranking
        found = self._timetable(limit)
        if ranking is None:
            self._forget_settled(found.due)
            return found
        if len(found.due) == limit:
            found = self._timetable(LOOKED_THROUGH)
        self._forget_settled(found.due)
        return Timetable(sorted(found.due, key=ranking.place), found.upcoming)

    def _timetable(self, limit: int) -> Timetable:
        work = self.work
        rank_field = work.ranking.field if work.ranking else ""
        return self._store.timetable(
            work.collection, work.field, limit=limit, rank_field=rank_field
        )

    def _is_excused(self, due: Due) -> bool:
        if not self.work.allowance_seconds:
            return False
        late = self._store.clock.now() - due.time
        return self._lease.excuses(late.total_seconds(), self.work.allowance_seconds)

    def _busy(self) -> tuple[set[Due], int]:
        """What need not be started now, and how much more may be."""
        now = time.monotonic()
        with self._lock:
            resting = {due for due, rest in self._resting.items() if rest.until > now}
            return self._under_way | resting, self._most - len(self._under_way)

    def _forget_settled(self, found: Sequence[Due]) -> None:
        """What is no longer due has been dealt with."""
        now, still = time.monotonic(), set(found)
        with self._lock:
            self._resting = {
                due: rest
                for due, rest in self._resting.items()
                if due in still or rest.until > now or due in self._under_way
            }

    def _left(self) -> float:
        """Seconds until the next stored time, the end of a rest or the next sweep; not above 0
        where it is time to look. At most a sweep: the watch may be lost meanwhile."""
        waits = [SWEEP_SECONDS, self._sweeps.left]
        if self._upcoming != NEVER:
            waits.append((self._upcoming - self._store.clock.now()).total_seconds())
        with self._lock:
            resting = [rest for due, rest in self._resting.items() if due not in self._under_way]
        waits += [rest.until - time.monotonic() for rest in resting]
        return min(waits)

    def _start(self, dues: Sequence[Due]) -> None:
        if self.work.ranking is not None:
            self._precedence.passed()
        with self._lock:
            self._under_way.update(dues)
        self._pool.submit(self._handle, dues).add_done_callback(partial(self._done, dues))

    def _handle(self, dues: Sequence[Due]) -> Mapping[str, Exception]:
        now = self._store.clock.now()
        for due in dues:
            late = (now - due.time).total_seconds()
            lateness.labels(self.work.name).observe(max(0.0, late))
        action = f"timer.{self.work.name}"
        company = action if self.work.ranking else ""
        call = system_call(
            dues[0].tenant_id, service=self._store.service, action=action, company=company
        )
        with continued("", self.work.name, kind=SpanKind.INTERNAL, job=self.work.name):
            if len(dues) > 1 and self.work.handle_all is not None:
                return self.work.handle_all(call, [due.id for due in dues])
            self.work.handle(call, dues[0].id)
            return {}

    def _done(self, dues: Sequence[Due], done: Future[Mapping[str, Exception]]) -> None:
        failed = {} if done.exception() else done.result()
        for due in dues:
            self._settle(due, done.exception() or failed.get(due.id))
        with self._lock:
            has_room = self._has_more and len(self._under_way) <= self._most // 2
        if has_room:
            self.wake.set()

    def _settle(self, due: Due, error: BaseException | None) -> None:
        outcome = DONE if error is None else RETRIED if is_retryable(error) else FAILED
        handled.labels(self.work.name, outcome).inc()
        if error is not None:
            log.warning("timer.not-done", job=self.work.name, outcome=outcome, **failure(error))
        with self._lock:
            attempts = self._resting[due].attempts + 1 if due in self._resting else 1
            self._resting[due] = rest_after(outcome, attempts)
            self._under_way.discard(due)


class DueRunner:
    """All of a service's due work: a thread for each kind, woken by the process's watch."""

    def __init__(
        self,
        store: Store,
        works: Sequence[DueWork],
        watch: Watch,
        leases: Leases,
        precedence: Precedence,
    ) -> None:
        self._stopping = threading.Event()
        self._loops = [
            DueLoop(
                store,
                work,
                lease=leases.lease(f"timer.{work.name}"),
                precedence=precedence,
                is_current=watch.is_current,
            )
            for work in works
        ]
        self._threads = [
            threading.Thread(target=self._run, args=[loop], name=loop.work.name, daemon=True)
            for loop in self._loops
        ]
        for loop in self._loops:
            watch.listen(loop.work.collection, loop.told, fields=[loop.work.field])

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
