"""Crisis, put together: the one place that chooses implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from google.protobuf.message import Message

from chassis.call import Call
from chassis.inbound import Handler
from chassis.process import Process
from chassis.store import Store
from chassis.tenants import Tenants
from services.crisis.bootstrap.consumers import LiveRooms, consumers
from services.crisis.codec.jurisdiction_table import shipped_table
from services.crisis.domain.jurisdiction import Table
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.handlers.absences import Absences
from services.crisis.handlers.aftercare import AftercarePlanner
from services.crisis.handlers.answers import Answers
from services.crisis.handlers.auditing import Auditing, Mends
from services.crisis.handlers.cases import Cases
from services.crisis.handlers.copies import Records
from services.crisis.handlers.drills import CaseVerbs, Drills
from services.crisis.handlers.follow_ups import FollowUps
from services.crisis.handlers.hand_offs import HandOffs
from services.crisis.handlers.held_rooms import HeldRooms
from services.crisis.handlers.holds import Holds
from services.crisis.handlers.jurisdictions import Jurisdictions
from services.crisis.handlers.on_call import OnCall
from services.crisis.handlers.person_queue import PersonQueue
from services.crisis.handlers.plans import Planning
from services.crisis.handlers.reviewing import Review
from services.crisis.handlers.safety_plans import SafetyPlans
from services.crisis.ports import PolicyOf, Reveal
from services.crisis.ports.aftercare import Alarm, Seal
from services.crisis.queries import (
    BoardQueries,
    CaseQueries,
    OnCallQueries,
    PackQueries,
    PlanQueries,
)
from services.crisis.queries.duty import Duty
from services.crisis.queries.follow_ups import FollowUpQueries
from services.crisis.queries.person_queue import PersonQueueQueries
from services.crisis.queries.places import Places
from services.crisis.queries.safety_plans import SafetyPlanQueries
from services.crisis.store import (
    MongoAtlas,
    MongoCaseBook,
    MongoCopies,
    MongoDrillBook,
    MongoFollowUps,
    MongoPersonQueue,
    MongoPlans,
    MongoSafetyPlans,
)
from services.crisis.store.audits import MongoAuditBook, OutboxEvents
from services.crisis.store.board import MongoBoard
from services.crisis.store.held_rooms import MongoHeldRooms
from services.crisis.store.on_call import MongoOnCallBook

SERVICE = "crisis"


@dataclass(frozen=True)
class Care:
    """What crisis can do around a case: what follows it, plans, places, somebody to talk to."""

    follow_ups: FollowUps
    safety_plans: SafetyPlans
    jurisdictions: Jurisdictions
    person_queue: PersonQueue
    follow_up_queries: FollowUpQueries
    safety_plan_queries: SafetyPlanQueries
    person_queue_queries: PersonQueueQueries
    places: Places


@dataclass(frozen=True)
class Crisis:
    """All that crisis can do, by kind of use case."""

    cases: Cases
    planning: Planning
    on_call: OnCall
    hand_offs: HandOffs
    records: Records
    case_queries: CaseQueries
    pack_queries: PackQueries
    plan_queries: PlanQueries
    care: Care
    on_call_queries: OnCallQueries
    board_queries: BoardQueries
    consumers: Mapping[type[Message], Handler]


@dataclass(frozen=True)
class Audit:
    """All that the auditor can do."""

    auditing: Auditing
    drills: Drills


@dataclass(frozen=True)
class Parts:
    """What the use cases are made of."""

    store: Store
    policy_of: PolicyOf
    reveal: Reveal
    seal: Seal
    table: Table

    @cached_property
    def follow_ups(self) -> MongoFollowUps:
        """The shelf of what must follow."""
        return MongoFollowUps(self.store)

    @cached_property
    def aftercare(self) -> AftercarePlanner:
        """Puts there what a case, a screening or a plan makes necessary."""
        return AftercarePlanner(book=self.follow_ups, policy_of=self.policy_of)

    @cached_property
    def atlas(self) -> MongoAtlas:
        """The shelf of what the tenant itself knows of places."""
        return MongoAtlas(self.store)

    @cached_property
    def places(self) -> Places:
        """The same, joined with the shipped table."""
        return Places(self.store, atlas=self.atlas, table=self.table, policy_of=self.policy_of)

    @cached_property
    def safety_plans(self) -> MongoSafetyPlans:
        """The shelf of safety plans."""
        return MongoSafetyPlans(self.store)


def bootstrap(
    *, store: Store, policy_of: PolicyOf, reveal: Reveal, seal: Seal, table: Table | None = None
) -> Crisis:
    """The use cases over a store; tests give their own parts by name."""
    parts = Parts(store, policy_of, reveal, seal, table or shipped_table())
    book, plans, copies = MongoCaseBook(store), MongoPlans(store), MongoCopies()
    book_of_calls = MongoOnCallBook(store)
    cases = Cases(
        store,
        book=book,
        plans=plans,
        copies=copies,
        aftercare=parts.aftercare,
        policy_of=policy_of,
    )
    records = Records(store, copies=copies, atlas=parts.atlas, aftercare=parts.aftercare)
    absences = Absences(store, cases=cases, copies=copies, aftercare=parts.aftercare)
    holds = Holds(store, aftercare=parts.aftercare)
    live = LiveRooms(absences, holds, _held_rooms(parts))
    answers = Answers(store, cases=cases, policy_of=policy_of)
    review = Review(book=book_of_calls, plans=plans, policy_of=policy_of)
    on_call = OnCall(store, book=book_of_calls, plans=plans, review=review)
    return Crisis(
        cases=cases,
        planning=Planning(store, plans=plans, policy_of=policy_of, review=review),
        on_call=on_call,
        hand_offs=HandOffs(store, cases=book, book=book_of_calls, plans=plans, policy_of=policy_of),
        records=records,
        case_queries=CaseQueries(store, book=book, copies=copies, policy_of=policy_of),
        pack_queries=_pack_queries(parts, book, copies),
        plan_queries=PlanQueries(store, plans=plans, policy_of=policy_of),
        on_call_queries=OnCallQueries(store, book=book_of_calls, plans=plans, policy_of=policy_of),
        board_queries=BoardQueries(store, board=MongoBoard()),
        consumers=consumers(cases, records, live, answers, on_call),
        care=_care(parts, copies, cases.take),
    )


def _held_rooms(parts: Parts) -> HeldRooms:
    store = parts.store
    on_duty = Duty(plans=MongoPlans(store), policy_of=parts.policy_of).now
    return HeldRooms(store, book=MongoHeldRooms(store), on_duty=on_duty)


def _pack_queries(parts: Parts, book: MongoCaseBook, copies: MongoCopies) -> PackQueries:
    return PackQueries(
        parts.store,
        book=book,
        copies=copies,
        plans=parts.safety_plans,
        places=parts.places,
        reveal=parts.reveal,
    )


def _care(parts: Parts, copies: MongoCopies, alarm: Alarm) -> Care:
    store, policy_of, plans = parts.store, parts.policy_of, parts.safety_plans
    queue = MongoPersonQueue(store)
    on_duty = Duty(plans=MongoPlans(store), policy_of=policy_of).now
    return Care(
        follow_ups=FollowUps(
            store,
            book=parts.follow_ups,
            aftercare=parts.aftercare,
            policy_of=policy_of,
            alarm=alarm,
        ),
        safety_plans=SafetyPlans(
            store,
            book=plans,
            aftercare=parts.aftercare,
            policy_of=policy_of,
            seal=parts.seal,
        ),
        jurisdictions=Jurisdictions(store, atlas=parts.atlas),
        person_queue=PersonQueue(
            store, book=queue, on_duty=on_duty, policy_of=policy_of, alarm=alarm
        ),
        follow_up_queries=FollowUpQueries(store, book=parts.follow_ups, copies=copies),
        safety_plan_queries=SafetyPlanQueries(
            store, book=plans, policy_of=policy_of, reveal=parts.reveal
        ),
        person_queue_queries=PersonQueueQueries(
            store, book=queue, on_duty=on_duty, policy_of=policy_of
        ),
        places=parts.places,
    )


def bootstrap_audit(crisis: Crisis, *, store: Store, policy_of: PolicyOf) -> Audit:
    """The auditor's use cases, which change cases by the same verbs as everybody."""
    cases = crisis.cases
    verbs = CaseVerbs(cases.take, cases.acknowledge, cases.record_contact, cases.resolve)
    return Audit(
        auditing=Auditing(
            store,
            book=MongoAuditBook(),
            plans=MongoPlans(store),
            events=OutboxEvents(store),
            mends=Mends(cases.rescue, cases.take, _acts(crisis)),
            policy_of=policy_of,
        ),
        drills=Drills(
            store,
            drills=MongoDrillBook(store),
            cases=MongoCaseBook(store),
            verbs=verbs,
            policy_of=policy_of,
        ),
    )


