"""What a plan holds, and who signs it."""

from __future__ import annotations

import math

from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.decode import OUT_OF_RANGE, Fields
from services.intake.codec import texts
from services.intake.codec.names import COMPARATORS, MODALITIES, SIGNER_ROLES
from services.intake.codec.requests.people import one_id
from services.intake.domain import commands
from services.intake.domain.care_plan import Goal, Intervention, Objective, Problem

STATEMENT_LENGTH = 1000
MOST_PROBLEMS, MOST_GOALS, MOST_OBJECTIVES, MOST_INTERVENTIONS = 20, 40, 100, 40
HIGHEST_PRIORITY, TIMES_PER_WEEK, MINUTES, WEEKS = 20, 28, 480, 52


def create_care_plan(request: intake_pb2.CreateCarePlanRequest) -> commands.CreateCarePlan:
    """A plan, to be checked as a whole by the domain."""
    fields = Fields(request)
    command = commands.CreateCarePlan(
        patient_id=fields.identifier("patient_id"),
        problems=tuple(
            _problem(each) for each in fields.each("problems", low=1, high=MOST_PROBLEMS)
        ),
        goals=tuple(
            Goal(each.identifier("goal_id"), each.identifier("problem_id"))
            for each in fields.each("goals", low=1, high=MOST_GOALS)
        ),
        statements=_statements(fields, request),
        objectives=tuple(
            _objective(each, message)
            for each, message in zip(
                fields.each("objectives", low=1, high=MOST_OBJECTIVES),
                request.objectives,
                strict=False,
            )
        ),
        interventions=tuple(
            _intervention(each)
            for each in fields.each("interventions", low=1, high=MOST_INTERVENTIONS)
        ),
        weeks=fields.integer("weeks", 1, WEEKS),
    )
    fields.done()
    return command


def sign_care_plan(request: intake_pb2.SignCarePlanRequest) -> commands.SignCarePlan:
    """Which plan, in which role."""
    fields = Fields(request)
    command = commands.SignCarePlan(
        care_plan_id=fields.identifier("care_plan_id"),
        signer_role=fields.enum("signer_role", SIGNER_ROLES),
        etag=fields.optional_identifier("etag"),
    )
    fields.done()
    return command


def activate_care_plan(request: intake_pb2.ActivateCarePlanRequest) -> commands.ActivateCarePlan:
    """Which plan goes to work."""
    fields = Fields(request)
    command = commands.ActivateCarePlan(
        fields.identifier("care_plan_id"), fields.optional_identifier("etag")
    )
    fields.done()
    return command


def get_care_plan(request: intake_pb2.GetCarePlanRequest) -> str:
    """Which plan."""
    return one_id(request, "care_plan_id")


def _problem(fields: Fields) -> Problem:
    return Problem(
        problem_id=fields.identifier("problem_id"),
        diagnosis_code=texts.diagnosis(fields, "diagnosis_code"),
        priority=fields.integer("priority", 1, HIGHEST_PRIORITY),
    )


def _statements(fields: Fields, request: intake_pb2.CreateCarePlanRequest) -> dict[str, str]:
    """The patient's words by goal; words without a goal would be lost and are refused."""
    goals = {goal.goal_id for goal in request.goals}
    statements: dict[str, str] = {}
    for each in fields.each("goal_statements", high=MOST_GOALS):
        goal_id, text = each.identifier("goal_id"), each.text("text", STATEMENT_LENGTH)
        if goal_id not in goals:
            each.fault("goal_id", "KEY_UNKNOWN", "the plan has no such goal")
        if goal_id in statements:
            each.fault("goal_id", "KEY_REPEATED", "the goal has a statement already")
        statements[goal_id] = text
    return statements


def _objective(fields: Fields, message: resources_pb2.Objective) -> Objective:
    for name in ("baseline", "target"):
        if not math.isfinite(getattr(message, name)):
            fields.fault(name, OUT_OF_RANGE, "must be a number")
    return Objective(
        goal_id=fields.identifier("goal_id"),
        measure_code=texts.measure(fields, "measure_code"),
        baseline=message.baseline,
        comparator=fields.enum("comparator", COMPARATORS),
        target=message.target,
        due_date=fields.date("due_date"),
        owner_id=fields.identifier("owner_id"),
    )


def _intervention(fields: Fields) -> Intervention:
    return Intervention(
        modality=fields.enum("modality", MODALITIES),
        discipline=texts.code(fields, "discipline"),
        times_per_week=fields.integer("times_per_week", 1, TIMES_PER_WEEK),
        minutes=fields.integer("minutes", 1, MINUTES),
    )
