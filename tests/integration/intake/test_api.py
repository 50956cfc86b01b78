"""Intake as a partner developer meets it: over gRPC, with tokens, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import bson
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions
from pymongo.database import Database

from chassis.call import Role
from chassis.ids import new_id
from services.intake.domain.instruments.cssrs import CSSRS
from services.intake.domain.instruments.phq9 import ITEM_9
from services.intake.rpc import SERVICE
from tests.integration.intake.conftest import Ids
from tests.integration.intake.desk import Desk, Neighbor
from tests.unit.intake.house import (
    Person,
    a_person,
    a_plan_for,
    a_referral,
    a_submission,
    evidence_for,
)
from tests.unit.intake.test_privacy import PLANTED

Desks = Callable[..., Desk]
Mongo = Database[dict[str, Any]]


async def referred(desk: Desks) -> Person:
    """A referred adult."""
    partner = desk(Role.PARTNER, subject="partner-app")
    referral = (await partner.ask(a_referral())).referral
    return a_person(referral.patient_id, Role.PATIENT)


async def admitted(desk: Desks) -> Person:
    """An admitted patient."""
    ana = await referred(desk)
    for person, request in evidence_for(ana):
        await desk(*person.roles, subject=person.subject).ask(request)
    clinician = desk(Role.CLINICIAN, subject="dr-lee")
    await clinician.ask(wire.SignAdmissionRequest(patient_id=ana.subject))
    await clinician.ask(wire.AdmitPatientRequest(patient_id=ana.subject))
    return ana


def bodies(database: Mongo, message: type[Any]) -> list[Any]:
    """The committed events of one type."""
    rows = database.outbox.find({"type": message.DESCRIPTOR.full_name}).sort("create_time", 1)
    return [message.FromString(row["body"]) for row in rows]


async def test_from_referral_to_a_plan_of_nine_hours(desk: Desks, database: Mongo) -> None:
    ana = await admitted(desk)
    clinician = desk(Role.CLINICIAN, subject="dr-lee")
    plan_id = (await clinician.ask(a_plan_for(ana))).care_plan.care_plan_id
    signers = [
        (desk(Role.PATIENT, subject=ana.subject), resources.SIGNER_ROLE_PATIENT),
        (clinician, resources.SIGNER_ROLE_PRIMARY_CLINICIAN),
        (desk(Role.SUPERVISOR, subject="dr-may"), resources.SIGNER_ROLE_SUPERVISOR),
    ]
    for signer, role in signers:
        await signer.ask(wire.SignCarePlanRequest(care_plan_id=plan_id, signer_role=role))
    await clinician.ask(wire.ActivateCarePlanRequest(care_plan_id=plan_id))
    [told] = bodies(database, events.CarePlanActivated)
    assert (told.patient_id, told.weekly_minutes, told.weeks) == (ana.subject, 540, 8)
    read = await signers[0][0].ask(wire.GetCarePlanRequest(care_plan_id=plan_id))
    assert [each.text for each in read.goal_statements] == ["Planted words of a goal"]


async def test_the_gate_names_what_is_missing_in_field_violations(desk: Desks) -> None:
    ana = await referred(desk)
    clinician = desk(Role.CLINICIAN, subject="dr-lee")
    refused = await clinician.refusal(wire.AdmitPatientRequest(patient_id=ana.subject))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "ADMISSION_GATES_MISSING")
    assert refused.domain == "intake.haven"
    assert ("gates.signature", "SIGNATURE_MISSING") in refused.violations
    assert ("gates.location", "LOCATION_MISSING") in refused.violations


async def test_item_nine_is_committed_with_its_risk_before_the_form_is_complete(
    desk: Desks, database: Mongo
) -> None:
    ana = await referred(desk)
    own = desk(Role.PATIENT, subject=ana.subject)
    screening = (
        await own.ask(
            wire.StartScreeningRequest(
                patient_id=ana.subject, instrument="phq-9", instrument_version="1"
            )
        )
    ).screening
    answer = resources.Answer(item_code=ITEM_9, value=1)
    request = wire.RecordAnswersRequest(screening_id=screening.screening_id, answers=[answer])
    assert await own.ask(request) == await own.ask(request)
    [risk] = bodies(database, events.RiskRaised)
    assert (risk.tier, risk.trigger) == (
        events.RISK_TIER_MODERATE,
        events.RISK_TRIGGER_PHQ9_ITEM9,
    )


async def test_an_answer_at_fault_stores_and_publishes_nothing(
    desk: Desks, database: Mongo
) -> None:
    ana = await referred(desk)
    own = desk(Role.PATIENT, subject=ana.subject)
    published = database.outbox.count_documents({})
    refused = await own.refusal(a_submission(ana, "gad-7", {"00000-0": 1, "69725-0": 4}))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "ITEM_CODE_UNKNOWN")
    assert refused.violations == [
        ("answers[0]", "ITEM_CODE_UNKNOWN"),
        ("answers[1]", "ANSWER_OUT_OF_RANGE"),
    ]
    assert database.screenings.count_documents({}) == 0
    assert database.outbox.count_documents({}) == published


async def test_an_odd_answer_beside_item_nine_is_told_and_item_nine_is_raised(
    desk: Desks, database: Mongo
) -> None:
    ana = await referred(desk)
    own = desk(Role.PATIENT, subject=ana.subject)
    done = (await own.ask(a_submission(ana, "phq-9", {"44250-9": 4, ITEM_9: 1}))).screening
    assert [(each.item_code, each.fault) for each in done.answers] == [
        ("44250-9", "ANSWER_OUT_OF_RANGE"),
        (ITEM_9, ""),
    ]
    [risk] = bodies(database, events.RiskRaised)
    assert risk.screening_id == done.screening_id


async def test_who_somebody_is_rests_as_ciphertext_and_is_shown_to_who_may(
    desk: Desks, database: Mongo
) -> None:
    ana = await admitted(desk)
    await desk(Role.CLINICIAN, subject="dr-lee").ask(a_plan_for(ana))
    request = wire.RevealPatientIdentityRequest(
        patient_id=ana.subject, purpose=resources.REVEAL_PURPOSE_TREATMENT
    )
    revealed = await desk(Role.CLINICIAN, subject="dr-lee").ask(request)
    assert revealed.identity.legal_name == "Planted Name"
    refused = await desk(Role.COORDINATOR, subject="kim").refusal(request)
    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
    for name in database.list_collection_names():
        for document in database[name].find():
            raw = bson.encode(document)
            assert [each for each in PLANTED if each.encode() in raw] == [], name


async def test_another_tenant_finds_nothing_by_any_id(desk: Desks, tenants: Ids) -> None:
    ana = await admitted(desk)
    staff = list(Role)[1:-1]
    at_home, stranger = desk(*staff, subject="s"), desk(*staff, subject="s", tenant_id=tenants.lake)
    plan = (await at_home.ask(a_plan_for(ana))).care_plan
    form = a_submission(ana, CSSRS.id, {item.code: 0 for item in CSSRS.items})
    screening = (await at_home.ask(form)).screening
    found = await at_home.ask(wire.ListReferralsRequest())
    ids = {
        "patient_id": ana.subject,
        "screening_id": screening.screening_id,
        "care_plan_id": plan.care_plan_id,
        "referral_id": found.referrals[0].referral_id,
    }
    requests: list[Any] = [
        wire.GetReferralRequest(referral_id=ids["referral_id"]),
        wire.GetPatientRequest(patient_id=ana.subject),
        wire.GetAdmissionRequest(patient_id=ana.subject),
        wire.GetEpisodeRequest(patient_id=ana.subject),
        wire.GetScreeningRequest(screening_id=ids["screening_id"]),
        wire.CompleteScreeningRequest(screening_id=ids["screening_id"]),
        wire.GetCarePlanRequest(care_plan_id=ids["care_plan_id"]),
        wire.ActivateCarePlanRequest(care_plan_id=ids["care_plan_id"]),
        wire.AdmitPatientRequest(patient_id=ana.subject),
        wire.ListScreeningsRequest(patient_id=ana.subject),
        a_plan_for(ana),
        form,
    ]
    for request in requests:
        if hasattr(request, "request_id"):
            request.request_id = ""
        refused = await stranger.refusal(request)
        assert (refused.code, refused.reason) == ("NOT_FOUND", "NOT_FOUND"), request
    assert not (await stranger.ask(wire.ListReferralsRequest())).referrals
    assert not (await stranger.ask(wire.ListScreeningsRequest())).screenings


async def test_facts_of_other_services_arrive_once_and_are_read_back(
    desk: Desks, neighbor: Neighbor, database: Mongo
) -> None:
    ana = await referred(desk)
    absent = sessions.PatientAbsent(session_id=new_id(), patient_id=ana.subject)
    absent.notice_time.GetCurrentTime()
    enrolled = scheduling.SeriesEnrolled(group_id="monday", patient_id=ana.subject)
    event_id = new_id()
    assert not await neighbor.tells(absent, event_id=event_id)
    assert await neighbor.tells(absent, event_id=event_id)
    await neighbor.tells(enrolled)
    await neighbor.tells(enrolled)
    coordinator = desk(Role.COORDINATOR, subject="kim")
    listed = await coordinator.ask(wire.ListAbsencesRequest(patient_id=ana.subject))
    assert [each.session_id for each in listed.absences] == [absent.session_id]
    [alias] = bodies(database, events.AliasAssigned)
    assert (alias.patient_id, alias.group_id) == (ana.subject, "monday")


async def test_every_method_of_the_contract_is_served(desk: Desks) -> None:
    """None answers UNIMPLEMENTED; what an empty request gets is each method's own affair."""
    everybody = desk(*list(Role)[:-1], subject="everybody")
    for method in SERVICE.methods:
        request = getattr(wire, method.input_type.name)()
        answers = await asyncio.gather(everybody.ask(request), return_exceptions=True)
        assert "UNIMPLEMENTED" not in str(answers), method.name
        assert "INTERNAL" not in str(answers), method.name
