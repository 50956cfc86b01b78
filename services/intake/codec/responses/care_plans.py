"""Care plans."""

from __future__ import annotations

from google.type import date_pb2
from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import Page, etag_of
from services.intake.codec.messages import timestamp
from services.intake.codec.names import COMPARATORS, MODALITIES, PLAN_STATES, SIGNER_ROLES
from services.intake.codec.responses.evidence import optional_timestamp
from services.intake.domain.care_plan import CarePlan, Intervention, Objective, PlanSignature


def create_care_plan(plan: CarePlan) -> intake_pb2.CreateCarePlanResponse:
    """The drafted plan."""
    return intake_pb2.CreateCarePlanResponse(care_plan=_plan(plan))


def sign_care_plan(plan: CarePlan) -> intake_pb2.SignCarePlanResponse:
    """The plan with the new signature."""
    return intake_pb2.SignCarePlanResponse(care_plan=_plan(plan))


def activate_care_plan(plan: CarePlan) -> intake_pb2.ActivateCarePlanResponse:
    """The plan at work."""
    return intake_pb2.ActivateCarePlanResponse(care_plan=_plan(plan))


def get_care_plan(found: tuple[CarePlan, dict[str, str]]) -> intake_pb2.GetCarePlanResponse:
    """A plan with the patient's own words."""
    plan, statements = found
    return intake_pb2.GetCarePlanResponse(
        care_plan=_plan(plan),
        goal_statements=[
            resources_pb2.GoalStatement(goal_id=goal_id, text=text)
            for goal_id, text in statements.items()
        ],
    )


def list_care_plans(page: Page[CarePlan]) -> intake_pb2.ListCarePlansResponse:
    """A part of the list."""
    return intake_pb2.ListCarePlansResponse(
        care_plans=[_plan(each) for each in page.items], next_page_token=page.next_page_token
    )


def _plan(plan: CarePlan) -> resources_pb2.CarePlan:
    return resources_pb2.CarePlan(
        care_plan_id=plan.id,
        patient_id=plan.patient_id,
        state=PLAN_STATES.number(plan.state),
        problems=[
            resources_pb2.Problem(
                problem_id=each.problem_id,
                diagnosis_code=each.diagnosis_code,
                priority=each.priority,
            )
            for each in plan.problems
        ],
        goals=[
            resources_pb2.Goal(goal_id=each.goal_id, problem_id=each.problem_id)
            for each in plan.goals
        ],
        objectives=[_objective(each) for each in plan.objectives],
        interventions=[_intervention(each) for each in plan.interventions],
        weekly_minutes=plan.weekly_minutes,
        weeks=plan.weeks,
        signatures=[_signature(each) for each in plan.signatures],
        is_part2_protected=plan.is_part2_protected,
        create_time=timestamp(plan.create_time),
        update_time=timestamp(plan.update_time or plan.create_time),
        activate_time=optional_timestamp(plan.activate_time),
        etag=etag_of(plan),
    )


def _objective(objective: Objective) -> resources_pb2.Objective:
    due = objective.due_date
    return resources_pb2.Objective(
        goal_id=objective.goal_id,
        measure_code=objective.measure_code,
        baseline=objective.baseline,
        comparator=COMPARATORS.number(objective.comparator),
        target=objective.target,
        due_date=date_pb2.Date(year=due.year, month=due.month, day=due.day),
        owner_id=objective.owner_id,
    )


def _intervention(intervention: Intervention) -> resources_pb2.Intervention:
    return resources_pb2.Intervention(
        modality=MODALITIES.number(intervention.modality),
        discipline=intervention.discipline,
        times_per_week=intervention.times_per_week,
        minutes=intervention.minutes,
    )


def _signature(signature: PlanSignature) -> resources_pb2.CarePlanSignature:
    return resources_pb2.CarePlanSignature(
        signer_role=SIGNER_ROLES.number(signature.signer_role),
        signer_id=signature.signer_id,
        sign_time=timestamp(signature.sign_time),
    )
