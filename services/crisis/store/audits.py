"""What the auditor reads and mends: rows as they lie there.

Its repairs change single fields under the row's version, so that a document of which no aggregate
can be made is mended too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from chassis.store import Document, Reader, Store, Tx
from chassis.store.once import INBOX
from chassis.store.outbox_rows import OUTBOX, OutboxRow
from chassis.topology import MessageClass
from services.crisis.codec import documents
from services.crisis.domain.escalation import TargetKind
from services.crisis.domain.findings import CaseRow, DueRow, EventRow, PageRow, ParkedEvent
from services.crisis.domain.record import SYSTEM, State
from services.crisis.domain.timeline import Act, ActKind
from services.crisis.store import ACTS, CASES, FOLLOW_UPS, PERSON_REQUESTS
from services.crisis.store.on_call import CHECKS

# Of each round: in a storm the newest pages and events are looked at in the next one.
MOST_PAGES = 5_000
MOST_DUE = 500  # of each kind
MOST_EVENTS = 1_000
HEARD = (ActKind.PAGE_DELIVERED, ActKind.PAGE_FAILED)
# After a hand-off nothing is heard of the old shift's pages.
ANSWERS = (*HEARD, ActKind.PAGE_WITHDRAWN)
# Where the times of due work are, by its name as the relay's timers have it.
DUE = MappingProxyType(
    {
        "follow-ups": (FOLLOW_UPS, "escalate_time"),
        "person-queue": (PERSON_REQUESTS, "act_time"),
        "case-hand-offs": (CASES, "next_hand_off_time"),
        "plan-changes": (CHECKS, "plan_change_time"),
        "cover-checks": (CHECKS, "next_check_time"),
    }
)
CASE_FIELDS = (
    "state", "next_deadline_time", "owner_id", "update_time", "wait_start", "pages", "policy",
    "rung",
)  # fmt: skip


class MongoAuditBook:
    """Reads without making aggregates, and without anybody's chart."""

    def unresolved(self, reader: Reader) -> list[CaseRow]:
        """The tenant's unresolved cases."""
        return [
            _case_row(each) for each in reader.find(CASES, {"is_open": True}, fields=CASE_FIELDS)
        ]

    def overdue(self, reader: Reader, *, before: datetime) -> list[DueRow]:
        """What has been due since before then, of every kind but the deadlines of cases."""
        return [
            DueRow(work, each["_id"], each[field])
            for work, (collection, field) in DUE.items()
            for each in reader.find(
                collection,
                {field: {"$type": "date", "$lt": before}},
                sort=[(field, 1)],
                limit=MOST_DUE,
                fields=(field,),
            )
        ]

    def is_due(self, reader: Reader, work: str, id: str) -> bool:
        """True while the time of this work has come and nobody has done it."""
        collection, field = DUE[work]
        due = {"_id": id, field: {"$type": "date", "$lte": reader.now}}
        return reader.find_one(collection, due, fields=(field,)) is not None

    def pages(self, reader: Reader, *, since: datetime) -> list[PageRow]:
        """Pages asked for since then."""
        asked = {"kind": ActKind.PAGED.value, "act_time": {"$gte": since}}
        fields = ("page_id", "case_id", "act_time")
        found = reader.find(ACTS, asked, sort=[("act_time", 1)], limit=MOST_PAGES, fields=fields)
        return [PageRow(each["page_id"], each["case_id"], each["act_time"]) for each in found]

    def answers(self, reader: Reader, page_ids: Sequence[str]) -> Mapping[str, frozenset[ActKind]]:
        """What was heard of these pages; nothing of a page that is not in it."""
        heard: dict[str, set[ActKind]] = {}
        if page_ids:
            asked = {"page_id": {"$in": list(page_ids)}, "kind": {"$in": [*ANSWERS]}}
            for each in reader.find(ACTS, asked, fields=("page_id", "kind")):
                heard.setdefault(each["page_id"], set()).add(ActKind(each["kind"]))
        return {page_id: frozenset(kinds) for page_id, kinds in heard.items()}

    def last_heard(self, reader: Reader, recipient_id: str) -> ActKind | None:
        """What was heard last of any page for this recipient; None where nothing ever was."""
        newest = [("act_time", -1)]
        found = [
            act
            for kind in HEARD  # one look each: each kind has an index of its own
            for act in reader.find(
                ACTS,
                {"recipient_id": recipient_id, "kind": kind.value},
                sort=newest,
                limit=1,
                fields=("kind", "act_time"),
            )
        ]
        last = max(found, key=lambda act: act["act_time"], default=None)
        return ActKind(last["kind"]) if last else None

    def has_case(self, reader: Reader, case_id: str) -> bool:
        """True for the id of a case of the tenant."""
        return reader.find_one(CASES, {"_id": case_id}, fields=("state",)) is not None

    def has_signal(self, reader: Reader, fact_id: str) -> bool:
        """True where a case was opened, or joined, for this fact."""
        asked = {"fact_id": fact_id, "is_signal": True}
        return reader.find_one(ACTS, asked, fields=("kind",)) is not None

    def has_effect(self, reader: Reader, parked: ParkedEvent) -> bool:
        """True where the event has had its effect by another way.

        Crisis' own effects are in its inbox; what others took of its events, in its outbox.
        """
        if parked.consumer == reader.call.actor.subject.removeprefix("service:"):
            key = {"_id": f"{parked.queue}/{parked.event_id}"}
            return reader.find_one(INBOX, key, fields=("event_id",)) is not None
        row = reader.find_one(OUTBOX, {"_id": parked.event_id}, fields=("awaiting",))
        return row is not None and parked.consumer not in row["awaiting"]

    def restore_deadline(self, tx: Tx, case_id: str, *, furthest: datetime, detail: str) -> bool:
        """Let an unresolved case act now; True where this transaction changed it.

        Not where it has a deadline up to `furthest` and, if somebody has it, an owner.
        """
        fields = ("state", "next_deadline_time", "owner_id", "act_count", "rung", "cycle")
        row = tx.find_one(CASES, {"_id": case_id, "is_open": True}, fields=fields)
        if row is None or not _is_stuck(row, tx.now, furthest):
            return False
        place = {"_id": case_id, "version": row["version"]}
        sequence = int(row.get("act_count", 0)) + 1
        change = {"next_deadline_time": tx.now, "act_count": sequence}
        if tx.update_one(CASES, place, {"$set": change}) != 1:
            return False
        act = Act(
            ActKind.REPAIRED, tx.now, SYSTEM, row.get("rung", 0), row.get("cycle", 0), detail=detail
        )
        tx.insert(ACTS, documents.act_document(case_id, sequence, act))
        tx.touch("", case_id)
        return True


