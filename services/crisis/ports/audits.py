"""What the auditor needs from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from chassis.store import Reader, Tx
from services.crisis.domain.drill import Drill
from services.crisis.domain.findings import CaseRow, DueRow, EventRow, PageRow, ParkedEvent
from services.crisis.domain.timeline import ActKind


class AuditBook(Protocol):
    """What is stored, as it lies there: the auditor trusts no aggregate to be whole."""

    def unresolved(self, reader: Reader) -> list[CaseRow]:
        """The tenant's unresolved cases."""
        ...

    def overdue(self, reader: Reader, *, before: datetime) -> list[DueRow]:
        """What has been due since before then, of every kind but the deadlines of cases."""
        ...

    def is_due(self, reader: Reader, work: str, id: str) -> bool:
        """True while the time of this work has come and nobody has done it."""
        ...

    def pages(self, reader: Reader, *, since: datetime) -> list[PageRow]:
        """Pages asked for since then."""
        ...

    def answers(self, reader: Reader, page_ids: Sequence[str]) -> Mapping[str, frozenset[ActKind]]:
        """What was heard of these pages; nothing of a page that is not in it."""
        ...

    def last_heard(self, reader: Reader, recipient_id: str) -> ActKind | None:
        """What was heard last of any page for this recipient; None where nothing ever was."""
        ...

    def has_case(self, reader: Reader, case_id: str) -> bool:
        """True for the id of a case of the tenant."""
        ...

    def has_signal(self, reader: Reader, fact_id: str) -> bool:
        """True where a case was opened, or joined, for this fact."""
        ...

    def has_effect(self, reader: Reader, parked: ParkedEvent) -> bool:
        """True where the event has had its effect by another way."""
        ...

    def restore_deadline(self, tx: Tx, case_id: str, *, furthest: datetime, detail: str) -> bool:
        """Let an unresolved case act now; True where this transaction changed it.

        Not where it has a deadline up to `furthest` and, if somebody has it, an owner.
        """
        ...


class WaitingEvents(Protocol):
    """Crisis-class events of all tenants that are committed and not yet where they must be."""

    def waiting(self) -> list[EventRow]:
        """The oldest of them, and some of the newest."""
        ...


class DeadQueues(Protocol):
    """The dead queues of crisis-class events, to whomever they should have come."""

    def parked(self) -> list[ParkedEvent]:
        """What lies there, oldest first; Unavailable where the broker is away."""
        ...


class DrillBook(Protocol):
    """A drill tenant's drills."""

    def running(self, reader: Reader) -> Drill | None:
        """The one that has not ended."""
        ...

    def newest(self, reader: Reader) -> Drill | None:
        """The one that started last."""
        ...

    def last_success(self, reader: Reader) -> datetime | None:
        """When the last one that was in time ended."""
        ...

    def forgettable(self, reader: Reader, before: datetime) -> Drill | None:
        """The oldest that ended and had begun before then, and that nothing needs any more."""
        ...

    def forget(self, tx: Tx, drill: Drill) -> None:
        """Remove a piece of what it left behind; the last piece takes the drill itself."""
        ...

    def insert(self, tx: Tx, drill: Drill) -> Drill:
        """Keep a new one; AlreadyExists where another runs."""
        ...

    def save(self, tx: Tx, drill: Drill) -> Drill:
        """Keep what happened."""
        ...
