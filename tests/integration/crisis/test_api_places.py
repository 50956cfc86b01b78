"""Whom to call where, through gRPC."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.type.date_pb2 import Date
from haven.crisis.v1 import crisis_pb2, jurisdictions_pb2
from haven.crisis.v1 import resources_pb2 as resource
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from tests.integration.crisis.requests import WALK, a_case, a_plan, numbers, today
from tests.integration.front import Front


async def test_a_number_that_was_put_is_in_the_next_pack_with_its_age(
    front: Front, clinician: Any, supervisor: Any
) -> None:
    await front.tell(sessions_pb2.LocationAttested(location_id="l-1", patient_id="p-1", state="VA"))
    await clinician.ask(a_plan())
    case_id = (await clinician.ask(a_case())).case.case_id
    pack_request = crisis_pb2.GetEmergencyPackRequest(case_id=case_id, purpose=1)
    before = (await clinician.ask(pack_request)).emergency_pack

    put = await supervisor.ask(numbers(today() - timedelta(days=120)))
    pack = (await clinician.ask(pack_request)).emergency_pack
    refused = await supervisor.refused(numbers(today(), etag="0123456789abcdef"))

    assert "local_numbers.psap" in before.missing_parts
    assert [(each.phone, each.is_stale) for each in pack.local_numbers] == [("+12025550100", True)]
    assert pack.local_numbers[0].verifier_id == "dr-boss"
    assert "local_numbers.psap" not in pack.missing_parts
    assert [each.text for each in pack.safety_plan.sections[0].items] == [WALK]
    assert pack.duty_to_warn.rule == resource.DUTY_TO_WARN_RULE_UNKNOWN
    assert (put.numbers[0].state, refused.reason) == ("VA", "ETAG_STALE")


async def test_what_counsel_found_out_is_told_with_its_source(
    front: Front, supervisor: Any, clinician: Any
) -> None:
    day = today()
    await supervisor.ask(
        jurisdictions_pb2.PutDutyToWarnRequest(
            state="OR",
            rule=resource.DUTY_TO_WARN_RULE_NONE,
            source="a fictional opinion",
            verified_date=Date(year=day.year, month=day.month, day=day.day),
        )
    )
    request = jurisdictions_pb2.GetJurisdictionRequest(state="OR")
    known = (await clinician.ask(request)).duty_to_warn
    stranger = front.caller("dr-one", Role.CLINICIAN, tenant_id="harbor")
    unknown = (await stranger.ask(request)).duty_to_warn

    assert (known.rule, known.source, known.must_be_checked) == (
        resource.DUTY_TO_WARN_RULE_NONE,
        "a fictional opinion",
        False,
    )
    assert (unknown.rule, unknown.must_be_checked) == (resource.DUTY_TO_WARN_RULE_UNKNOWN, True)