class OutboxEvents:
    """Crisis' own outbox: what is not published, and what some consumer has not taken."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def waiting(self) -> list[EventRow]:
        """The oldest of them, and some of the newest."""
        rows: list[OutboxRow] = [
            *self._store.pending(MessageClass.CRISIS, MOST_EVENTS),
            *self._store.awaiting_receipts(MOST_EVENTS),
        ]
        return [EventRow(row.event_id, row.create_time) for row in rows]


def _case_row(document: Document) -> CaseRow:
    policy = document.get("policy") or {}
    rungs = policy.get("rungs") or []
    return CaseRow(
        id=document["_id"],
        state=str(document.get("state", "")),
        next_deadline=documents.time_in(document, "next_deadline_time"),
        owner_id=str(document.get("owner_id") or ""),
        update_time=document["update_time"],
        wait_start=documents.time_in(document, "wait_start"),
        pages=frozenset(str(page["page_id"]) for page in document.get("pages") or []),
        is_at_last=int(document.get("rung", 0)) >= len(rungs) - 1 and _ends_at_supervisors(rungs),
        longest_wait=timedelta(seconds=max(_seconds(policy), default=0.0)),
    )


def _ends_at_supervisors(rungs: Sequence[Mapping[str, Any]]) -> bool:
    """False for ladders that earlier releases froze: theirs has one rung more once it is read."""
    last = rungs[-1].get("targets") or [] if rungs else []
    return any(target.get("kind") == TargetKind.SUPERVISOR_POOL for target in last)


def _is_stuck(row: Document, now: datetime, furthest: datetime) -> bool:
    """A deadline that has come is left alone: moved to now again and again, it would never act."""
    deadline = documents.time_in(row, "next_deadline_time")
    is_abandoned = row.get("state") == State.ACKNOWLEDGED.value and not row.get("owner_id")
    return deadline is None or deadline > furthest or (is_abandoned and deadline > now)


def _seconds(policy: Mapping[str, Any]) -> Iterator[float]:
    """Every length of time in a frozen policy and its rungs."""
    for part in (policy, *(policy.get("rungs") or [])):
        for name, value in part.items():
            if name.endswith("_seconds") and isinstance(value, int | float):
                yield float(value)
