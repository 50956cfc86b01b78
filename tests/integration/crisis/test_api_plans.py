"""Who is woken, as administrators say it through gRPC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from haven.crisis.v1 import crisis_pb2, events_pb2
from haven.crisis.v1 import resources_pb2 as resource

from chassis.call import Role
from tests.integration.front import Front

HIGH, MODERATE = events_pb2.SEVERITY_HIGH, events_pb2.SEVERITY_MODERATE


@pytest.fixture
def administrator(front: Front) -> Any:
    return front.caller("admin", Role.ADMINISTRATOR)


def a_rotation(*clinician_ids: Any, **changes: Any) -> Any:
    start = Timestamp()
    start.FromDatetime(datetime.now(UTC) - timedelta(days=1))
    values = {"rotation_id": "on-call", "time_zone": "America/New_York", "shift_days": 7}
    return crisis_pb2.PutRotationRequest(
        rotation=resource.Rotation(
            **{**values, **changes}, start_time=start, clinician_ids=clinician_ids
        )
    )


def a_policy(seconds: Any = 30, **changes: Any) -> Any:
    target = resource.EscalationTarget(rotation_id="on-call")
    rung = resource.EscalationRung(wait_duration=Duration(seconds=seconds), targets=[target])
    return crisis_pb2.PutEscalationPolicyRequest(
        escalation_policy=resource.EscalationPolicy(severity=HIGH, rungs=[rung], **changes)
    )


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (a_policy(seconds=1), ["escalation_policy.rungs[0].wait_duration"]),
        (a_policy(seconds=90_000), ["escalation_policy.rungs[0].wait_duration"]),
        (a_rotation(), ["rotation.clinician_ids"]),
        (a_rotation("dr-one", time_zone="Nowhere/City"), ["rotation.time_zone"]),
        (a_rotation("dr-one", shift_days=0), ["rotation.shift_days"]),
    ],
)
async def test_a_plan_that_cannot_work_is_refused(
    administrator: Any, database: Any, request_: Any, fields: Any
) -> None:
    refused = await administrator.refused(request_)

    assert (refused.code, refused.fields) == ("INVALID_ARGUMENT", fields)
    assert database.escalation_policies.count_documents({}) == 0
    assert database.rotations.count_documents({}) == 0


async def test_a_stale_etag_is_refused(administrator: Any) -> None:
    seen = (await administrator.ask(a_policy())).escalation_policy.etag
    await administrator.ask(a_policy(seconds=60, etag=seen))

    refused = await administrator.refused(a_policy(seconds=90, etag=seen))

    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_STALE")


async def test_plans_are_read_back(administrator: Any) -> None:
    await administrator.ask(a_rotation("dr-one", "dr-two"))
    await administrator.ask(a_policy())

    rotation = await administrator.ask(crisis_pb2.GetRotationRequest(rotation_id="on-call"))
    policy = await administrator.ask(crisis_pb2.GetEscalationPolicyRequest(severity=HIGH))
    now = await administrator.ask(crisis_pb2.WhoIsOnCallRequest(rotation_id="on-call"))

    assert list(rotation.rotation.clinician_ids) == ["dr-one", "dr-two"]
    assert policy.escalation_policy.rungs[0].wait_duration.seconds == 30
    assert (now.is_covered, now.clinician_id) == (True, "dr-one")


async def test_an_instant_before_the_first_shift_is_not_covered(administrator: Any) -> None:
    await administrator.ask(a_rotation("dr-one"))
    request = crisis_pb2.WhoIsOnCallRequest(rotation_id="on-call")
    request.instant_time.FromDatetime(datetime(2020, 1, 1, tzinfo=UTC))

    assert not (await administrator.ask(request)).is_covered
