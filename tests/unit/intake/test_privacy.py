"""Planted names, contacts and words must be found nowhere but where they were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from services.intake.codec.requests import admissions, care_plans, people
from services.intake.domain.instruments.phq9 import ITEM_9
from services.intake.rpc import SERVICE
from services.intake.store import INDEXES
from tests.fakes.memory_store import MemoryStore
from tests.unit.intake.house import (
    CLINICIAN,
    SUPERVISOR,
    House,
    Person,
    a_plan_for,
    a_referral,
    a_submission,
    evidence_for,
)

PLANTED = (
    "Planted",
    "planted@example.org",
    "+15405550142",
    "+15405550199",
    "+15405550177",
    "5405550111",
    "1990-05-17",
)
OWN = ("referrals", "patients", "episodes", "screenings", "care_plans", "aliases", "outbox")


def lived(house: House) -> Person:
    """A patient about whom everything was told."""
    patient = house.admitted()
    house.ask(patient, a_submission(patient, "phq-9", {ITEM_9: 1}))
    plan = house.ask(CLINICIAN, a_plan_for(patient)).care_plan
    house.ask(CLINICIAN, wire.GetCarePlanRequest(care_plan_id=plan.care_plan_id))
    house.ask(
        SUPERVISOR,
        wire.RevealPatientIdentityRequest(
            patient_id=patient.subject, purpose=resources.REVEAL_PURPOSE_CRISIS
        ),
    )
    return patient


def texts(value: Any) -> Iterator[str]:
    """Everything in a document that could be read."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    else:
        yield str(value)


def test_no_plain_identity_contact_or_word_rests_in_any_collection() -> None:
    house = House()
    lived(house)
    assert isinstance(house.store, MemoryStore)
    for collection in house.store.engine.tables:
        found = "\n".join(texts(house.documents(collection)))
        assert [each for each in PLANTED if each in found] == [], collection


def test_no_answer_but_the_two_that_are_asked_for_it_carries_identity() -> None:
    house = House()
    patient = lived(house)
    id = patient.subject
    for request in (
        wire.GetPatientRequest(patient_id=id),
        wire.GetAdmissionRequest(patient_id=id),
        wire.GetEpisodeRequest(patient_id=id),
        wire.ListScreeningsRequest(patient_id=id),
        wire.ListCarePlansRequest(patient_id=id),
        wire.ListReferralsRequest(),
    ):
        answer = str(house.ask(CLINICIAN, request))
        assert [each for each in PLANTED if each in answer] == []


def test_a_command_that_carries_identity_prints_without_it() -> None:
    house = House()
    patient = house.patient()
    commands: list[Any] = [
        people.create_referral(a_referral()),
        people.record_contact(
            wire.RecordContactRequest(
                patient_id="ana", email=PLANTED[1], phone=PLANTED[2], time_zone="UTC"
            )
        ),
        care_plans.create_care_plan(a_plan_for(patient)),
    ]
    for _, request in evidence_for(patient):
        if isinstance(request, wire.RecordEmergencyContactRequest):
            commands.append(admissions.record_emergency_contact(request))
        if isinstance(request, wire.RecordLocationRequest):
            commands.append(admissions.record_location(request))
    assert len(commands) == 5
    for command in commands:
        assert [each for each in PLANTED if each in repr(command)] == []


def test_whatever_was_read_or_changed_is_in_the_patients_trail() -> None:
    house = House()
    patient = lived(house)
    actions = {
        each["action"]
        for each in house.documents("audit_entries")
        if each["patient_id"] == patient.subject
    }
    assert {
        "referral.create",
        "screening.submit",
        "level-of-care.record",
        "consent.record",
        "location.record",
        "admission.sign",
        "patient.admit",
        "care-plan.create",
        "care-plan.get",
        "identity.reveal",
    } <= actions


def test_every_method_has_one_audit_action_of_its_own() -> None:
    from haven.policy.v1 import policy_pb2

    actions = [
        method.GetOptions().Extensions[policy_pb2.method_policy].audit_action
        for method in SERVICE.methods
    ]
    assert len(set(actions)) == len(actions)


def test_every_index_holds_the_tenant_or_serves_a_timer() -> None:
    for index in INDEXES:
        fields = [field for field, _ in index.keys]
        assert fields[0] == "tenant_id" or fields == ["leave_deadline_time"]
