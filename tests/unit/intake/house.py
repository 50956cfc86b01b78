"""Intake over a store in memory, called as clients call it: message in, message out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.auth.policies import MethodPolicies
from chassis.call import Actor, Call, EventOnce, Role, system_call
from chassis.clock import FixedClock
from chassis.deadline import Deadline
from chassis.errors import HavenError
from chassis.ids import new_id
from chassis.rpc.bridge import Bridge
from chassis.rpc.executor import BoundedExecutor, Urgency
from chassis.rpc.frame import Frame, enter
from chassis.store import Store
from services.intake.bootstrap import bootstrap
from services.intake.domain.instruments.cssrs import CSSRS
from services.intake.domain.policy import IntakePolicy
from services.intake.rpc import SERVICE, IntakeServicer
from services.intake.store import INDEXES
from services.intake.timers import due_work
from tests.fakes.memory_store import MemoryStore
from tests.unit.intake.builders import NOON

M = TypeVar("M", bound=Message)
R = TypeVar("R")
POLICIES = {each.name: each for each in MethodPolicies.from_services([SERVICE])}
TENANT, OTHER_TENANT = "river", "lake"


@dataclass(frozen=True)
class Person:
    """A caller."""

    subject: str
    roles: frozenset[Role]
    tenant_id: str = TENANT

    def elsewhere(self) -> Person:
        """The same person as a caller of the other tenant."""
        return replace(self, tenant_id=OTHER_TENANT)


def a_person(subject: str, *roles: Role) -> Person:
    """A caller with these roles."""
    return Person(subject, frozenset(roles))


PARTNER = a_person("partner-app", Role.PARTNER)
COORDINATOR = a_person("coordinator-kim", Role.COORDINATOR)
CLINICIAN = a_person("dr-lee", Role.CLINICIAN)
SUPERVISOR = a_person("dr-may", Role.SUPERVISOR)


class MirrorCipher:
    """Nothing to break, but no plain text is left in what it gives, and tenants are kept apart."""

    def encrypt(self, tenant_id: str, text: str) -> bytes:
        return f"{tenant_id}|".encode() + text.encode().hex().encode()[::-1]

    def reveal(self, tenant_id: str, ciphertext: bytes) -> str:
        tenant, _, body = ciphertext.partition(b"|")
        assert tenant.decode() == tenant_id
        return bytes.fromhex(body[::-1].decode()).decode()


class OnTheSpot(BoundedExecutor):
    """Runs a call where it is asked for: each of a test's threads has a loop of its own."""

    async def run(self, fn: Callable[..., R], *args: Any, urgency: Urgency = Urgency.ORDINARY) -> R:
        del urgency
        return fn(*args)


class House:
    """One deployment of intake, its clock in the test's hand."""

    def __init__(self, store: Store | None = None, **numbers: Any) -> None:
        self.clock = FixedClock(NOON)
        self.store = store or MemoryStore(service="intake", clock=self.clock, indexes=INDEXES)
        self.policy = IntakePolicy(**({"program_states": ("VA", "MD")} | numbers))
        self.intake = bootstrap(
            store=self.store, policy_of=lambda _: self.policy, cipher=MirrorCipher()
        )
        self._servicer = IntakeServicer(self.intake, Bridge(OnTheSpot(1, queue=0)))

    def ask(self, person: Person, request: Message) -> Any:
        """The answer, or the HavenError that the client would get as a status."""
        name = type(request).__name__.removesuffix("Request")
        policy = POLICIES[name]
        if policy.is_mutation and not request.request_id:  # type: ignore[attr-defined]
            request.request_id = new_id()  # type: ignore[attr-defined]
        actor = policy.granted(Actor(person.subject, person.roles))
        policy.require_own(actor, request)

        async def asked() -> Any:
            enter(Frame(policy, person.tenant_id, actor, Deadline.after(30)))
            return await getattr(self._servicer, name)(request, None)

        return asyncio.run(asked())

    def refused(self, person: Person, request: Message) -> HavenError:
        """How the request is refused."""
        try:
            answer = self.ask(person, request)
        except HavenError as error:
            return error
        raise AssertionError(f"{type(answer).__name__} instead of a refusal")

    def hear(
        self, event: Message, *, version: int = 1, event_id: str = "", tenant_id: str = TENANT
    ) -> None:
        """An event arrives from another service."""
        call = Call(
            tenant_id,
            Actor("service:other", frozenset({Role.WORKLOAD})),
            "event.heard",
            EventOnce("intake.queue", event_id or new_id(), version),
            Deadline.after(30),
        )
        self.intake.consumers[type(event)](call, event)

    def let_time_work(self) -> None:
        """Everything that is due is done, as a relay does it."""
        for work in due_work(self.intake):
            for tenant_id, id in self.store.due(work.collection, work.field, limit=100):
                call = system_call(tenant_id, service="intake", action=f"timer.{work.name}")
                work.handle(call, id)

    def emitted(self, message: type[M]) -> list[M]:
        """The committed events of one type, in order."""
        assert isinstance(self.store, MemoryStore)
        return self.store.emitted(message)

    def documents(self, collection: str) -> list[dict[str, Any]]:
        """Everything in a collection."""
        assert isinstance(self.store, MemoryStore)
        return self.store.documents(collection)

    def patient(self, **changes: Any) -> Person:
        """A referred adult, as the caller of the own record."""
        referral = self.ask(PARTNER, a_referral(**changes)).referral
        return a_person(referral.patient_id, Role.PATIENT)

    def ready(self, patient: Person) -> None:
        """Every gate is met."""
        for person, request in evidence_for(patient):
            self.ask(person, request)
        self.ask(CLINICIAN, wire.SignAdmissionRequest(patient_id=patient.subject))

    def admitted(self, **changes: Any) -> Person:
        """An admitted patient."""
        patient = self.patient(**changes)
        self.ready(patient)
        self.ask(COORDINATOR, wire.AdmitPatientRequest(patient_id=patient.subject))
        return patient


