"""One use case on its way into the database, as often as that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Generic, TypeVar

from chassis.call import Call
from chassis.failpoint import failpoint
from chassis.store import once
from chassis.store.audit_rows import AUDIT, audit_documents
from chassis.store.engine import Rows
from chassis.store.outbox_rows import OUTBOX, OutboxRow, document_of
from chassis.store.shared_rows import Ahead
from chassis.store.transaction import Tx

T = TypeVar("T")


class Contended(Exception):
    """Several in one transaction lost against another, or one of them failed: each for itself."""


class Attempt(Generic[T]):
    """Runs the use case and writes all that must be committed with it; then run again or kept."""

    def __init__(
        self,
        call: Call,
        fn: Callable[[Tx], T],
        *,
        open_tx: Callable[[Call, Rows], Tx],
        service: str,
        traceparent: str,
        ahead: Iterable[Ahead] = (),
    ) -> None:
        """`ahead` is what the use case will read first; in company it is read for all at once."""
        self.ahead = [*once.ahead(call), *(_of_tenant(each, call) for each in ahead)]
        self.events: list[OutboxRow] = []
        self.call, self._fn = call, fn
        self._open_tx = open_tx
        self._service, self._traceparent = service, traceparent
        self._tx: Tx | None = None

    def __call__(self, rows: Rows) -> T:
        """The body of one database transaction."""
        result = self.run(rows)
        failpoint("store.before-commit")
        return result

    def run(self, rows: Rows) -> T:
        """The use case, and the rows that stand for it, all of one transaction."""
        self.roll_back()
        tx = self._tx = self._open_tx(self.call, rows)
        once.begin(rows, self.call, tx.now)
        result = self._fn(tx)
        tx.check()
        self._write_events(rows, tx)
        self._write_audit(rows, tx)
        once.finish(rows, self.call, result, tx.now)
        return result

    def roll_back(self) -> None:
        """Give the use case's own objects back as they were."""
        if self._tx is not None:
            self._tx.roll_back()

    def _write_events(self, rows: Rows, tx: Tx) -> None:
        self.events = [
            replace(
                event,
                tenant_id=self.call.tenant_id,
                create_time=tx.now,
                traceparent=self._traceparent,
            )
            for event in tx.events
        ]
        if self.events:
            rows.insert(OUTBOX, [document_of(event) for event in self.events])

    def _write_audit(self, rows: Rows, tx: Tx) -> None:
        entries = audit_documents(
            self.call,
            tx.touched,
            now=tx.now,
            service=self._service,
            traceparent=self._traceparent,
        )
        if entries:
            rows.insert(AUDIT, entries)


def _of_tenant(read: Ahead, call: Call) -> Ahead:
    """As the use case's reader will ask for it."""
    then = read.then
    return Ahead(
        read.collection,
        {**read.filter, "tenant_id": call.tenant_id},
        then and (lambda row: [_of_tenant(each, call) for each in then(row)]),
    )
