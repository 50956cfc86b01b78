"""A care plan: measurable, signed by everyone it binds, and long enough for the level of care."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from chassis.errors import FailedPrecondition, InvalidArgument, Violation


class CarePlanState(Enum):
    """Where a plan stands."""

    DRAFTED = "drafted"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class SignerRole(Enum):
    """Everyone who must sign before a plan can work."""

    PATIENT = "patient"
    PRIMARY_CLINICIAN = "primary_clinician"
    SUPERVISOR = "supervisor"


class Comparator(Enum):
    """On which side of the target the goal lies."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Modality(Enum):
    """What is done."""

    GROUP = "group"
    INDIVIDUAL = "individual"
    FAMILY = "family"
    MEDICATION_MANAGEMENT = "medication_management"


TRANSITIONS = {
    (CarePlanState.DRAFTED, "sign"): CarePlanState.DRAFTED,
    (CarePlanState.DRAFTED, "activate"): CarePlanState.ACTIVE,
    (CarePlanState.ACTIVE, "supersede"): CarePlanState.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is treated, by diagnosis code."""

    problem_id: str
    diagnosis_code: str
    priority: int


@dataclass(frozen=True, slots=True)
class Goal:
    """What the patient wants; the words themselves rest as ciphertext."""

    goal_id: str
    problem_id: str
    statement_ciphertext: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Objective:
    """A goal as a number to reach by a day."""

    goal_id: str
    measure_code: str
    baseline: float
    comparator: Comparator
    target: float
    due_date: date
    owner_id: str

    @property
    def is_beyond_baseline(self) -> bool:
        """The target asks for change in the direction it names."""
        if self.comparator is Comparator.AT_MOST:
            return self.target < self.baseline
        return self.target > self.baseline


@dataclass(frozen=True, slots=True)
class Intervention:
    """What is done, by whom, how often, for how many counted minutes."""

    modality: Modality
    discipline: str
    times_per_week: int
    minutes: int


@dataclass(frozen=True, slots=True)
class PlanSignature:
    """Somebody's name under the plan, in a role."""

    signer_role: SignerRole
    signer_id: str
    sign_time: datetime


@dataclass(frozen=True, slots=True)
class PlanRules:
    """The tenant's numbers for a plan."""

    minimum_weekly_minutes: int
    maximum_weekly_minutes: int
    maximum_problems: int
    required_signatures: tuple[SignerRole, ...]


@dataclass(kw_only=True)
class CarePlan:
    """One version of a patient's plan. It changes by signatures only; another plan replaces it."""

    id: str
    patient_id: str
    is_part2_protected: bool
    problems: tuple[Problem, ...]
    goals: tuple[Goal, ...]
    objectives: tuple[Objective, ...]
    interventions: tuple[Intervention, ...]
    weeks: int
    create_time: datetime
    state: CarePlanState = CarePlanState.DRAFTED
    signatures: list[PlanSignature] = field(default_factory=list)
    activate_time: datetime | None = None
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def weekly_minutes(self) -> int:
        """Counted minutes of treatment per week."""
        return sum(each.times_per_week * each.minutes for each in self.interventions)

    def check(self, rules: PlanRules, today: date) -> None:
        """Refuse a plan that is not measurable or does not fill the level of care."""
        faults = [*_size_faults(self, rules), *_goal_faults(self), *_objective_faults(self, today)]
        if faults:
            raise InvalidArgument(faults[0].reason, "plan at fault", violations=faults)

    def sign(self, signature: PlanSignature) -> None:
        """Add a signature; one for each role, and nobody signs for two."""
        self._move("sign")
        for each in self.signatures:
            if each.signer_role is signature.signer_role or each.signer_id == signature.signer_id:
                raise FailedPrecondition("ALREADY_SIGNED", "the role or the signer has signed")
        self.signatures.append(signature)

    def activate(self, rules: PlanRules, now: datetime) -> None:
        """Put a fully signed plan to work."""
        self._move("activate")
        signed = {each.signer_role for each in self.signatures}
        missing = [role for role in rules.required_signatures if role not in signed]
        if missing:
            raise FailedPrecondition(
                "CARE_PLAN_SIGNATURES_MISSING",
                "missing signatures: " + ", ".join(role.value for role in missing),
                violations=[
                    Violation(f"signatures.{role.value}", "SIGNATURE_MISSING", "has not signed")
                    for role in missing
                ],
            )
        self.activate_time = now

    def supersede(self) -> None:
        """Give way to a newer plan."""
        self._move("supersede")

    def _move(self, verb: str) -> None:
        target = TRANSITIONS.get((self.state, verb))
        if target is None:
            reason = "CARE_PLAN_NOT_ACTIVE" if verb == "supersede" else "CARE_PLAN_NOT_DRAFTED"
            raise FailedPrecondition(reason, f"a plan that is {self.state.value} refuses this")
        self.state = target


def _size_faults(plan: CarePlan, rules: PlanRules) -> list[Violation]:
    faults = []
    if plan.weekly_minutes < rules.minimum_weekly_minutes:
        text = f"the interventions must reach {rules.minimum_weekly_minutes} minutes a week"
        faults.append(Violation("interventions", "PLAN_MINUTES_BELOW_LEVEL", text))
    if plan.weekly_minutes > rules.maximum_weekly_minutes:
        text = f"the interventions may reach {rules.maximum_weekly_minutes} minutes a week"
        faults.append(Violation("interventions", "PLAN_MINUTES_ABOVE_LEVEL", text))
    if len(plan.problems) > rules.maximum_problems:
        text = f"at most {rules.maximum_problems} problems can be active"
        faults.append(Violation("problems", "PROBLEMS_TOO_MANY", text))
    return faults


def _goal_faults(plan: CarePlan) -> list[Violation]:
    problems = [each.problem_id for each in plan.problems]
    goals = [each.goal_id for each in plan.goals]
    faults = [
        Violation(name, "KEY_REPEATED", "a key is used twice")
        for name, keys in (("problems", problems), ("goals", goals))
        if max(Counter(keys).values(), default=1) > 1
    ]
    faults += [
        Violation(f"goals[{place}].problem_id", "KEY_UNKNOWN", "the plan has no such problem")
        for place, goal in enumerate(plan.goals)
        if goal.problem_id not in problems
    ]
    served = {goal.problem_id for goal in plan.goals}
    faults += [
        Violation(f"problems[{place}]", "GOAL_MISSING", "each problem needs a goal")
        for place, problem in enumerate(problems)
        if problem not in served
    ]
    return faults


def _objective_faults(plan: CarePlan, today: date) -> list[Violation]:
    goals = [each.goal_id for each in plan.goals]
    measured = {each.goal_id for each in plan.objectives}
    faults = [
        Violation(f"goals[{place}]", "OBJECTIVE_MISSING", "each goal needs an objective")
        for place, goal in enumerate(goals)
        if goal not in measured
    ]
    for place, objective in enumerate(plan.objectives):
        path = f"objectives[{place}]"
        if objective.goal_id not in goals:
            text = "the plan has no such goal"
            faults.append(Violation(f"{path}.goal_id", "KEY_UNKNOWN", text))
        if not objective.is_beyond_baseline:
            text = "the target must lie beyond the baseline"
            faults.append(Violation(f"{path}.target", "TARGET_NOT_BEYOND_BASELINE", text))
        if objective.due_date < today:
            faults.append(Violation(f"{path}.due_date", "DUE_DATE_PAST", "must not be past"))
    return faults
