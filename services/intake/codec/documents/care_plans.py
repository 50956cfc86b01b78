"""Care plans."""

from __future__ import annotations

from datetime import date

from chassis.store import Document
from services.intake.codec.documents.evidence import fields_of
from services.intake.domain.care_plan import (
    CarePlan,
    CarePlanState,
    Comparator,
    Goal,
    Intervention,
    Modality,
    Objective,
    PlanSignature,
    Problem,
    SignerRole,
)


def care_plan_document(plan: CarePlan) -> Document:
    """As it is stored."""
    return {
        "patient_id": plan.patient_id,
        "is_part2_protected": plan.is_part2_protected,
        "state": plan.state.value,
        "problems": [fields_of(each) for each in plan.problems],
        "goals": [fields_of(each) for each in plan.goals],
        "objectives": [_objective_document(each) for each in plan.objectives],
        "interventions": [
            fields_of(each) | {"modality": each.modality.value} for each in plan.interventions
        ],
        "weekly_minutes": plan.weekly_minutes,
        "weeks": plan.weeks,
        "signatures": [
            fields_of(each) | {"signer_role": each.signer_role.value} for each in plan.signatures
        ],
        "activate_time": plan.activate_time,
    }


def care_plan_from(document: Document) -> CarePlan:
    """As it was stored."""
    return CarePlan(
        id=document["_id"],
        patient_id=document["patient_id"],
        is_part2_protected=document["is_part2_protected"],
        state=CarePlanState(document["state"]),
        problems=tuple(Problem(**each) for each in document["problems"]),
        goals=tuple(_goal_from(each) for each in document["goals"]),
        objectives=tuple(_objective_from(each) for each in document["objectives"]),
        interventions=tuple(
            Intervention(**{**each, "modality": Modality(each["modality"])})
            for each in document["interventions"]
        ),
        weeks=document["weeks"],
        signatures=[
            PlanSignature(**{**each, "signer_role": SignerRole(each["signer_role"])})
            for each in document["signatures"]
        ],
        activate_time=document["activate_time"],
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def _goal_from(document: Document) -> Goal:
    statement = bytes(document["statement_ciphertext"])
    return Goal(document["goal_id"], document["problem_id"], statement)


def _objective_document(objective: Objective) -> Document:
    return fields_of(objective) | {
        "comparator": objective.comparator.value,
        # A calendar day has no instant: as text it cannot slip over midnight.
        "due_date": objective.due_date.isoformat(),
    }


def _objective_from(document: Document) -> Objective:
    return Objective(
        **{
            **document,
            "comparator": Comparator(document["comparator"]),
            "due_date": date.fromisoformat(document["due_date"]),
        }
    )
