"""Crisis, put together: the one place that chooses implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Call
from chassis.inbound import Handler
from chassis.process import Process
from chassis.store import Store
from chassis.tenants import Tenants
from services.crisis.codec import messages
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.handlers.answers import Answers
from services.crisis.handlers.cases import Cases
from services.crisis.handlers.copies import Records
from services.crisis.handlers.plans import Planning
from services.crisis.ports import PolicyOf, Reveal
from services.crisis.queries import CaseQueries, PackQueries, PlanQueries
from services.crisis.store import MongoCaseBook, MongoCopies, MongoPlans

SERVICE = "crisis"


@dataclass(frozen=True)
class Crisis:
    """All that crisis can do, by kind of use case."""

    cases: Cases
    planning: Planning
    records: Records
    case_queries: CaseQueries
    pack_queries: PackQueries
    plan_queries: PlanQueries
    consumers: Mapping[type[Message], Handler]


def bootstrap(*, store: Store, policy_of: PolicyOf, reveal: Reveal) -> Crisis:
    """The use cases over a store; tests give their own parts by name."""
    book, plans, copies = MongoCaseBook(store), MongoPlans(store), MongoCopies()
    cases = Cases(store, book=book, plans=plans, copies=copies, policy_of=policy_of)
    records = Records(store, copies=copies)
    return Crisis(
        cases=cases,
        planning=Planning(store, plans=plans, policy_of=policy_of),
        records=records,
        case_queries=CaseQueries(store, book=book, copies=copies, policy_of=policy_of),
        pack_queries=PackQueries(store, book=book, copies=copies, reveal=reveal),
        plan_queries=PlanQueries(store, plans=plans),
        consumers=_consumers(cases, records, Answers(store, cases=cases)),
    )


def of_process(process: Process) -> Crisis:
    """The use cases as a process runs them; every tenant's numbers are checked first."""
    process.tenants.check(SERVICE, CrisisPolicy)
    return bootstrap(
        store=process.store,
        policy_of=_policy_of(process.tenants),
        reveal=process.cipher.reveal,
    )


def _policy_of(tenants: Tenants) -> PolicyOf:
    return lambda tenant_id: tenants.policy(tenant_id, SERVICE, CrisisPolicy)


def _consumers(cases: Cases, records: Records, answers: Answers) -> Mapping[type[Message], Handler]:
    return {
        intake_pb2.RiskRaised: _by(messages.signal_of_risk, cases.take),
        intake_pb2.ScreeningCompleted: _by(messages.screening, records.keep_screening),
        intake_pb2.EmergencyContactRecorded: _by(messages.emergency_contact, records.keep_contact),
        sessions_pb2.SafetySignalRaised: _by(messages.signal_of_safety, cases.take),
        sessions_pb2.LocationAttested: _by(messages.location, records.keep_location),
        notify_pb2.MessageDelivered: _by(messages.page_delivered, cases.page_delivered),
        notify_pb2.MessageFailed: _by(messages.page_failed, cases.page_failed),
        notify_pb2.PageAnswered: _by(messages.page_answered, answers.hear),
    }


def _by(read: Callable[[Any], Any], handle: Callable[[Call, Any], Any]) -> Handler:
    def consume(call: Call, event: Any) -> None:
        handle(call, read(event))

    return consume
