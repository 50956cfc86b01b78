"""Safety plans, follow-ups, places and the queue as their callers meet them, through gRPC."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.type.date_pb2 import Date
from haven.audit.v1 import audit_pb2
from haven.crisis.v1 import (
    crisis_pb2,
    events_pb2,
    follow_ups_pb2,
    jurisdictions_pb2,
    person_queue_pb2,
    safety_plans_pb2,
)
from haven.crisis.v1 import resources_pb2 as resource
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.front import Front

WALK = "a walk by the river"
OPEN, DONE = follow_ups_pb2.FOLLOW_UP_STATE_OPEN, follow_ups_pb2.FOLLOW_UP_STATE_DONE


@pytest.fixture
def clinician(front: Front) -> Any:
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
def supervisor(front: Front) -> Any:
    return front.caller("dr-boss", Role.SUPERVISOR)


@pytest.fixture
def patient(front: Front) -> Any:
    return front.caller("p-1", Role.PATIENT)


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
        (
            follow_ups_pb2.CompleteFollowUpRequest(follow_up_id="f-1"),
            ["outcome"],
        ),
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


@pytest.mark.parametrize("reason", [0, follow_ups_pb2.FOLLOW_UP_CANCEL_REASON_SUPERSEDED])
async def test_a_reason_that_no_person_can_give_cancels_nothing(
    supervisor: Any, reason: Any
) -> None:
    refused = await supervisor.refused(
        follow_ups_pb2.CancelFollowUpRequest(follow_up_id="f-1", cancel_reason=reason)
    )

    assert (refused.code, refused.fields) == ("INVALID_ARGUMENT", ["cancel_reason"])


async def test_a_review_that_is_too_late_is_refused(clinician: Any, database: Any) -> None:
    request = a_plan()
    request.review_time.FromDatetime(datetime.now(UTC) + timedelta(days=31))

    refused = await clinician.refused(request)

    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REVIEW_TIME_OUT_OF_RANGE")
    assert refused.fields == ["review_time"]
    assert database.safety_plans.count_documents({}) == 0


async def test_what_follows_a_case_is_listed_handed_over_and_done(
    clinician: Any, supervisor: Any
) -> None:
    case_id = await resolved(clinician, supervisor)

    planned = await follow_ups(clinician, patient_id="p-1")
    assert len(planned) == 14
    assert {each.case_id for each in planned} == {case_id}
    assert [each.due_time.seconds for each in planned] == sorted(
        each.due_time.seconds for each in planned
    )
    note = next(e for e in planned if e.kind == follow_ups_pb2.FOLLOW_UP_KIND_CRISIS_NOTE)
    owner = follow_ups_pb2.FollowUpOwner(clinician_id="dr-two")
    moved = await clinician.ask(
        follow_ups_pb2.ReassignFollowUpRequest(follow_up_id=note.follow_up_id, owner=owner)
    )
    assert (moved.follow_up.owner, moved.follow_up.due_time) == (owner, note.due_time)
    assert await follow_ups(clinician, owner=owner) == [moved.follow_up]

    done = await clinician.ask(
        follow_ups_pb2.CompleteFollowUpRequest(
            follow_up_id=note.follow_up_id, outcome=follow_ups_pb2.FOLLOW_UP_OUTCOME_WRITTEN
        )
    )
    assert (done.follow_up.state, done.follow_up.closer_id) == (DONE, "dr-one")
    assert not done.follow_up.HasField("next_escalation_time")
    read = await clinician.ask(follow_ups_pb2.GetFollowUpRequest(follow_up_id=note.follow_up_id))
    assert read.follow_up == done.follow_up
    assert len(await follow_ups(clinician, patient_id="p-1")) == 13
    assert len(await follow_ups(clinician, patient_id="p-1", with_closed=True)) == 14


async def test_lists_are_paged_and_end_before_a_time(clinician: Any, supervisor: Any) -> None:
    await resolved(clinician, supervisor)
    request = follow_ups_pb2.ListFollowUpsRequest(patient_id="p-1", page_size=10)
    first = await clinician.ask(request)
    request.page_token = first.next_page_token
    rest = await clinician.ask(request)
    soon = follow_ups_pb2.ListFollowUpsRequest()
    soon.due_before_time.FromDatetime(datetime.now(UTC) + timedelta(hours=30))

    assert (len(first.follow_ups), len(rest.follow_ups), rest.next_page_token) == (10, 4, "")
    assert len((await clinician.ask(soon)).follow_ups) in {3, 4}  # day 1 may close before or after


async def test_a_supervisor_reviews_and_cancels(
    front: Front, clinician: Any, supervisor: Any
) -> None:
    await resolved(clinician, supervisor)
    (review,) = await follow_ups(
        clinician,
        owner=follow_ups_pb2.FollowUpOwner(role=follow_ups_pb2.FOLLOW_UP_ROLE_SUPERVISOR),
    )
    complete = follow_ups_pb2.CompleteFollowUpRequest(
        follow_up_id=review.follow_up_id, outcome=follow_ups_pb2.FOLLOW_UP_OUTCOME_REVIEWED
    )
    cancel = follow_ups_pb2.CancelFollowUpRequest(
        follow_up_id=review.follow_up_id,
        cancel_reason=follow_ups_pb2.FOLLOW_UP_CANCEL_REASON_CARE_TRANSFERRED,
    )

    assert (await clinician.refused(complete)).reason == "SUPERVISOR_REQUIRED"
    assert (await supervisor.refused(complete)).reason == "SECOND_PERSON_REQUIRED"
    assert (await clinician.refused(cancel)).reason == "ROLE_NOT_ALLOWED"
    other = front.caller("dr-other-boss", Role.SUPERVISOR)
    assert (await other.ask(cancel)).follow_up.closer_id == "dr-other-boss"
    assert (await other.refused(complete)).reason == "FOLLOW_UP_CLOSED"


async def test_two_people_who_close_the_same_one_close_it_once(
    clinician: Any, supervisor: Any, front: Front
) -> None:
    await resolved(clinician, supervisor)
    planned = await follow_ups(clinician, patient_id="p-1")
    note = next(e for e in planned if e.kind == follow_ups_pb2.FOLLOW_UP_KIND_CRISIS_NOTE)
    request = follow_ups_pb2.CompleteFollowUpRequest(
        follow_up_id=note.follow_up_id, outcome=follow_ups_pb2.FOLLOW_UP_OUTCOME_WRITTEN
    )
    copies = [type(request).FromString(request.SerializeToString()) for _ in range(5)]
    callers = [front.caller(f"dr-{number}", Role.CLINICIAN) for number in range(5)]

    answers = await asyncio.gather(
        *(caller.ask(copy) for caller, copy in zip(callers, copies, strict=True)),
        return_exceptions=True,
    )

    assert sum(not isinstance(answer, Exception) for answer in answers) == 1


async def test_a_screening_heard_of_by_two_events_is_clarified_once(
    front: Front, clinician: Any
) -> None:
    event = intake_pb2.ScreeningCompleted(
        screening_id="s-1", patient_id="p-1", tier=intake_pb2.RISK_TIER_MODERATE
    )
    event.complete_time.FromDatetime(datetime.now(UTC))
    for version in (1, 2):
        await front.tell(event, version=version)

    (clarify,) = await follow_ups(clinician, patient_id="p-1")
    assert clarify.kind == follow_ups_pb2.FOLLOW_UP_KIND_CLARIFY_SCREEN
    assert clarify.due_time.seconds - event.complete_time.seconds == 86_400


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
    assert (unknown.rule, unknown.must_be_checked) == (
        resource.DUTY_TO_WARN_RULE_UNKNOWN,
        True,
    )


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


async def test_ten_clinicians_at_once_take_each_patient_once(front: Front, clinician: Any) -> None:
    for number in range(6):
        caller = front.caller(f"p-{number}", Role.PATIENT)
        await caller.ask(person_queue_pb2.RequestPersonRequest(patient_id=f"p-{number}"))
    waiting = await clinician.ask(person_queue_pb2.ListPersonRequestsRequest())
    assert [each.queue_position for each in waiting.person_requests] == [1, 2, 3, 4, 5, 6]

    staff = [front.caller(f"dr-{number}", Role.CLINICIAN) for number in range(10)]
    answers = await asyncio.gather(
        *(each.ask(person_queue_pb2.TakeNextPersonRequest()) for each in staff)
    )

    taken = [each.person_request.patient_id for each in answers if each.HasField("person_request")]
    assert sorted(taken) == [f"p-{number}" for number in range(6)]


async def test_a_patient_who_asks_many_times_at_once_has_one_place(
    patient: Any, database: Any
) -> None:
    requests = [person_queue_pb2.RequestPersonRequest(patient_id="p-1") for _ in range(5)]

    answers = await asyncio.gather(*(patient.ask(each) for each in requests))

    assert len({each.person_request.person_request_id for each in answers}) == 1
    assert {each.person_request.call_number for each in answers} == {"988"}
    assert database.person_requests.count_documents({}) == 1


async def test_a_request_from_asking_to_the_end(patient: Any, clinician: Any) -> None:
    asked = (
        await patient.ask(person_queue_pb2.RequestPersonRequest(patient_id="p-1"))
    ).person_request
    assert (asked.queue_position, asked.HasField("expected_wait_duration")) == (1, True)
    await patient.ask(person_queue_pb2.LeavePersonQueueRequest(patient_id="p-1"))
    await patient.ask(person_queue_pb2.RequestPersonRequest(patient_id="p-1"))
    taken = (await clinician.ask(person_queue_pb2.TakeNextPersonRequest())).person_request
    finish = person_queue_pb2.FinishPersonRequestRequest(person_request_id=taken.person_request_id)
    await clinician.ask(finish)

    told = await patient.ask(person_queue_pb2.GetPersonRequestRequest(patient_id="p-1"))
    assert told.person_request.state == person_queue_pb2.PERSON_REQUEST_STATE_FINISHED
    assert (told.person_request.queue_position, told.person_request.call_number) == (0, "988")
    finish.request_id = ""
    assert (await clinician.refused(finish)).reason == "PERSON_NOT_TAKEN"
