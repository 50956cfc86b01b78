"""People of a case through gRPC: pairs, helpers, hand-overs, and those who cannot."""

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

HIGH, LOW = events_pb2.SEVERITY_HIGH, events_pb2.SEVERITY_LOW


@pytest.fixture
def one(front: Front) -> Any:
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
def two(front: Front) -> Any:
    return front.caller("dr-two", Role.CLINICIAN)


@pytest.fixture
async def paired(front: Front) -> Any:
    """On the first rung two must take a case, on the second the medical director."""
    pair = [resource.EscalationTarget(clinician_id=each) for each in ("dr-one", "dr-two")]
    rungs = [
        resource.EscalationRung(
            wait_duration=Duration(seconds=60), targets=pair, required_acknowledgements=2
        ),
        resource.EscalationRung(
            wait_duration=Duration(seconds=60),
            targets=[resource.EscalationTarget(role_id="medical-director")],
        ),
    ]
    administrator = front.caller("admin", Role.ADMINISTRATOR)
    for severity in (HIGH, LOW):
        policy = resource.EscalationPolicy(severity=severity, rungs=rungs)
        await administrator.ask(crisis_pb2.PutEscalationPolicyRequest(escalation_policy=policy))
    return administrator


async def opened(caller: Any, severity: Any = HIGH) -> str:
    request = crisis_pb2.OpenCaseRequest(patient_id="p-1", severity=severity)
    return str((await caller.ask(request)).case.case_id)


async def acts(caller: Any, case_id: str) -> list[tuple[str, str, str]]:
    read = await caller.ask(crisis_pb2.GetCaseRequest(case_id=case_id))
    return [
        (
            resource.CaseActKind.Name(act.kind).removeprefix("CASE_ACT_KIND_").lower(),
            act.actor_id,
            act.recipient_id,
        )
        for act in read.acts
    ]


async def test_a_case_that_needs_two_people_stops_climbing_with_the_second(
    paired: Any, one: Any, two: Any
) -> None:
    case_id = await opened(one)
    take = crisis_pb2.AcknowledgeCaseRequest(case_id=case_id)

    first = (await one.ask(take)).case
    assert (first.state, first.owner_id) == (resource.CASE_STATE_OPEN, "")
    assert (list(first.pledger_ids), first.required_acknowledgements) == (["dr-one"], 2)

    second = (await two.ask(take)).case
    assert (second.state, second.owner_id) == (resource.CASE_STATE_ACKNOWLEDGED, "dr-one")
    assert list(second.helper_ids) == ["dr-two"]


async def test_both_cannot_so_the_role_behind_them_is_paged_at_once(
    paired: Any, one: Any, two: Any
) -> None:
    case_id = await opened(one)
    for each in (one, two):
        case = (await each.ask(crisis_pb2.DeclineCaseRequest(case_id=case_id))).case

    assert case.rung == 1
    assert ("paged", "service:crisis", "role:medical-director") in await acts(one, case_id)


async def test_a_hand_over_names_who_it_was_and_who_it_is(paired: Any, one: Any, two: Any) -> None:
    case_id = await opened(one)
    for each in (one, two):
        await each.ask(crisis_pb2.AcknowledgeCaseRequest(case_id=case_id))
    three = crisis_pb2.HandOverCaseRequest(case_id=case_id, clinician_id="dr-three")

    refused = await two.refused(three)
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "NOT_OWNER")
    case = (await one.ask(three)).case
    assert (case.owner_id, case.successor_id) == ("dr-one", "dr-three")


async def test_a_colleague_is_added_and_more_people_are_woken(
    paired: Any, one: Any, two: Any
) -> None:
    case_id = await opened(one)
    await one.ask(crisis_pb2.AddResponderRequest(case_id=case_id, clinician_id="dr-three"))
    case = (await two.ask(crisis_pb2.EscalateCaseRequest(case_id=case_id))).case

    assert case.rung == 1
    told = await acts(one, case_id)
    assert ("responder_added", "dr-one", "dr-three") in told
    assert ("escalation_asked", "dr-two", "") in told


@pytest.mark.parametrize(
    ("severity", "seconds", "reason"),
    [(HIGH, 60, "SNOOZE_REFUSED"), (LOW, 86_000, "FIELDS_INVALID"), (LOW, 60, "")],
)
async def test_only_a_lesser_case_waits_and_only_for_a_while(
    paired: Any, one: Any, severity: Any, seconds: int, reason: str
) -> None:
    request = crisis_pb2.SnoozeCaseRequest(
        case_id=await opened(one, severity),
        snooze_duration=Duration(seconds=seconds),
        reason=resource.SNOOZE_REASON_CONTACT_ARRANGED,
    )

    if reason:
        assert (await one.refused(request)).reason == reason
    else:
        case = (await one.ask(request)).case
        assert case.next_deadline_time == case.snooze_end_time


async def test_whose_case_it_is_cannot_be_said_twice(paired: Any, one: Any) -> None:
    request = crisis_pb2.IdentifyPatientRequest(case_id=await opened(one), patient_id="p-2")

    assert (await one.refused(request)).reason == "PATIENT_KNOWN"


async def test_another_tenants_people_find_no_such_case(
    paired: Any, one: Any, front: Front
) -> None:
    case_id = await opened(one)
    stranger = front.caller("dr-one", Role.CLINICIAN, tenant_id="harbor")

    for request in (
        crisis_pb2.DeclineCaseRequest(case_id=case_id),
        crisis_pb2.EscalateCaseRequest(case_id=case_id),
        crisis_pb2.AddResponderRequest(case_id=case_id, clinician_id="dr-x"),
        crisis_pb2.HandOverCaseRequest(case_id=case_id, clinician_id="dr-x"),
        crisis_pb2.IdentifyPatientRequest(case_id=case_id, patient_id="p-x"),
    ):
        assert (await stranger.refused(request)).code == "NOT_FOUND"


async def test_a_rotation_that_is_gone_wakes_the_supervisors_when_more_are_wanted(
    front: Front, one: Any
) -> None:
    administrator = front.caller("admin", Role.ADMINISTRATOR)
    start = Timestamp()
    start.FromDatetime(datetime.now(UTC) + timedelta(days=30))  # has not begun
    await administrator.ask(
        crisis_pb2.PutRotationRequest(
            rotation=resource.Rotation(
                rotation_id="night",
                time_zone="America/Denver",
                start_time=start,
                shift_days=1,
                clinician_ids=["dr-night"],
            )
        )
    )
    targets = [resource.EscalationTarget(rotation_id="night")]
    rung = resource.EscalationRung(wait_duration=Duration(seconds=60), targets=targets)
    policy = resource.EscalationPolicy(severity=HIGH, rungs=[rung])
    await administrator.ask(crisis_pb2.PutEscalationPolicyRequest(escalation_policy=policy))

    case_id = await opened(one)
    await one.ask(crisis_pb2.EscalateCaseRequest(case_id=case_id))

    woken = [recipient for kind, _, recipient in await acts(one, case_id) if kind == "paged"]
    assert woken == ["supervisor-pool", "supervisor-pool"]