def a_referral(**changes: Any) -> wire.CreateReferralRequest:
    """The referral of one fictional adult."""
    fields: dict[str, Any] = {
        "legal_name": "Planted Name",
        "birth_date": Date(year=1990, month=5, day=17),
        "email": "planted@example.org",
        "phone": "+15405550142",
        "time_zone": "America/New_York",
        "state": "VA",
        "track": resources.TRACK_MENTAL_HEALTH,
        "payer": resources.PAYER_COMMERCIAL,
    }
    return wire.CreateReferralRequest(**(fields | changes))


def a_submission(
    patient: Person, instrument: str, answers: Mapping[str, int]
) -> wire.SubmitScreeningRequest:
    """A whole form at once."""
    return wire.SubmitScreeningRequest(
        patient_id=patient.subject,
        instrument=instrument,
        instrument_version="1",
        answers=[resources.Answer(item_code=code, value=value) for code, value in answers.items()],
    )


def a_placement(level: str = "2.1", *, withdrawal: bool = False) -> resources.LevelOfCare:
    """A placement result of ASAM's fourth edition."""
    return resources.LevelOfCare(
        framework=resources.FRAMEWORK_ASAM,
        edition="4",
        dimensions=[resources.Dimension(code="D1", minimum_level=level if withdrawal else "0")],
        recommended_level=level,
        actual_level=level,
        withdrawal_needs_management=withdrawal,
        has_complicated_withdrawal_history=False,
        weekly_hours=9,
    )


def evidence_for(patient: Person) -> list[tuple[Person, Message]]:
    """Who gives which evidence of a person for whom the program is right."""
    id = patient.subject
    topics = [number for number in resources.AttestationTopic.values() if number]
    consents = ("TREATMENT", "TELEHEALTH", "GROUP_PARTICIPATION")
    return [
        (patient, a_submission(patient, CSSRS.id, {item.code: 0 for item in CSSRS.items})),
        (
            CLINICIAN,
            wire.RecordLevelOfCareRequest(patient_id=id, level_of_care=a_placement()),
        ),
        (
            CLINICIAN,
            wire.RecordAttestationsRequest(
                patient_id=id,
                attestations=[resources.Attestation(topic=each, holds=True) for each in topics],
            ),
        ),
        (
            patient,
            wire.RecordPlaceCheckRequest(
                patient_id=id,
                place_check=resources.PlaceCheck(
                    is_private=True,
                    is_stable=True,
                    has_headset=True,
                    has_camera=True,
                    is_driving=False,
                    download_kbps=20_000,
                    upload_kbps=5_000,
                ),
            ),
        ),
        *(
            (
                patient,
                wire.RecordConsentRequest(
                    patient_id=id,
                    scope=resources.ConsentScope.Value(f"CONSENT_SCOPE_{scope}"),
                    text_version="2026-01",
                ),
            )
            for scope in consents
        ),
        (
            patient,
            wire.RecordEmergencyContactRequest(
                patient_id=id,
                legal_name="Planted Contact",
                phone="+15405550199",
                relationship=resources.RELATIONSHIP_SIBLING,
                has_release=True,
            ),
        ),
        (
            patient,
            wire.RecordLocationRequest(
                patient_id=id,
                state="VA",
                address="1 Planted Street",
                callback_number="+15405550177",
                local_emergency_number="5405550111",
            ),
        ),
    ]


def a_plan_for(patient: Person, **changes: Any) -> wire.CreateCarePlanRequest:
    """Nine hours a week for eight weeks."""
    fields: dict[str, Any] = {
        "patient_id": patient.subject,
        "problems": [resources.Problem(problem_id="p1", diagnosis_code="F33.1", priority=1)],
        "goals": [resources.Goal(goal_id="g1", problem_id="p1")],
        "goal_statements": [resources.GoalStatement(goal_id="g1", text="Planted words of a goal")],
        "objectives": [
            resources.Objective(
                goal_id="g1",
                measure_code="44261-6",
                baseline=18,
                comparator=resources.COMPARATOR_AT_MOST,
                target=9,
                due_date=Date(year=2090, month=5, day=1),
                owner_id="dr-lee",
            )
        ],
        "interventions": [
            resources.Intervention(
                modality=resources.MODALITY_GROUP,
                discipline="counseling",
                times_per_week=3,
                minutes=180,
            )
        ],
        "weeks": 8,
    }
    return wire.CreateCarePlanRequest(**(fields | changes))
