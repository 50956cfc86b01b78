"""Another tenant, through gRPC: what is not yours does not exist."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import follow_ups_pb2, person_queue_pb2, safety_plans_pb2

from chassis.call import Role
from tests.integration.crisis.requests import a_plan, follow_ups, resolved
from tests.integration.front import Front


async def test_another_tenant_finds_nothing(
    front: Front, clinician: Any, supervisor: Any, patient: Any
) -> None:
    await resolved(clinician, supervisor)
    await clinician.ask(a_plan())
    id = (await follow_ups(clinician, patient_id="p-1"))[0].follow_up_id
    await patient.ask(person_queue_pb2.RequestPersonRequest(patient_id="p-1"))
    taken = (await clinician.ask(person_queue_pb2.TakeNextPersonRequest())).person_request
    staff = front.caller("dr-one", Role.CLINICIAN, Role.SUPERVISOR, tenant_id="harbor")

    for request in (
        safety_plans_pb2.GetSafetyPlanRequest(patient_id="p-1"),
        safety_plans_pb2.GetSafetyPlanVersionRequest(patient_id="p-1", plan_version=1),
        safety_plans_pb2.ListSafetyPlanVersionsRequest(patient_id="p-1"),
        safety_plans_pb2.ReviewSafetyPlanRequest(patient_id="p-1"),
        follow_ups_pb2.ListFollowUpsRequest(patient_id="p-1"),
        follow_ups_pb2.GetFollowUpRequest(follow_up_id=id),
        follow_ups_pb2.CompleteFollowUpRequest(follow_up_id=id, outcome=1),
        follow_ups_pb2.ReassignFollowUpRequest(
            follow_up_id=id, owner=follow_ups_pb2.FollowUpOwner(clinician_id="dr-one")
        ),
        follow_ups_pb2.CancelFollowUpRequest(follow_up_id=id, cancel_reason=1),
        person_queue_pb2.GetPersonRequestRequest(patient_id="p-1"),
        person_queue_pb2.FinishPersonRequestRequest(person_request_id=taken.person_request_id),
    ):
        assert (await staff.refused(request)).code == "NOT_FOUND", request
    assert not (await staff.ask(person_queue_pb2.TakeNextPersonRequest())).HasField(
        "person_request"
    )
