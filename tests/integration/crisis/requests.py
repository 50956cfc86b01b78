"""What staff ask for in the tests of the api, with defaults to vary."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from google.type.date_pb2 import Date
from haven.crisis.v1 import (
    crisis_pb2,
    events_pb2,
    follow_ups_pb2,
    jurisdictions_pb2,
    safety_plans_pb2,
)
from haven.crisis.v1 import resources_pb2 as resource

WALK = "a walk by the river"


def a_plan(*texts: str, **changes: Any) -> Any:
    """What a patient and a clinician wrote."""
    items = [resource.SafetyPlanItem(text=text) for text in texts or (WALK,)]
    section = resource.SafetyPlanSection(
        kind=resource.SAFETY_PLAN_SECTION_KIND_OWN_COPING, items=items
    )
    values = {"patient_id": "p-1", "sections": [section], **changes}
    return safety_plans_pb2.ReviseSafetyPlanRequest(**values)


def numbers(day: date, **changes: Any) -> Any:
    """One local number, fictional."""
    entry = jurisdictions_pb2.LocalNumberEntry(
        kind=resource.LOCAL_NUMBER_KIND_PSAP,
        name="a fictional dispatch",
        phone="+12025550100",
        verified_date=Date(year=day.year, month=day.month, day=day.day),
    )
    return jurisdictions_pb2.PutLocalNumbersRequest(
        **{"state": "VA", "numbers": [entry], **changes}
    )


def today() -> date:
    return datetime.now(UTC).date()


def a_case() -> Any:
    return crisis_pb2.OpenCaseRequest(patient_id="p-1", severity=events_pb2.SEVERITY_HIGH)


async def resolved(clinician: Any, supervisor: Any) -> str:
    """A case of high severity from its beginning to its end; its id."""
    case_id = (await clinician.ask(a_case())).case.case_id
    await clinician.ask(crisis_pb2.AcknowledgeCaseRequest(case_id=case_id))
    await clinician.ask(
        crisis_pb2.RecordContactRequest(
            case_id=case_id, contact_method=resource.CONTACT_METHOD_PHONE
        )
    )
    await supervisor.ask(
        crisis_pb2.ResolveCaseRequest(
            case_id=case_id, disposition=resource.DISPOSITION_SAFETY_PLAN_WITH_SUPPORTS
        )
    )
    return str(case_id)


async def follow_ups(caller: Any, **asked: Any) -> list[Any]:
    """A list of follow-ups."""
    return list((await caller.ask(follow_ups_pb2.ListFollowUpsRequest(**asked))).follow_ups)
