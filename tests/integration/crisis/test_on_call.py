"""Cover, as clinicians and supervisors see and change it through gRPC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from haven.crisis.v1 import crisis_pb2, events_pb2, on_call_pb2
from haven.crisis.v1 import resources_pb2 as resource

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.front import Caller, Front

NOW = datetime.now(UTC).replace(microsecond=0)


def at(**parts: float) -> Timestamp:
    instant = Timestamp()
    instant.FromDatetime(NOW + timedelta(**parts))
    return instant


def a_rotation(*clinician_ids: str, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "rotation_id": "on-call",
        "time_zone": "America/Denver",
        "shift_days": 7,
        "start_time": at(days=-1),
        "clinician_ids": clinician_ids,
    }
    return crisis_pb2.PutRotationRequest(rotation=resource.Rotation(**{**values, **changes}))


def a_policy(rotation_id: str = "on-call") -> Any:
    target = resource.EscalationTarget(rotation_id=rotation_id)
    pool = resource.EscalationTarget(supervisor_pool=True)
    rungs = [
        resource.EscalationRung(wait_duration=Duration(seconds=30), targets=[each])
        for each in (target, pool)
    ]
    return crisis_pb2.PutEscalationPolicyRequest(
        escalation_policy=resource.EscalationPolicy(severity=events_pb2.SEVERITY_HIGH, rungs=rungs)
    )


def an_opt_out(**changes: Any) -> Any:
    values: dict[str, Any] = {
        "clinician_id": "dr-one",
        "start_time": at(days=1),
        "end_time": at(days=1, hours=6),
    }
    return on_call_pb2.OptOutRequest(**{**values, **changes})


@pytest.fixture
def clinician(front: Front) -> Caller:
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
async def supervisor(front: Front) -> Caller:
    """The ward's supervisor, once there is a rotation of one and a policy that names it."""
    supervisor = front.caller("dr-boss", Role.SUPERVISOR)
    await supervisor.ask(a_rotation("dr-one"))
    await supervisor.ask(a_policy())
    return supervisor


async def gaps(caller: Caller) -> list[Any]:
    answer = await caller.ask(on_call_pb2.ListCoverageGapsRequest())
    return list(answer.coverage_gaps)


async def test_an_opt_out_shows_the_hole_that_it_makes_and_a_cancellation_closes_it(
    supervisor: Caller, clinician: Caller
) -> None:
    answer = await clinician.ask(an_opt_out())

    (gap,) = answer.coverage_gaps
    assert (gap.rotation_id, gap.kind) == ("on-call", on_call_pb2.COVERAGE_GAP_KIND_OPTED_OUT)
    assert (gap.start_time, gap.end_time) == (at(days=1), at(days=1, hours=6))
    assert await gaps(supervisor) == [gap]

    cancelled = await clinician.ask(
        on_call_pb2.CancelOptOutRequest(opt_out_id=answer.opt_out.opt_out_id)
    )
    assert list(cancelled.coverage_gaps) == await gaps(supervisor) == []
    assert cancelled.opt_out.HasField("cancel_time")


async def test_somebody_whom_a_rung_names_is_missed_like_a_rotation(
    supervisor: Caller, front: Front
) -> None:
    request = a_policy()
    request.escalation_policy.rungs[0].targets[0].clinician_id = "dr-nine"
    await supervisor.ask(request)
    answer = await front.caller("dr-nine", Role.CLINICIAN).ask(an_opt_out(clinician_id="dr-nine"))

    (gap,) = answer.coverage_gaps
    assert (gap.rotation_id, gap.clinician_id) == ("", "dr-nine")
    assert (gap.start_time, gap.end_time) == (at(days=1), at(days=1, hours=6))
    assert await gaps(supervisor) == [gap]


async def test_a_repeated_opt_out_is_one_opt_out(supervisor: Caller, clinician: Caller) -> None:
    request = an_opt_out(request_id=new_id())

    assert await clinician.ask(request) == await clinician.ask(request)

    listed = await supervisor.ask(on_call_pb2.ListOptOutsRequest(clinician_id="dr-one"))
    assert len(listed.opt_outs) == 1


async def test_a_clinician_opts_out_only_for_themselves(
    supervisor: Caller, clinician: Caller
) -> None:
    refused = await clinician.refused(an_opt_out(clinician_id="dr-two"))

    assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "OPT_OUT_OF_ANOTHER")
    allowed = await supervisor.ask(an_opt_out(clinician_id="dr-two"))
    assert allowed.opt_out.author_id == "dr-boss"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end_time": at(hours=1)}, "end_time"),
        ({"end_time": at(days=500)}, "end_time"),
        ({"substitute_id": "dr-one"}, "substitute_id"),
        ({"clinician_id": ""}, "clinician_id"),
        ({"start_time": None}, "start_time"),
    ],
)
async def test_an_opt_out_that_makes_no_sense_is_refused(
    clinician: Caller, database: Any, changes: Any, field: str
) -> None:
    refused = await clinician.refused(an_opt_out(**changes))

    assert refused.code == "INVALID_ARGUMENT"
    assert field in refused.fields
    assert database.on_call_opt_outs.count_documents({}) == 0


