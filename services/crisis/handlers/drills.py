"""Self-drills: a call for help on the real way, answered by nobody but this runner.

Sessions is asked, by an event, to raise the signal as it raises a patient's, and all goes on as
always: this process delivers nothing itself, so sessions, the relays, the bus, crisis, notify and a
provider must do their part, and tell crisis, before a step counts. Every drill ends within its
time, and its case with it: what is stored says where it stands, so another runner goes on where one
died.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram

from chassis.call import Actor, Call, Role, system_call
from chassis.deadline import Deadline
from chassis.errors import AlreadyExists
from chassis.ids import new_id
from chassis.store import Reader, Store, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.commands import AcknowledgeCase, RecordContact, ResolveCase
from services.crisis.domain.drill import (
    CONTACT_METHOD,
    DISPOSITION,
    REVIEWER,
    Drill,
    DrillState,
    Step,
)
from services.crisis.domain.record import State
from services.crisis.domain.signal import Signal
from services.crisis.domain.timeline import Act, ActKind
from services.crisis.ports import CaseBook, PolicyOf
from services.crisis.ports.audits import DrillBook

T = TypeVar("T")
WATCH_SECONDS = 0.5  # while a drill runs; no step is measured finer than that
ACT_SECONDS = 10.0
ACTS = 50  # a drill's case has about ten
CLOSING_STEPS = 6  # three, and room for a case that lapses in between

drill_seconds = Histogram(
    "haven_crisis_drill_seconds",
    "From a drill's signal to each step of help.",
    ["step"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300),
)
drills_started = Counter("haven_crisis_drills_started", "Drills begun.")
drill_failures = Counter("haven_crisis_drill_failures", "Drills to which no help came in time.")
last_success = Gauge(
    "haven_crisis_drill_last_success_timestamp_seconds",
    "When the last drill in time ended, of the tenant that waits longest; 0 = never, or standby.",
)
for _step in Step:
    drill_seconds.labels(_step)


@dataclass(frozen=True)
class CaseVerbs:
    """What may be done to a case, as everybody else does it."""

    take: Callable[[Call, Signal], Case]
    acknowledge: Callable[[Call, AcknowledgeCase], Case]
    record_contact: Callable[[Call, RecordContact], Case]
    resolve: Callable[[Call, ResolveCase], Case]


class Drills:
    """Moves one tenant's drill on. For one thread."""

    def __init__(
        self,
        store: Store,
        *,
        drills: DrillBook,
        cases: CaseBook,
        verbs: CaseVerbs,
        policy_of: PolicyOf,
    ) -> None:
        self._store = store
        self._drills, self._cases, self._verbs = drills, cases, verbs
        self._policy_of = policy_of
        self._successes: dict[str, float] = {}

    def advance(self, tenant_id: str) -> float:
        """Do what can be done now; seconds until it is worth looking again."""
        if tenant_id not in self._successes:  # a new runner does not begin with an alarm
            self._note_success(tenant_id, self._read(tenant_id, self._drills.last_success))
        drill = self._read(tenant_id, self._drills.running)
        if drill is None:
            wait = self._until_next(tenant_id)
            if wait > 0:
                return WATCH_SECONDS if self._forget(tenant_id) else wait
            if (drill := self._start(tenant_id)) is None:
                return WATCH_SECONDS
        if not drill.case_id:
            drill = self._listen(tenant_id, drill)
        if drill.case_id:
            self._follow(tenant_id, drill)
        return WATCH_SECONDS

    def _until_next(self, tenant_id: str) -> float:
        newest = self._read(tenant_id, self._drills.newest)
        if newest is None:
            return 0.0
        period = timedelta(seconds=self._policy_of(tenant_id).drill_period_seconds)
        return (newest.start_time + period - self._store.now()).total_seconds()

    def _forget(self, tenant_id: str) -> bool:
        """Remove a piece of the oldest drill that has been kept for long enough; False without one.

        Between two drills only: nothing stands before a call for help.
        """
        before = self._store.now() - self._policy_of(tenant_id).drill_kept
        drill = self._read(tenant_id, lambda reader: self._drills.forgettable(reader, before))
        if drill is None:
            return False
        call = self._call(tenant_id, "drill.forget")
        self._store.transact(call, lambda tx: self._drills.forget(tx, drill))
        return True

    def _start(self, tenant_id: str) -> Drill | None:
        """A new drill, before anything of it happens; None where another runner was faster."""
        late = timedelta(seconds=self._policy_of(tenant_id).drill_late_seconds)

        def change(tx: Tx) -> Drill:
            return self._drills.insert(tx, Drill.start(new_id(), tx.now, tx.now + late))

        try:
            drill = self._store.transact(self._call(tenant_id, "drill.start"), change)
        except AlreadyExists:
            return None
        drills_started.inc()
        return drill

    def _listen(self, tenant_id: str, drill: Drill) -> Drill:
        """The drill with its case, once the signal has come.

        Where it did not come in time the fact is taken here: a signal that is still on its way
        finds a case that is closed, and opens none after the drill's end.
        """
        case = self._read(tenant_id, lambda reader: self._cases.by_fact(reader, drill.id))
        if case is None:
            drill = self._expired(tenant_id, drill)
            if drill.state is not DrillState.LATE:
                return drill
            case = self._verbs.take(self._call(tenant_id, "drill.signal"), drill.signal())
        drill.open(case.id)
        return self._save(tenant_id, drill)

    def _expired(self, tenant_id: str, drill: Drill) -> Drill:
        """The drill; late, and counted once, where its time is over."""
        if drill.expire(self._store.now()):
            drill = self._save(tenant_id, drill)
            drill_failures.inc()
        return drill

    def _follow(self, tenant_id: str, drill: Drill) -> None:
        acts = self._read(
            tenant_id, lambda reader: self._cases.newest_acts(reader, drill.case_id, ACTS)
        )
        handed_over = next((act for act in acts if act.kind is ActKind.PAGE_DELIVERED), None)
        if handed_over is None:
            drill = self._expired(tenant_id, drill)
        if handed_over is not None or drill.state is DrillState.LATE:
            heard = next((act for act in acts if act.fact_id == drill.id), None)
            self._end(tenant_id, drill, heard, handed_over)

    def _end(
        self, tenant_id: str, drill: Drill, heard: Act | None, handed_over: Act | None
    ) -> None:
        was_late = drill.state is DrillState.LATE
        responder = handed_over.recipient_id if handed_over else ""
        case = self._close(tenant_id, drill.case_id, responder or self._supervisor(tenant_id))
        if case.is_open:
            return  # others act on it as well; no drill ends before its case does
        reached = _reached(case, heard, handed_over)
        drill.end(reached, self._store.now())
        drill = self._save(tenant_id, drill)
        if drill.state is DrillState.PASSED:
            self._note_success(tenant_id, drill.end_time)
            for step, time in reached.items():
                drill_seconds.labels(step).observe((time - drill.start_time).total_seconds())
        elif not was_late:
            drill_failures.inc()

    def _close(self, tenant_id: str, case_id: str, responder_id: str) -> Case:
        """Acknowledge, contact, resolve: whichever of them the case still needs."""
        responder = self._person(tenant_id, responder_id, Role.CLINICIAN)
        reviewer = self._person(tenant_id, REVIEWER, Role.SUPERVISOR)
        case = self._read(tenant_id, lambda reader: self._cases.load(reader, case_id))
        for _ in range(CLOSING_STEPS):
            if case.state is State.OPEN:
                case = self._verbs.acknowledge(responder, AcknowledgeCase(case_id))
            elif case.state is State.ACKNOWLEDGED:
                contact = RecordContact(case_id, CONTACT_METHOD)
                case = self._verbs.record_contact(responder, contact)
            elif case.state is State.CONTACTED:
                case = self._verbs.resolve(reviewer, ResolveCase(case_id, DISPOSITION))
        return case

    def _note_success(self, tenant_id: str, time: datetime | None) -> None:
        self._successes[tenant_id] = time.timestamp() if time else 0.0
        last_success.set(min(self._successes.values()))

    def _save(self, tenant_id: str, drill: Drill) -> Drill:
        call = self._call(tenant_id, "drill.advance")
        return self._store.transact(call, lambda tx: self._drills.save(tx, drill))

    def _supervisor(self, tenant_id: str) -> str:
        return self._policy_of(tenant_id).supervisor_id

    def _read(self, tenant_id: str, look: Callable[[Reader], T]) -> T:
        return self._store.read(self._call(tenant_id, ""), look)

    def _call(self, tenant_id: str, action: str) -> Call:
        return system_call(tenant_id, service=self._store.service, action=action)

    def _person(self, tenant_id: str, subject: str, role: Role) -> Call:
        actor = Actor(subject, frozenset({role}))
        return Call(tenant_id, actor, "drill.act", None, Deadline.after(ACT_SECONDS))


def _reached(case: Case, heard: Act | None, handed_over: Act | None) -> Mapping[Step, datetime]:
    times = {
        Step.HEARD: heard.time if heard else None,
        Step.DELIVERED: handed_over.time if handed_over else None,
        Step.ACKNOWLEDGED: case.responders.acknowledge_time,
        Step.CONTACTED: case.contact_time,
        Step.RESOLVED: case.resolve_time,
    }
    return {step: time for step, time in times.items() if time is not None}
