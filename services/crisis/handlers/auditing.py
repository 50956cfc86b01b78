"""One look at a tenant's stored state, and the repairs that are safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge

from chassis.call import Call, system_call
from chassis.ids import derived_id
from chassis.store import Reader, Store, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.escalation import LONGEST_WAIT
from services.crisis.domain.findings import (
    DEADLINE_SLACK,
    PAGE_HORIZON,
    Finding,
    FindingKind,
    ParkedEvent,
    Repair,
    cover_findings,
    dead_letter_finding,
    deadline_finding,
    event_findings,
    page_findings,
    work_findings,
)
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.ports import Plans, PolicyOf
from services.crisis.ports.audits import AuditBook, WaitingEvents

repairs = Counter(
    "haven_crisis_audit_repairs", "What the auditor put right, each counted once.", ["kind"]
)
findings = Gauge(
    "haven_crisis_audit_findings",
    "What was wrong at the last look; from the auditor that looks, 0 from those that stand by.",
    ["kind"],
)
for _kind in FindingKind:
    repairs.labels(_kind)
    findings.labels(_kind)


@dataclass(frozen=True, slots=True)
class Mends:
    """What may be done to a case, as its own timers and signals do it."""

    rescue: Callable[[Call, str, frozenset[str]], bool]
    take: Callable[[Call, Signal], Case]
    # What is done when its time comes, by the kind of due work.
    acts: Mapping[str, Callable[[Call, str], None]]


@dataclass(frozen=True, slots=True)
class Examined:
    """A tenant as it was found."""

    findings: Sequence[Finding]
    # Since when the case that nobody has had for longest waits; None where each has somebody.
    waiting_since: datetime | None


class Auditing:
    """Finds and repairs. Every repair is a compare-and-set or a unique fact: safe to repeat."""

    def __init__(
        self,
        store: Store,
        *,
        book: AuditBook,
        plans: Plans,
        events: WaitingEvents,
        mends: Mends,
        policy_of: PolicyOf,
    ) -> None:
        self._store = store
        self._book, self._plans, self._events = book, plans, events
        self._mends = mends
        self._policy_of = policy_of

    def examine(self, tenant_id: str) -> Examined:
        """What is wrong with the tenant's cases, pages and cover. Nobody's chart is read."""
        return self._store.read(self._call(tenant_id, ""), self._examined)

    def waiting_events(self) -> list[Finding]:
        """Crisis-class events of any tenant that are not where they must be."""
        return event_findings(self._events.waiting(), now=self._store.now())

    def dead_letter(self, parked: ParkedEvent) -> Finding | None:
        """What a parked event means; None where it has had its effect by another way."""

        def look(reader: Reader) -> Finding | None:
            if self._book.has_effect(reader, parked):
                return None
            has_case = self._book.has_case(reader, parked.aggregate_id)
            finding = dead_letter_finding(parked, has_case=has_case, now=reader.now)
            # Its case exists since an earlier look; or a late drill speaks for itself.
            is_enough = self._policy_of(parked.tenant_id).is_drill or self._book.has_signal(
                reader, _fact_of(parked.tenant_id, parked.event_id)
            )
            return replace(finding, repair=Repair.NONE) if is_enough else finding

        return self._store.read(self._call(parked.tenant_id, ""), look)

    def repair(self, tenant_id: str, finding: Finding) -> bool:
        """Put it right; True where this call did, and nobody was faster."""
        call = self._call(tenant_id, f"audit.{finding.repair}")
        done = self._put_right(call, finding)
        if done:
            repairs.labels(finding.kind).inc()
        return done

    def _put_right(self, call: Call, finding: Finding) -> bool:
        match finding.repair:
            case Repair.RESTORE:
                return self._restore(call, finding)
            case Repair.CLIMB:
                return self._mends.rescue(call, finding.subject_id, finding.unheard)
            case Repair.ACT:
                return self._act(call, finding)
            case Repair.OPEN:
                return self._open(call, finding)
            case Repair.NONE:
                return False

    def _examined(self, reader: Reader) -> Examined:
        policy, now = self._policy_of(reader.call.tenant_id), reader.now
        rows = self._book.unresolved(reader)
        late = timedelta(seconds=policy.deadline_late_seconds)
        found = [deadline_finding(row, now=now, late=late) for row in rows]
        pages = self._book.pages(reader, since=now - PAGE_HORIZON) if rows else []
        answers = self._book.answers(reader, [page.page_id for page in pages])
        page_late = timedelta(seconds=policy.page_late_seconds)
        findings = [
            *(each for each in found if each is not None),
            *page_findings(rows, pages, answers, now=now, late=page_late),
            *work_findings(self._book.overdue(reader, before=now - late), now=now),
        ]
        if policy.is_drill:  # nobody waits there, and a late drill speaks for itself
            return Examined(findings, None)
        waits = [row.wait_start for row in rows if row.state == State.OPEN and row.wait_start]
        cover = self._cover(reader, policy)
        return Examined([*findings, *cover], min(waits, default=None))

    def _cover(self, reader: Reader, policy: CrisisPolicy) -> list[Finding]:
        plan = self._plans.plan(reader, is_next_called=policy.is_next_in_turn_called)
        return cover_findings(
            plan,
            supervisors=plan.reach.presence(policy.supervisor_id),
            heard=self._book.last_heard(reader, policy.supervisor_id),
            now=reader.now,
        )

    def _restore(self, call: Call, finding: Finding) -> bool:
        def change(tx: Tx) -> bool:
            return self._book.restore_deadline(
                tx,
                finding.subject_id,
                furthest=tx.now + LONGEST_WAIT + DEADLINE_SLACK,
                detail=finding.kind,
            )

        return self._store.transact(call, change)

    def _act(self, call: Call, finding: Finding) -> bool:
        def is_due() -> bool:
            look = self._call(call.tenant_id, "")
            work, id = finding.work, finding.subject_id
            return self._store.read(look, lambda reader: self._book.is_due(reader, work, id))

        if not is_due():
            return False
        self._mends.acts[finding.work](call, finding.subject_id)
        return not is_due()

    def _open(self, call: Call, finding: Finding) -> bool:
        """A case of its own for whoever it may be: what is unknown counts as the worst."""
        signal = Signal(
            fact_id=_fact_of(call.tenant_id, finding.subject_id),
            patient_id="",
            source=Source.DEAD_LETTER,
            severity=Severity.HIGH,
            reporter_id=call.actor.subject,
        )
        return bool(self._mends.take(call, signal).timeline.latest)

    def _call(self, tenant_id: str, action: str) -> Call:
        return system_call(tenant_id, service=self._store.service, action=action)


def _fact_of(tenant_id: str, event_id: str) -> str:
    """One case for each lost event, however often it is seen."""
    return derived_id(tenant_id, "dead-letter", event_id)
