"""Safety plans, follow-ups and jurisdictions as responses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from google.type.date_pb2 import Date
from haven.crisis.v1 import follow_ups_pb2, jurisdictions_pb2, resources_pb2, safety_plans_pb2

from chassis.store import Page, etag_of
from services.crisis.codec.names import (
    CANCEL_REASON_NUMBERS,
    FOLLOW_UP_KIND_NUMBERS,
    FOLLOW_UP_STATE_NUMBERS,
    NUMBER_KIND_NUMBERS,
    OUTCOME_NUMBERS,
    OWNER_ROLE_NUMBERS,
    SECTION_KIND_NUMBERS,
    WARN_RULE_NUMBERS,
)
from services.crisis.domain.follow_up import FollowUp, Owner
from services.crisis.domain.jurisdiction import Area, DutyToWarn, LocalNumber, Survey, WarnEntry
from services.crisis.domain.pack import LocalHelp, OpenPlan
from services.crisis.domain.safety_plan import SafetyPlan, Standing, Version


def revise_plan(standing: Standing) -> safety_plans_pb2.ReviseSafetyPlanResponse:
    """What was written, without its texts: an answer is kept for whoever repeats the request."""
    return safety_plans_pb2.ReviseSafetyPlanResponse(safety_plan=_standing(standing))


def review_plan(standing: Standing) -> safety_plans_pb2.ReviewSafetyPlanResponse:
    """The plan with its next review."""
    return safety_plans_pb2.ReviewSafetyPlanResponse(safety_plan=_standing(standing))


def get_plan(plan: OpenPlan) -> safety_plans_pb2.GetSafetyPlanResponse:
    """The version in force with its texts."""
    return safety_plans_pb2.GetSafetyPlanResponse(safety_plan=open_plan(plan))


def get_plan_version(plan: OpenPlan) -> safety_plans_pb2.GetSafetyPlanVersionResponse:
    """One version with its texts."""
    return safety_plans_pb2.GetSafetyPlanVersionResponse(safety_plan=open_plan(plan))


def list_plan_versions(page: Page[Version]) -> safety_plans_pb2.ListSafetyPlanVersionsResponse:
    """A part of the list."""
    return safety_plans_pb2.ListSafetyPlanVersionsResponse(
        versions=[_version(each) for each in page.items], next_page_token=page.next_page_token
    )


def list_follow_ups(page: Page[FollowUp]) -> follow_ups_pb2.ListFollowUpsResponse:
    """A part of the list."""
    return follow_ups_pb2.ListFollowUpsResponse(
        follow_ups=[_follow_up(each) for each in page.items], next_page_token=page.next_page_token
    )


def get_follow_up(each: FollowUp) -> follow_ups_pb2.GetFollowUpResponse:
    """One follow-up."""
    return follow_ups_pb2.GetFollowUpResponse(follow_up=_follow_up(each))


def complete_follow_up(each: FollowUp) -> follow_ups_pb2.CompleteFollowUpResponse:
    """The follow-up, done."""
    return follow_ups_pb2.CompleteFollowUpResponse(follow_up=_follow_up(each))


def reassign_follow_up(each: FollowUp) -> follow_ups_pb2.ReassignFollowUpResponse:
    """The follow-up with its new owner."""
    return follow_ups_pb2.ReassignFollowUpResponse(follow_up=_follow_up(each))


def cancel_follow_up(each: FollowUp) -> follow_ups_pb2.CancelFollowUpResponse:
    """The follow-up, cancelled."""
    return follow_ups_pb2.CancelFollowUpResponse(follow_up=_follow_up(each))


def put_numbers(area: Area) -> jurisdictions_pb2.PutLocalNumbersResponse:
    """The area as it now is; whoever put it looks at its age in GetJurisdiction."""
    return jurisdictions_pb2.PutLocalNumbersResponse(
        numbers=[_number(each) for each in area.numbers], etag=etag_of(area)
    )


def put_duty(entry: WarnEntry) -> jurisdictions_pb2.PutDutyToWarnResponse:
    """The finding as it now is."""
    return jurisdictions_pb2.PutDutyToWarnResponse(
        duty_to_warn=_duty(entry.duty), etag=etag_of(entry)
    )


def get_jurisdiction(survey: Survey) -> jurisdictions_pb2.GetJurisdictionResponse:
    """All that is known about one state."""
    place, today, fresh_days = survey.jurisdiction, survey.today, survey.number_fresh_days
    lacking = place.without_number(today, fresh_days)
    answer = jurisdictions_pb2.GetJurisdictionResponse(
        numbers=[_number(each, each.is_stale(today, fresh_days)) for each in place.numbers],
        kinds_without_number=[NUMBER_KIND_NUMBERS[kind] for kind in lacking],
        duty_to_warn_etag=survey.duty_etag,
    )
    for area, etag in sorted(survey.area_etags.items()):
        answer.areas.add(area=area, etag=etag)
    must_be_checked = place.duty.must_be_checked(today, survey.duty_fresh_days)
    answer.duty_to_warn.CopyFrom(_duty(place.duty, must_be_checked))
    return answer


def tell_help(told: resources_pb2.EmergencyPack, help: LocalHelp) -> None:
    """Put local help into a pack; what is stale is marked, not left out."""
    told.call_number, told.dispatch_caution = help.call_number, help.dispatch_caution
    for each in help.numbers:
        is_stale = each.is_stale(help.today, help.number_fresh_days)
        told.local_numbers.append(_number(each, is_stale))
    if help.duty is not None:
        must_be_checked = help.duty.must_be_checked(help.today, help.duty_fresh_days)
        told.duty_to_warn.CopyFrom(_duty(help.duty, must_be_checked))


def open_plan(plan: OpenPlan) -> resources_pb2.SafetyPlan:
    """A version with its texts."""
    summary = _summary(plan.plan, plan.in_force, plan.now)
    message = resources_pb2.SafetyPlan(
        summary=summary,
        version=_version(plan.shown),
        call_number=plan.call_number,
        unreadable_fields=plan.unreadable,
    )
    for kind, items in plan.sections:
        section = message.sections.add(kind=SECTION_KIND_NUMBERS[kind])
        for item in items:
            section.items.add(text=item.text, phone=item.phone)
    return message


def _standing(standing: Standing) -> resources_pb2.SafetyPlanSummary:
    return _summary(standing.plan, standing.in_force, standing.now)


def _summary(plan: SafetyPlan, in_force: Version, now: datetime) -> resources_pb2.SafetyPlanSummary:
    message = resources_pb2.SafetyPlanSummary(
        patient_id=plan.patient_id,
        version=_version(in_force),
        is_review_overdue=plan.is_overdue(now),
        etag=etag_of(plan),
    )
    _set_time(message, "review_time", plan.review_time)
    return message


def _version(version: Version) -> resources_pb2.SafetyPlanVersion:
    message = resources_pb2.SafetyPlanVersion(
        plan_version=version.number,
        author_id=version.author_id,
        missing_sections=[SECTION_KIND_NUMBERS[kind] for kind in version.missing],
    )
    _set_time(message, "create_time", version.create_time)
    return message


def _follow_up(each: FollowUp) -> follow_ups_pb2.FollowUp:
    message = follow_ups_pb2.FollowUp(
        follow_up_id=each.id,
        patient_id=each.patient_id,
        kind=FOLLOW_UP_KIND_NUMBERS[each.kind],
        number=each.number,
        state=FOLLOW_UP_STATE_NUMBERS[each.state],
        owner=_owner(each.owner),
        case_id=each.case_id,
        screening_id=each.screening_id,
        inbound_id=each.text.inbound_id if each.text else "",
        escalation_count=each.escalation_count,
        closer_id=each.closer_id,
        outcome=OUTCOME_NUMBERS.get(each.outcome, 0),
        cancel_reason=CANCEL_REASON_NUMBERS.get(each.cancel_reason, 0),
    )
    _set_time(message, "start_time", each.start_time)
    _set_time(message, "due_time", each.due_time)
    _set_time(message, "next_escalation_time", each.escalate_time)
    _set_time(message, "close_time", each.close_time)
    _set_time(message, "create_time", each.create_time)
    return message


def _owner(owner: Owner) -> follow_ups_pb2.FollowUpOwner:
    if owner.role is None:
        return follow_ups_pb2.FollowUpOwner(clinician_id=owner.clinician_id)
    return follow_ups_pb2.FollowUpOwner(role=OWNER_ROLE_NUMBERS[owner.role])


def _number(number: LocalNumber, is_stale: bool = False) -> resources_pb2.LocalNumber:
    return resources_pb2.LocalNumber(
        kind=NUMBER_KIND_NUMBERS[number.kind],
        state=number.state,
        area=number.area,
        name=number.name,
        phone=number.phone,
        verified_date=_date(number.verified_on),
        verifier_id=number.verifier_id,
        is_stale=is_stale,
    )


def _duty(duty: DutyToWarn, must_be_checked: bool = False) -> resources_pb2.DutyToWarn:
    return resources_pb2.DutyToWarn(
        state=duty.state,
        rule=WARN_RULE_NUMBERS[duty.rule],
        source=duty.source,
        verified_date=_date(duty.verified_on) if duty.verified_on else None,
        verifier_id=duty.verifier_id,
        must_be_checked=must_be_checked,
    )


def _date(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)


def _set_time(message: Any, name: str, instant: datetime | None) -> None:
    if instant is not None:
        getattr(message, name).FromDatetime(instant)
