"""Safety plans as staff and patients meet them, through gRPC."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.audit.v1 import audit_pb2
from haven.crisis.v1 import follow_ups_pb2, safety_plans_pb2
from haven.crisis.v1 import resources_pb2 as resource

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.crisis.requests import WALK, a_plan
from tests.integration.front import Front


async def test_a_plan_from_its_first_version_to_the_patient_s_copy(
    clinician: Any, patient: Any
) -> None:
    first = (await clinician.ask(a_plan())).safety_plan
    second = (await clinician.ask(a_plan("breathing", etag=first.etag))).safety_plan
    reviewed = await clinician.ask(
        safety_plans_pb2.ReviewSafetyPlanRequest(patient_id="p-1", etag=second.etag)
    )

    assert (first.version.plan_version, second.version.plan_version) == (1, 2)
    assert reviewed.safety_plan.version == second.version
    copy = await patient.ask(safety_plans_pb2.GetSafetyPlanRequest(patient_id="p-1"))
    assert [each.text for each in copy.safety_plan.sections[0].items] == ["breathing"]
    old = await clinician.ask(
        safety_plans_pb2.GetSafetyPlanVersionRequest(patient_id="p-1", plan_version=1)
    )
    assert [each.text for each in old.safety_plan.sections[0].items] == [WALK]
    versions = await clinician.ask(safety_plans_pb2.ListSafetyPlanVersionsRequest(patient_id="p-1"))
    assert [each.plan_version for each in versions.versions] == [2, 1]


async def test_what_a_plan_says_is_in_no_collection_as_text(
    clinician: Any, patient: Any, database: Any
) -> None:
    await clinician.ask(a_plan())
    await patient.ask(safety_plans_pb2.GetSafetyPlanRequest(patient_id="p-1"))

    for collection in database.list_collection_names():
        for document in database[collection].find():
            assert WALK not in str(document), collection


async def test_a_repeated_revision_writes_one_version(clinician: Any, database: Any) -> None:
    request = a_plan(request_id=new_id())

    assert await clinician.ask(request) == await clinician.ask(request)

    assert database.safety_plan_versions.count_documents({}) == 1


async def test_two_first_versions_at_once_are_two_versions(clinician: Any, database: Any) -> None:
    await asyncio.gather(*(clinician.ask(a_plan(text)) for text in ("one", "two", "three")))

    found = sorted(each["number"] for each in database.safety_plan_versions.find())
    assert found == [1, 2, 3]


async def test_a_patient_reads_no_other_plan_and_every_read_is_seen(
    front: Front, clinician: Any, patient: Any
) -> None:
    await clinician.ask(a_plan())
    request = safety_plans_pb2.GetSafetyPlanRequest(patient_id="p-1")
    await clinician.ask(request)

    stranger = front.caller("p-2", Role.PATIENT)
    assert (await stranger.refused(request)).code == "NOT_FOUND"
    trail = await patient.ask(audit_pb2.ListPatientAccessesRequest(patient_id="p-1"))
    newest = trail.audit_entries[0]
    assert (newest.action, newest.actor_id) == ("safety-plan.get", "dr-one")


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (a_plan(patient_id=""), ["patient_id"]),
        (a_plan(sections=[]), ["sections"]),
        (a_plan(""), ["sections[0].items[0].text"]),
        (a_plan("x" * 501), ["sections[0].items[0].text"]),
        (a_plan(sections=[resource.SafetyPlanSection(kind=1)]), ["sections[0].items"]),
        (
            a_plan(
                sections=[
                    resource.SafetyPlanSection(
                        kind=1, items=[resource.SafetyPlanItem(text="a line")]
                    )
                ]
                * 2
            ),
            ["sections[1].kind"],
        ),
        (follow_ups_pb2.CompleteFollowUpRequest(follow_up_id="f-1"), ["outcome"]),
        (follow_ups_pb2.CompleteFollowUpRequest(outcome=1), ["follow_up_id"]),
        (follow_ups_pb2.ReassignFollowUpRequest(follow_up_id="f-1"), ["owner"]),
        (
            follow_ups_pb2.ListFollowUpsRequest(
                owner=follow_ups_pb2.FollowUpOwner(role=follow_ups_pb2.FOLLOW_UP_ROLE_UNSPECIFIED)
            ),
            ["owner.role"],
        ),
    ],
)
async def test_bad_input_names_its_fields_and_leaves_nothing(
    clinician: Any, database: Any, request_: Any, fields: Any
) -> None:
    refused = await clinician.refused(request_)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert refused.fields == fields
    assert database.safety_plans.count_documents({}) == database.follow_ups.count_documents({}) == 0


async def test_a_review_that_is_too_late_is_refused(clinician: Any, database: Any) -> None:
    request = a_plan()
    request.review_time.FromDatetime(datetime.now(UTC) + timedelta(days=31))

    refused = await clinician.refused(request)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REVIEW_TIME_OUT_OF_RANGE")
    assert refused.fields == ["review_time"]
    assert database.safety_plans.count_documents({}) == 0
