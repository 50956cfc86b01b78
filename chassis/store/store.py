"""The one door to a service's database.

`transact` commits a change, its events, its once-key and its audit row together or not at all;
`read` answers only what the audit trail already knows about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from google.protobuf.message import Message
from prometheus_client import Counter
from pymongo import MongoClient
from pymongo.database import Database

from chassis.call import Call
from chassis.clock import Clock
from chassis.deadline import Deadline
from chassis.errors import AlreadyExists
from chassis.failpoint import failpoint
from chassis.log import failure, get_logger
from chassis.store import once, outbox_rows
from chassis.store.attempt import Attempt
from chassis.store.audit_rows import AUDIT, audit_documents
from chassis.store.batch import Batch, Together
from chassis.store.engine import Document, Engine, Index, Rows, Timetable
from chassis.store.group import GroupCommit
from chassis.store.mongo import ATTEMPT_SECONDS, MongoEngine
from chassis.store.outbox_rows import Awaited, OutboxRow, Pending
from chassis.store.reader import Reader
from chassis.store.shared_rows import Ahead
from chassis.store.transaction import Tx
from chassis.telemetry.tracing import current_traceparent
from chassis.topology import EventSpec, MessageClass, spec_of

log = get_logger(__name__)
announcements_failed = Counter(
    "haven_outbox_announcements_failed", "Committed crisis-class rows that could not be announced."
)
AfterCommit = Callable[[Sequence[OutboxRow]], None]
T = TypeVar("T")
R = TypeVar("R")


class Store:
    """A service's documents, each tenant's for itself."""

    def __init__(
        self,
        client: MongoClient[Document],
        database: str,
        *,
        service: str,
        clock: Clock,
        after_commit: AfterCommit | None = None,
    ) -> None:
        engine = MongoEngine(client, database)
        self._open(engine, service=service, clock=clock, after_commit=after_commit)
        self._announcer: ThreadPoolExecutor | None = None
        self._database = engine.database

    def _open(
        self, engine: Engine, *, service: str, clock: Clock, after_commit: AfterCommit | None
    ) -> None:
        self.engine = engine
        self._groups = GroupCommit(engine)
        self.service = service
        self.clock = clock
        self.after_commit = after_commit  # may be set later: who delivers needs the store first
        self.schemas: dict[str, int] = {}  # newest known form of a collection, where it is not 1
        self.spec_of: Callable[[type[Message]], EventSpec] = spec_of
        self.traceparent: Callable[[], str] = current_traceparent

    @property
    def database(self) -> Database[Document]:
        """For the chassis' own collections (leases, seals); never for a service's documents."""
        return self._database

    def transact(self, call: Call, fn: Callable[[Tx], T], *, ahead: Sequence[Ahead] = ()) -> T:
        """Commit what `fn` did, once; see the module's first lines and `Tx`.

        `ahead` are reads that `fn` begins with: in company they cost no command of their own.
        Raises AlreadyAnswered or AlreadyDone where this call's effect exists,
        AlreadyExists("UNIQUE_INDEX"), Aborted("WRITE_CONFLICT"), Unavailable("STORE_UNAVAILABLE").
        """
        call.deadline.check()
        return self._done(self.prepare(call, fn, ahead=ahead))

    def prepare(
        self, call: Call, fn: Callable[[Tx], T], *, ahead: Sequence[Ahead] = ()
    ) -> Attempt[T]:
        """What `transact` would do, for `transact_all`; it belongs to the trace of this moment."""
        return Attempt(
            call,
            fn,
            open_tx=self._open_tx,
            service=self.service,
            traceparent=self.traceparent(),
            ahead=ahead,
        )

    def transact_all(self, attempts: Sequence[Attempt[T]]) -> list[T | Exception]:
        """As `transact` for each of them, in one transaction where that can be; what each came to.

        Nobody's result depends on the others: what could not be committed together is done alone.
        """
        outcomes: list[T | Exception] = []
        for attempt, member in zip(attempts, self._groups.try_all(attempts), strict=True):
            if member.is_committed:
                self._announce([row for row in attempt.events if row.awaiting])
            outcomes.append(member.error or member.result)
            if not member.is_committed and member.error is None:
                try:
                    attempt.call.deadline.check()
                    outcomes[-1] = self._done(attempt)
                except Exception as error:  # whatever it is, it is what this one came to
                    outcomes[-1] = error
        return outcomes

    def transact_batch(
        self, call: Call, requests: Sequence[Call], fn: Together[T], *, tries_once: bool = False
    ) -> list[T | Exception]:
        """Commit what `fn` did for several requests of `call`'s tenant; what each came to.

        See `Batch`. Raises, for all of them, what `transact` raises where nothing was committed;
        if it `tries_once`, Contended at the first conflict, so that none waits for another's.
        """
        call.deadline.check()
        return self._done(
            Batch(
                call,
                fn,
                requests=requests,
                tries_once=tries_once,
                open_tx=self._open_tx,
                service=self.service,
                traceparent=self.traceparent(),
            )
        )

    def are_done(self, calls: Sequence[Call]) -> list[bool]:
        """Whether each event's effect is there already; False may be over when it is read."""
        known = self._look(lambda rows: once.known(rows, calls))
        return [once.inbox_key(call) in known for call in calls]

    def read(self, call: Call, fn: Callable[[Reader], T]) -> T:
        """What `fn` reads, after the audit rows for all it touched are durable."""
        call.deadline.check()

        def audited(rows: Rows) -> T:
            reader = Reader(call, self.now(), rows=rows, schemas=self.schemas)
            result = fn(reader)
            entries = audit_documents(
                call,
                reader.touched,
                now=reader.now,
                service=self.service,
                traceparent=self.traceparent(),
            )
            if entries:
                rows.insert(AUDIT, entries)
            return result

        return self.engine.look(call.deadline, audited)

    def due(self, collection: str, field: str, *, limit: int) -> list[tuple[str, str]]:
        """(tenant_id, _id) of documents whose time in `field` has come, longest due first."""
        due = self.timetable(collection, field, limit=limit).due
        return [(each.tenant_id, each.id) for each in due]

    def timetable(
        self, collection: str, field: str, *, limit: int, rank_field: str = ""
    ) -> Timetable:
        """The same with the times, what `rank_field` holds, and the earliest that has not come."""
        return self.engine.timetable(collection, field, limit, rank_field=rank_field)

    def pending(
        self, message_class: MessageClass, limit: int, *, without: Collection[str] = ()
    ) -> list[OutboxRow]:
        """Events of one class that the broker has not confirmed, oldest first.

        `without` names types that no queue takes at the moment: they must not hold the others.
        """
        return self._look(
            lambda rows: outbox_rows.pending(rows, message_class, limit, without=without)
        )

    def mark_published(self, event_ids: Sequence[str], *, at_once: bool = False) -> int:
        """The broker has confirmed these."""

        def mark(rows: Rows) -> int:
            return outbox_rows.mark_published(rows, event_ids, self.now())

        # A transaction is one entry of the database's log instead of one per row; but a relay that
        # died inside of it would for a moment keep these rows from every other relay.
        if at_once:
            return self.engine.transact(Deadline.after(ATTEMPT_SECONDS), mark)
        return self._look(mark)

    def awaiting_receipts(self, limit: int) -> list[OutboxRow]:
        """Crisis-class events that some consumer has not taken yet, oldest first."""
        return self._look(lambda rows: outbox_rows.awaiting_receipts(rows, limit))

    def awaited(self, limit: int) -> list[Awaited]:
        """The same without what they say."""
        return self._look(lambda rows: outbox_rows.awaited(rows, limit))

    def events(self, event_ids: Collection[str]) -> list[OutboxRow]:
        """These events, as far as they are kept."""
        return self._look(lambda rows: outbox_rows.named(rows, event_ids))

    def oldest_awaiting(self) -> datetime | None:
        """Since when a crisis-class event waits for some consumer to take it; None where none does.

        Published or not, and however often it was delivered: only a receipt ends it.
        """
        return self._look(outbox_rows.oldest_awaiting)

    def receipt(self, event_ids: Sequence[str], consumer: str) -> None:
        """The consumer has committed these events' effects."""
        self._look(lambda rows: outbox_rows.receipt(rows, event_ids, consumer))

    def pending_counts(self) -> dict[MessageClass, Pending]:
        """How much of each class waits for the broker, and since when."""
        return self._look(
            lambda rows: {each: outbox_rows.count_pending(rows, each) for each in MessageClass}
        )

    def ensure_indexes(self, indexes: Sequence[Index]) -> None:
        """Make what is missing; FailedPrecondition("INDEX_DIFFERS") where one differs."""
        self.engine.ensure_indexes(indexes)

    def missing_indexes(self, indexes: Sequence[Index]) -> list[str]:
        """Names of those that do not exist, or exist differently."""
        return self.engine.missing_indexes(indexes)

    def close(self) -> None:
        """Wait for announcements under way."""
        if self._announcer is not None:
            self._announcer.shutdown()

    def _done(self, attempt: Attempt[T]) -> T:
        try:
            result = self._commit(attempt)
        except AlreadyExists as error:
            if error.reason != "UNIQUE_INDEX":
                raise
            # Somebody was faster: now the once-key, or the thing itself, is there to be found.
            result = self._commit(attempt)
        failpoint("store.after-commit")
        self._announce([row for row in attempt.events if row.awaiting])
        return result

    def _commit(self, attempt: Attempt[T]) -> T:
        call = attempt.call
        try:
            if call.company:
                result: T = self._groups.commit(call.company, call.deadline, attempt)
                return result
            return self.engine.transact(call.deadline, attempt)
        except BaseException:  # also a killed greenlet: what is in memory must match the database
            attempt.roll_back()
            raise

    def _open_tx(self, call: Call, rows: Rows) -> Tx:
        return Tx(call, self.now(), rows=rows, schemas=self.schemas, spec_of=self.spec_of)

    def now(self) -> datetime:
        """The clock's instant in milliseconds, which is all that the database keeps."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def _look(self, body: Callable[[Rows], R]) -> R:
        return self.engine.look(Deadline.after(ATTEMPT_SECONDS), body)

    def _announce(self, events: Sequence[OutboxRow]) -> None:
        """Tell of crisis-class rows on a thread of its own: the commit is the answer."""
        if self.after_commit is None or not events:
            return
        if self._announcer is None:
            self._announcer = ThreadPoolExecutor(4, "after-commit")
        self._announcer.submit(self.after_commit, events).add_done_callback(_report)


def _report(done: Future[Any]) -> None:
    """The rows hold what they still await: the relay goes on where an announcement failed."""
    if (error := done.exception()) is not None:
        announcements_failed.inc()
        log.error("store.announcement-failed", **failure(error))
