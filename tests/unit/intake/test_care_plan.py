"""Care plans: measurable, signed, and long enough for the level of care."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, InvalidArgument
from services.intake.domain.care_plan import (
    CarePlanState,
    Comparator,
    Goal,
    Intervention,
    Modality,
    PlanSignature,
    Problem,
    SignerRole,
)
from tests.unit.intake.builders import NOON, PLAN_RULES, a_plan, an_objective

TODAY = date(2026, 3, 2)


def group(times: int, minutes: int) -> Intervention:
    """So many group blocks a week."""
    return Intervention(Modality.GROUP, "counseling", times, minutes)


def test_nine_hours_a_week_fill_the_level() -> None:
    plan = a_plan(interventions=(group(2, 180), group(2, 90)))
    plan.check(PLAN_RULES, TODAY)
    assert plan.weekly_minutes == 540


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"interventions": (group(3, 179),)}, "PLAN_MINUTES_BELOW_LEVEL"),
        ({"interventions": (group(7, 180),)}, "PLAN_MINUTES_ABOVE_LEVEL"),
        (
            {
                "problems": tuple(Problem(f"p{n}", "F33.1", n) for n in range(1, 7)),
                "goals": tuple(Goal("g1", f"p{n}") for n in range(1, 7)),
            },
            "PROBLEMS_TOO_MANY",
        ),
        ({"problems": (Problem("p1", "F33.1", 1), Problem("p2", "F41.1", 2))}, "GOAL_MISSING"),
        ({"goals": (Goal("g1", "p1"), Goal("g1", "p1"))}, "KEY_REPEATED"),
        ({"goals": (Goal("g1", "p1"), Goal("g2", "p9"))}, "KEY_UNKNOWN"),
        ({"objectives": ()}, "OBJECTIVE_MISSING"),
        ({"objectives": (an_objective(), an_objective(goal_id="g9"))}, "KEY_UNKNOWN"),
        ({"objectives": (an_objective(target=18.0),)}, "TARGET_NOT_BEYOND_BASELINE"),
        (
            {"objectives": (an_objective(comparator=Comparator.AT_LEAST),)},
            "TARGET_NOT_BEYOND_BASELINE",
        ),
        ({"objectives": (an_objective(due_date=date(2026, 3, 1)),)}, "DUE_DATE_PAST"),
    ],
)
def test_a_plan_at_fault_is_refused_by_name(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        a_plan(**changes).check(PLAN_RULES, TODAY)
    assert reason in {each.reason for each in refused.value.violations}


def test_a_goal_may_also_be_to_have_more_of_something() -> None:
    more = an_objective(comparator=Comparator.AT_LEAST, baseline=2.0, target=5.0)
    a_plan(objectives=(more,)).check(PLAN_RULES, TODAY)


def signed_by(*roles: SignerRole) -> Any:
    """A plan with these signatures, each by somebody else."""
    plan = a_plan()
    for role in roles:
        plan.sign(PlanSignature(role, f"signer-{role.value}", NOON))
    return plan


def test_a_plan_works_once_everybody_has_signed() -> None:
    plan = signed_by(*SignerRole)
    plan.activate(PLAN_RULES, NOON)
    assert (plan.state, plan.activate_time) == (CarePlanState.ACTIVE, NOON)


@pytest.mark.parametrize("absent", list(SignerRole))
def test_one_missing_signature_keeps_a_plan_from_working_and_is_named(absent: SignerRole) -> None:
    plan = signed_by(*(role for role in SignerRole if role is not absent))
    with pytest.raises(FailedPrecondition) as refused:
        plan.activate(PLAN_RULES, NOON)
    assert refused.value.reason == "CARE_PLAN_SIGNATURES_MISSING"
    assert [each.field for each in refused.value.violations] == [f"signatures.{absent.value}"]


def test_nobody_signs_for_two_roles_and_no_role_signs_twice() -> None:
    plan = signed_by(SignerRole.PATIENT)
    for role, signer in [
        (SignerRole.PATIENT, "somebody-else"),
        (SignerRole.SUPERVISOR, "signer-patient"),
    ]:
        with pytest.raises(FailedPrecondition) as refused:
            plan.sign(PlanSignature(role, signer, NOON))
        assert refused.value.reason == "ALREADY_SIGNED"


def test_an_active_plan_is_changed_by_another_plan_only() -> None:
    plan = signed_by(*SignerRole)
    plan.activate(PLAN_RULES, NOON)
    with pytest.raises(FailedPrecondition) as refused:
        plan.sign(PlanSignature(SignerRole.PATIENT, "late", NOON))
    assert refused.value.reason == "CARE_PLAN_NOT_DRAFTED"
    plan.supersede()
    assert plan.state is CarePlanState.SUPERSEDED


def test_a_draft_has_nothing_to_give_way_to() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_plan().supersede()
    assert refused.value.reason == "CARE_PLAN_NOT_ACTIVE"