def _acts(crisis: Crisis) -> Mapping[str, Callable[[Call, str], None]]:
    """What the relay's timers do, but for the deadlines of cases."""
    return {
        "follow-ups": crisis.care.follow_ups.escalate,
        "person-queue": crisis.care.person_queue.act,
        "case-hand-offs": crisis.hand_offs.hand_off,
        "plan-changes": crisis.hand_offs.after_change,
        "cover-checks": crisis.on_call.check,
    }


def audit_of_process(process: Process) -> Audit:
    """The auditor's use cases as its process runs them."""
    policy_of = _policy_of(process.tenants)
    return bootstrap_audit(of_process(process), store=process.store, policy_of=policy_of)


def drill_periods(tenants: Tenants) -> dict[str, float]:
    """The tenants in which nobody is treated, and the seconds between two drills of each."""
    policies = {each: _policy_of(tenants)(each) for each in tenants.ids}
    return {id: each.drill_period_seconds for id, each in policies.items() if each.is_drill}


def of_process(process: Process) -> Crisis:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    process.tenants.check(SERVICE, CrisisPolicy)
    return bootstrap(
        store=process.store,
        policy_of=_policy_of(process.tenants),
        reveal=process.cipher.reveal,
        seal=process.cipher.encrypt,
    )


def _policy_of(tenants: Tenants) -> PolicyOf:
    return lambda tenant_id: tenants.policy(tenant_id, SERVICE, CrisisPolicy)
