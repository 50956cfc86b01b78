"""What must follow, as clinicians meet it, through gRPC."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from haven.crisis.v1 import crisis_pb2, events_pb2, follow_ups_pb2
from haven.crisis.v1 import resources_pb2 as resource
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.crisis.requests import follow_ups, resolved
from tests.integration.front import Front

DONE = follow_ups_pb2.FOLLOW_UP_STATE_DONE


@pytest.mark.parametrize("reason", [0, follow_ups_pb2.FOLLOW_UP_CANCEL_REASON_SUPERSEDED])
async def test_a_reason_that_no_person_can_give_cancels_nothing(
    supervisor: Any, reason: Any
) -> None:
    refused = await supervisor.refused(
        follow_ups_pb2.CancelFollowUpRequest(follow_up_id="f-1", cancel_reason=reason)
    )

    assert (refused.code, refused.fields) == ("INVALID_ARGUMENT", ["cancel_reason"])


async def test_what_follows_a_case_is_listed_handed_over_and_done(
    clinician: Any, supervisor: Any
) -> None:
    case_id = await resolved(clinician, supervisor)

    planned = await follow_ups(clinician, patient_id="p-1")
    assert len(planned) == 18
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
    assert len(await follow_ups(clinician, patient_id="p-1")) == 17
    assert len(await follow_ups(clinician, patient_id="p-1", with_closed=True)) == 18


async def test_lists_are_paged_and_end_before_a_time(clinician: Any, supervisor: Any) -> None:
    await resolved(clinician, supervisor)
    request = follow_ups_pb2.ListFollowUpsRequest(patient_id="p-1", page_size=10)
    first = await clinician.ask(request)
    request.page_token = first.next_page_token
    rest = await clinician.ask(request)
    soon = follow_ups_pb2.ListFollowUpsRequest()
    soon.due_before_time.FromDatetime(datetime.now(UTC) + timedelta(hours=30))

    assert (len(first.follow_ups), len(rest.follow_ups), rest.next_page_token) == (10, 8, "")
    assert len((await clinician.ask(soon)).follow_ups) in {7, 8}  # day 1 may close before or after


async def test_a_supervisor_reviews_and_cancels(
    front: Front, clinician: Any, supervisor: Any
) -> None:
    await resolved(clinician, supervisor)
    (review,) = await follow_ups(
        clinician, owner=follow_ups_pb2.FollowUpOwner(role=follow_ups_pb2.FOLLOW_UP_ROLE_SUPERVISOR)
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


async def test_more_risk_opens_one_case_however_often_it_is_said(
    front: Front, clinician: Any
) -> None:
    event = intake_pb2.ScreeningCompleted(
        screening_id="s-1", patient_id="p-1", tier=intake_pb2.RISK_TIER_LOW
    )
    event.complete_time.FromDatetime(datetime.now(UTC))
    await front.tell(event)
    (clarify,) = await follow_ups(clinician, patient_id="p-1")
    request = follow_ups_pb2.CompleteFollowUpRequest(
        request_id=new_id(),
        follow_up_id=clarify.follow_up_id,
        outcome=follow_ups_pb2.FOLLOW_UP_OUTCOME_RISK_HIGHER,
    )

    first = await clinician.ask(request)
    assert await clinician.ask(request) == first

    (case,) = (await clinician.ask(crisis_pb2.ListCasesRequest(patient_id="p-1"))).cases
    assert (case.severity, case.source) == (
        events_pb2.SEVERITY_MODERATE,
        resource.CASE_SOURCE_CLINICIAN,
    )


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
