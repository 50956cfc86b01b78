"""Crisis over a store in memory: what a process does, without servers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Actor, Call, EventOnce, RequestOnce, Role, system_call
from chassis.clock import FixedClock
from chassis.deadline import Deadline
from chassis.errors import FailedPrecondition, Unavailable
from chassis.ids import new_id
from services.crisis.bootstrap import bootstrap
from services.crisis.codec.aftercare_documents import follow_up_from
from services.crisis.domain.aftercare_commands import (
    CompleteFollowUp,
    NumberEntry,
    PutLocalNumbers,
)
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    AcknowledgeCase,
    OptOutOfCalls,
    PutEscalationPolicy,
    PutRotation,
    RecordContact,
    ResolveCase,
)
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung
from services.crisis.domain.follow_up import FollowUp, Kind, Outcome
from services.crisis.domain.jurisdiction import NumberKind
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.signal import Severity
from services.crisis.store import INDEXES
from services.crisis.timers import due_work
from tests.fakes.memory_store import MemoryStore
from tests.unit.crisis.builders import NOON, after, rotation_target, rung

TENANT = "river"
# A ciphertext whose key cannot be reached.
KEY_AWAY = b"a key that is away"
RUNGS = (
    rung(rotation_target("on-call")),
    rung(rotation_target("back-up")),
    rung(SUPERVISOR_POOL),
)


class House:
    """One deployment of crisis, its clock in the test's hand."""

    def __init__(self, **numbers: Any) -> None:
        self.clock = FixedClock(NOON)
        self.store = MemoryStore(service="crisis", clock=self.clock, indexes=INDEXES)
        self.numbers = CrisisPolicy(**numbers)
        self.told_reach = 0
        self.crisis = bootstrap(
            store=self.store,
            policy_of=lambda _: self.numbers,
            reveal=_reveal,
            seal=lambda tenant_id, text: sealed(text, tenant_id),
        )

    def staffed(self) -> House:
        """The same house with people on call who can be reached, and a ladder for each severity."""
        self.reaches("dr-one", "dr-two", "supervisor-pool")
        for name, clinician_id in (("on-call", "dr-one"), ("back-up", "dr-two")):
            self.put_rotation(name, clinician_id)
        for severity in Severity:
            self.put_policy(severity, RUNGS)
        self.do_what_is_due()  # the plans have changed
        return self

    def reaches(self, *recipient_ids: str, unproved: tuple[str, ...] = (), **parts: Any) -> None:
        """Notify tells whom a page can reach: these, and some whose address nobody has proved."""
        self.told_reach += 1
        event = notify_pb2.StaffReachChanged(
            recipient_ids=[*recipient_ids, *unproved], proved_recipient_ids=recipient_ids
        )
        self.hear(event, **{"version": self.told_reach, **parts})

    def put_policy(self, severity: Severity, rungs: tuple[Rung, ...], etag: str = "") -> Any:
        """A ladder."""
        command = PutEscalationPolicy(severity, rungs, None, etag)
        return self.crisis.planning.put_policy(self.call("boss", Role.ADMINISTRATOR), command)

    def put_rotation(self, name: str, *clinician_ids: str, etag: str = "", **changes: Any) -> Any:
        """Who takes turns, a week each."""
        command = PutRotation(name, "America/New_York", after(days=-1), 7, clinician_ids, (), etag)
        command = replace(command, **changes)
        return self.crisis.planning.put_rotation(self.call("boss", Role.ADMINISTRATOR), command)

    def call(
        self, subject: str, *roles: Role, tenant_id: str = TENANT, request_id: str = ""
    ) -> Call:
        """A person's call; with a request id it is a mutation that may be repeated."""
        once = None
        if request_id:
            once = RequestOnce(request_id, "test", b"same body", lambda _: b"answer")
        actor = Actor(subject, frozenset(roles or (Role.CLINICIAN,)))
        return Call(tenant_id, actor, "test.act", once, Deadline.after(60))

    def hear(
        self, event: Any, *, event_id: str = "", version: int = 1, tenant_id: str = TENANT
    ) -> None:
        """An event arrives, by whichever way."""
        once = EventOnce(f"crisis.{type(event).__name__}", event_id or new_id(), version, NOON)
        actor = Actor("service:peer", frozenset({Role.WORKLOAD}))
        call = Call(tenant_id, actor, "event.test", once, Deadline.after(60))
        self.crisis.consumers[type(event)](call, event)

    def risk(
        self,
        patient_id: str = "p-1",
        tier: intake_pb2.RiskTier.ValueType = intake_pb2.RISK_TIER_HIGH,
        **parts: Any,
    ) -> str:
        """Intake found risk in answers; the risk's id."""
        risk_id = parts.pop("risk_id", new_id())
        self.hear(intake_pb2.RiskRaised(risk_id=risk_id, patient_id=patient_id, tier=tier), **parts)
        return str(risk_id)

    def signal(self, patient_id: str = "p-1", *, location_id: str = "", **parts: Any) -> str:
        """A patient pressed the button; the signal's id."""
        id = parts.pop("safety_signal_id", new_id())
        event = sessions_pb2.SafetySignalRaised(
            safety_signal_id=id, patient_id=patient_id, location_id=location_id
        )
        self.hear(event, **parts)
        return str(id)

    def page_failed(self, page: events_pb2.PageRequested) -> None:
        """Notify gave a page up."""
        self.hear(
            notify_pb2.MessageFailed(
                message_id=new_id(),
                page_id=page.page_id,
                recipient_id=page.recipient_id,
                reason="CONTACT_POINT_MISSING",
            )
        )

    def page_delivered(self, page: events_pb2.PageRequested) -> None:
        """A provider took a page."""
        self.hear(
            notify_pb2.MessageDelivered(
                message_id=new_id(), page_id=page.page_id, recipient_id=page.recipient_id
            )
        )

    def time_passes(self, **parts: float) -> None:
        """The clock moves on; whatever is due then is handled once."""
        self.clock.advance(after(**parts) - NOON)
        self.do_what_is_due()

    def do_what_is_due(self) -> None:
        """One look of each of the relay's timers."""
        for work in due_work(self.crisis):
            for tenant_id, id in self.store.due(work.collection, work.field, limit=100):
                action = f"timer.{work.name}"
                work.handle(system_call(tenant_id, service="crisis", action=action), id)

    def opt_out(
        self,
        clinician_id: str,
        start: datetime,
        end: datetime,
        substitute_id: str = "",
        **parts: Any,
    ) -> Any:
        """A clinician says: not me."""
        command = OptOutOfCalls(clinician_id, start, end, substitute_id, **parts)
        return self.crisis.on_call.opt_out(self.call(clinician_id), command)

    def acknowledge(self, case_id: str, by: str = "dr-one", **parts: Any) -> Case:
        """Somebody takes the case."""
        return self.crisis.cases.acknowledge(self.call(by, **parts), AcknowledgeCase(case_id))

    def contact(self, case_id: str, by: str = "dr-one") -> Case:
        """Somebody reaches the patient."""
        return self.crisis.cases.record_contact(self.call(by), RecordContact(case_id, "phone"))

    def resolve(self, case_id: str, by: str = "dr-two") -> Case:
        """Somebody ends the case."""
        command = ResolveCase(case_id, "mobile_crisis")
        return self.crisis.cases.resolve(self.call(by), command)

    def copies_location(self, patient_id: str, location_id: str = "l-1") -> None:
        """The patient said where they are."""
        event = sessions_pb2.LocationAttested(location_id=location_id, patient_id=patient_id)
        self.hear(event)

    def acts(self, case_id: str = "") -> list[dict[str, Any]]:
        """The timeline of one case, or of all."""
        acts = self.store.documents("case_acts")
        return [act for act in acts if case_id in {"", act["case_id"]}]

    def closed_case(self, patient_id: str = "p-1", *, tier: Any = intake_pb2.RISK_TIER_HIGH) -> str:
        """A case from its signal to its end, by Dr. One and then Dr. Two; its id."""
        self.risk(patient_id, tier)
        (case_id,) = [
            case["_id"]
            for case in self.cases
            if case["is_open"] and case["patient_id"] == patient_id
        ]
        self.acknowledge(case_id)
        self.contact(case_id)
        self.resolve(case_id)
        return str(case_id)

    def screening(
        self, patient_id: str, tier: Any, *, screening_id: str = "s-1", **parts: Any
    ) -> None:
        """A screening ended now."""
        event = intake_pb2.ScreeningCompleted(
            screening_id=screening_id, patient_id=patient_id, tier=tier
        )
        event.complete_time.FromDatetime(self.clock.now())
        self.hear(event, **parts)

    def put_numbers(
        self, state: str, kind: NumberKind, *, verified_on: date, area: str = "", etag: str = ""
    ) -> Any:
        """One local number, fictional."""
        entry = NumberEntry(kind, "a fictional agency", "+12025550100", verified_on)
        command = PutLocalNumbers(state, area, (entry,), etag)
        call = self.call("boss", Role.ADMINISTRATOR)
        return self.crisis.care.jurisdictions.put_numbers(call, command)

    def follow_ups(self, kind: Kind | None = None) -> list[FollowUp]:
        """Every follow-up as it is stored, the earliest due first."""
        found = [follow_up_from(each) for each in self.store.documents("follow_ups")]
        return sorted(
            (each for each in found if kind in {None, each.kind}), key=lambda each: each.due_time
        )

    def follow_up(self, kind: Kind) -> FollowUp:
        """The one follow-up of its kind."""
        (found,) = self.follow_ups(kind)
        return found

    def complete(
        self, follow_up: FollowUp, outcome: Outcome, by: str = "dr-one", *roles: Role
    ) -> FollowUp:
        """Somebody has done it."""
        command = CompleteFollowUp(follow_up.id, outcome)
        return self.crisis.care.follow_ups.complete(self.call(by, *roles), command)

    @property
    def pages(self) -> list[events_pb2.PageRequested]:
        """Every page that was published."""
        return self.store.emitted(events_pb2.PageRequested)

    @property
    def woken(self) -> list[str]:
        """Whom the pages were for, in order."""
        return [page.recipient_id for page in self.pages]

    @property
    def cases(self) -> list[dict[str, Any]]:
        """Every case as it is stored."""
        return self.store.documents("cases")

    def only_case(self) -> str:
        """The id of the one case there is."""
        (case,) = self.cases
        return str(case["_id"])

    def deadline(self, case_id: str) -> datetime | None:
        """When the case acts by itself next."""
        (found,) = [case for case in self.cases if case["_id"] == case_id]
        deadline: datetime | None = found["next_deadline_time"]
        return deadline


def _reveal(tenant_id: str, ciphertext: bytes) -> str:
    if ciphertext == KEY_AWAY:
        raise Unavailable("KEYS_UNAVAILABLE", "keys cannot be reached")
    prefix = f"{tenant_id}:".encode()
    if not ciphertext.startswith(prefix):
        raise FailedPrecondition("CIPHERTEXT_FOREIGN", "not a ciphertext of this tenant")
    return ciphertext.removeprefix(prefix).decode()


def sealed(text: str, tenant_id: str = TENANT) -> bytes:
    """What the tests' cipher makes of a text."""
    return f"{tenant_id}:{text}".encode()
