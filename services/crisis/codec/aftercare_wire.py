"""Requests about safety plans, follow-ups and jurisdictions as commands."""

from __future__ import annotations

from typing import Any

from haven.crisis.v1 import follow_ups_pb2, jurisdictions_pb2, safety_plans_pb2

from chassis.decode import MALFORMED, REQUIRED, UNKNOWN, Fields
from services.crisis.codec.jurisdiction_table import AREA, NAME_LENGTH, PHONE
from services.crisis.codec.names import (
    CANCEL_REASONS,
    NUMBER_KINDS,
    OUTCOMES,
    OWNER_ROLES,
    SECTION_KINDS,
    WARN_RULES,
)
from services.crisis.domain import aftercare_commands as commands
from services.crisis.domain.commands import ListPage
from services.crisis.domain.follow_up import Owner
from services.crisis.domain.safety_plan import MOST_ITEMS, SectionKind
from services.crisis.domain.states import STATES

TEXT_LENGTH, PHONE_LENGTH = 500, 40
MOST_NUMBERS = 50
FIRST_VERSION, LAST_VERSION = 1, 2**31 - 1


def revise_plan(request: safety_plans_pb2.ReviseSafetyPlanRequest) -> commands.ReviseSafetyPlan:
    """What the patient and the clinician wrote."""
    fields = Fields(request)
    sections = tuple(
        _section(each) for each in fields.each("sections", low=1, high=len(SectionKind))
    )
    kinds = [section.kind for section in sections]
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            fields.fault(f"sections[{index}].kind", MALFORMED, "must not repeat")
    command = commands.ReviseSafetyPlan(
        patient_id=fields.identifier("patient_id"),
        sections=sections,
        review_time=fields.optional_timestamp("review_time"),
        etag=fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def review_plan(request: safety_plans_pb2.ReviewSafetyPlanRequest) -> commands.ReviewSafetyPlan:
    """Whose plan stays, and until when."""
    fields = Fields(request)
    command = commands.ReviewSafetyPlan(
        patient_id=fields.identifier("patient_id"),
        review_time=fields.optional_timestamp("review_time"),
        etag=fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def get_plan(request: safety_plans_pb2.GetSafetyPlanRequest) -> commands.GetSafetyPlan:
    """Whose plan."""
    fields = Fields(request)
    command = commands.GetSafetyPlan(fields.identifier("patient_id"))
    fields.done()
    return command


def get_plan_version(
    request: safety_plans_pb2.GetSafetyPlanVersionRequest,
) -> commands.GetSafetyPlan:
    """Which version of whose plan."""
    fields = Fields(request)
    command = commands.GetSafetyPlan(
        fields.identifier("patient_id"),
        fields.integer("plan_version", FIRST_VERSION, LAST_VERSION),
    )
    fields.done()
    return command


def list_plan_versions(request: safety_plans_pb2.ListSafetyPlanVersionsRequest) -> ListPage:
    """Which part of the list."""
    fields = Fields(request)
    id = fields.identifier("patient_id")
    fields.done()
    return ListPage(id, request.page_size, request.page_token)


def list_follow_ups(request: follow_ups_pb2.ListFollowUpsRequest) -> commands.ListFollowUps:
    """Whose, by whom, until when."""
    fields = Fields(request)
    command = commands.ListFollowUps(
        patient_id=fields.optional_identifier("patient_id"),
        owner=_owner(fields) if fields.has("owner") else None,
        due_before=fields.optional_timestamp("due_before_time"),
        with_closed=request.with_closed,
        page_size=request.page_size,
        page_token=request.page_token,
    )
    fields.done()
    return command


def follow_up_id(request: follow_ups_pb2.GetFollowUpRequest) -> str:
    """Which follow-up."""
    fields = Fields(request)
    id = fields.identifier("follow_up_id")
    fields.done()
    return id


def complete_follow_up(
    request: follow_ups_pb2.CompleteFollowUpRequest,
) -> commands.CompleteFollowUp:
    """How it was done."""
    fields = Fields(request)
    command = commands.CompleteFollowUp(
        fields.identifier("follow_up_id"), fields.enum("outcome", OUTCOMES)
    )
    fields.done()
    return command


def reassign_follow_up(
    request: follow_ups_pb2.ReassignFollowUpRequest,
) -> commands.ReassignFollowUp:
    """Who has it from now on."""
    fields = Fields(request)
    command = commands.ReassignFollowUp(fields.identifier("follow_up_id"), _owner(fields))
    fields.done()
    return command


def cancel_follow_up(request: follow_ups_pb2.CancelFollowUpRequest) -> commands.CancelFollowUp:
    """Why it will not be done."""
    fields = Fields(request)
    command = commands.CancelFollowUp(
        fields.identifier("follow_up_id"), fields.enum("cancel_reason", CANCEL_REASONS)
    )
    fields.done()
    return command


def put_numbers(request: jurisdictions_pb2.PutLocalNumbersRequest) -> commands.PutLocalNumbers:
    """Whom to call in one area."""
    fields = Fields(request)
    area = fields.optional_text("area", 64)
    if not AREA.fullmatch(area):
        fields.fault("area", MALFORMED, "must be lower-case letters, digits and dashes")
    command = commands.PutLocalNumbers(
        state=_state(fields),
        area=area,
        numbers=tuple(_number(each) for each in fields.each("numbers", high=MOST_NUMBERS)),
        etag=fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def put_duty(request: jurisdictions_pb2.PutDutyToWarnRequest) -> commands.PutDutyToWarn:
    """What a state asks, and where that is written."""
    fields = Fields(request)
    command = commands.PutDutyToWarn(
        state=_state(fields),
        rule=fields.enum("rule", WARN_RULES),
        source=fields.text("source", TEXT_LENGTH),
        verified_on=fields.date("verified_date"),
        etag=fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def state(request: jurisdictions_pb2.GetJurisdictionRequest) -> str:
    """Which state."""
    fields = Fields(request)
    code = _state(fields)
    fields.done()
    return code


def _section(section: Fields) -> commands.PlainSection:
    return commands.PlainSection(
        kind=section.enum("kind", SECTION_KINDS),
        items=tuple(
            commands.PlainItem(
                each.text("text", TEXT_LENGTH), each.optional_text("phone", PHONE_LENGTH)
            )
            for each in section.each("items", low=1, high=MOST_ITEMS)
        ),
    )


def _owner(fields: Fields) -> Owner:
    owner = fields.nested("owner")
    if owner.has("clinician_id"):
        return Owner(owner.identifier("clinician_id"))
    if owner.has("role"):
        return Owner(role=owner.enum("role", OWNER_ROLES))
    if fields.has("owner"):
        owner.fault("owner", REQUIRED, "must name a clinician or a role")
    return Owner()


def _number(number: Fields) -> commands.NumberEntry:
    phone = number.text("phone", PHONE_LENGTH)
    if phone and not PHONE.fullmatch(phone):
        number.fault("phone", MALFORMED, "must be +1 and a ten-digit number")
    return commands.NumberEntry(
        kind=number.enum("kind", NUMBER_KINDS),
        name=number.text("name", NAME_LENGTH),
        phone=phone,
        verified_on=number.date("verified_date"),
    )


def _state(fields: Fields) -> str:
    code: Any = fields.text("state", 2)
    if code and code not in STATES:
        fields.fault("state", UNKNOWN, "must be the two capital letters of a state")
    return str(code)