async def test_shifts_say_who_and_why(supervisor: Caller, clinician: Caller) -> None:
    await clinician.ask(an_opt_out(substitute_id="dr-two"))

    answer = await supervisor.ask(
        on_call_pb2.ListShiftsRequest(
            rotation_id="on-call", start_time=at(days=-2), end_time=at(days=2)
        )
    )

    assert [(each.clinician_id, each.reason, each.absent_id) for each in answer.shifts] == [
        ("", on_call_pb2.SHIFT_REASON_NOT_BEGUN, ""),
        ("dr-one", on_call_pb2.SHIFT_REASON_TURN, ""),
        ("dr-two", on_call_pb2.SHIFT_REASON_SUBSTITUTE, "dr-one"),
        ("dr-one", on_call_pb2.SHIFT_REASON_TURN, ""),
    ]
    ends = [each.end_time for each in answer.shifts]
    assert ends == [at(days=-1), at(days=1), at(days=1, hours=6), at(days=2)]


async def test_shifts_of_a_rotation_that_does_not_exist_or_of_a_year_are_refused(
    supervisor: Caller,
) -> None:
    nowhere = on_call_pb2.ListShiftsRequest(
        rotation_id="nowhere", start_time=at(), end_time=at(days=1)
    )
    too_long = on_call_pb2.ListShiftsRequest(
        rotation_id="on-call", start_time=at(), end_time=at(days=365)
    )

    assert (await supervisor.refused(nowhere)).code == "NOT_FOUND"
    assert (await supervisor.refused(too_long)).fields == ["end_time"]


async def test_whom_a_case_would_wake_now(supervisor: Caller, clinician: Caller) -> None:
    await clinician.ask(an_opt_out(start_time=at(hours=-1)))

    answer = await supervisor.ask(
        on_call_pb2.WhoIsOnCallNowRequest(severity=events_pb2.SEVERITY_HIGH)
    )

    (first,), (last,) = (rung.people for rung in answer.rungs)
    assert (first.recipient_id, first.is_covered) == ("supervisor-pool", False)
    assert first.reason == on_call_pb2.SHIFT_REASON_OPTED_OUT
    assert first.contact_point_presence == on_call_pb2.CONTACT_POINT_PRESENCE_UNKNOWN
    assert (last.recipient_id, last.is_covered) == ("supervisor-pool", True)
    assert answer.policy_version == 1


async def test_a_policy_that_names_an_unknown_rotation_has_a_gap_as_far_as_one_looks(
    supervisor: Caller,
) -> None:
    asked = on_call_pb2.ListCoverageGapsRequest(rotation_id="nowhere")
    assert (await supervisor.refused(asked)).code == "NOT_FOUND"
    await supervisor.ask(a_policy("nowhere"))

    (gap,) = (await supervisor.ask(asked)).coverage_gaps

    assert gap.kind == on_call_pb2.COVERAGE_GAP_KIND_ROTATION_UNKNOWN
    assert gap.end_time.ToDatetime() - gap.start_time.ToDatetime() == timedelta(days=14)


async def test_day_and_night_shifts_are_read_back_as_they_were_put(supervisor: Caller) -> None:
    hand_offs = [
        resource.RotationHandOff(weekday=day, hour=hour, minute=30)
        for day in range(1, 8)
        for hour in (7, 19)
    ]
    request = a_rotation(
        "dr-day", "dr-night", shift_days=0, hand_offs=hand_offs, end_time=at(days=90)
    )
    await supervisor.ask(request)

    found = await supervisor.ask(crisis_pb2.GetRotationRequest(rotation_id="on-call"))

    assert list(found.rotation.hand_offs) == hand_offs
    assert found.rotation.end_time == at(days=90)
    shifts = await supervisor.ask(
        on_call_pb2.ListShiftsRequest(
            rotation_id="on-call", start_time=at(days=2), end_time=at(days=4)
        )
    )
    assert {each.clinician_id for each in shifts.shifts} == {"dr-day", "dr-night"}
    assert 4 <= len(shifts.shifts) <= 6


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        (
            {"hand_offs": [resource.RotationHandOff(weekday=1, hour=8)] * 2, "shift_days": 0},
            ["rotation.hand_offs[1].weekday"],
        ),
        (
            {"hand_offs": [resource.RotationHandOff(weekday=1, hour=8)]},
            ["rotation.shift_days"],
        ),
        (
            {"hand_offs": [resource.RotationHandOff(hour=24, minute=60)], "shift_days": 0},
            [f"rotation.hand_offs[0].{name}" for name in ("weekday", "hour", "minute")],
        ),
        ({"end_time": at(days=-2)}, ["rotation.end_time"]),
    ],
)
async def test_a_plan_that_says_two_things_at_once_is_refused(
    front: Front, changes: Any, fields: Any
) -> None:
    supervisor = front.caller("dr-boss", Role.SUPERVISOR)

    assert (await supervisor.refused(a_rotation("dr-one", **changes))).fields == fields


async def test_another_tenant_sees_and_cancels_nothing(
    front: Front, supervisor: Caller, clinician: Caller
) -> None:
    opt_out = (await clinician.ask(an_opt_out())).opt_out
    stranger = front.caller("dr-one", Role.SUPERVISOR, tenant_id="harbor")

    assert await gaps(stranger) == []
    assert not (await stranger.ask(on_call_pb2.ListOptOutsRequest())).opt_outs
    cancel = on_call_pb2.CancelOptOutRequest(opt_out_id=opt_out.opt_out_id)
    assert (await stranger.refused(cancel)).code == "NOT_FOUND"
    assert len(await gaps(supervisor)) == 1
