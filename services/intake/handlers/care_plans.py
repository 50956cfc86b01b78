"""Drafting, signing and activating care plans."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from chassis.call import Call, Role
from chassis.errors import PermissionDenied
from chassis.ids import new_id
from chassis.store import Store, Tx
from services.intake.domain.care_plan import CarePlan, PlanSignature, SignerRole
from services.intake.domain.commands import ActivateCarePlan, CreateCarePlan, SignCarePlan
from services.intake.handlers.versions import require_etag
from services.intake.ports import Book, Cipher, EpisodeBook, PolicyOf

# Whoever signs in a role must hold it.
HELD_BY = {
    SignerRole.PATIENT: Role.PATIENT,
    SignerRole.PRIMARY_CLINICIAN: Role.CLINICIAN,
    SignerRole.SUPERVISOR: Role.SUPERVISOR,
}


class CarePlans:
    """The plans of the tenant's patients."""

    def __init__(
        self,
        store: Store,
        *,
        care_plans: Book[CarePlan],
        episodes: EpisodeBook,
        cipher: Cipher,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._cipher, self._policy_of = store, cipher, policy_of
        self._care_plans, self._episodes = care_plans, episodes

    def create(self, call: Call, command: CreateCarePlan) -> CarePlan:
        """Draft a plan."""
        care_plan_id, rules = new_id(), self._policy_of(call.tenant_id).plan_rules()
        goals = tuple(
            replace(
                goal,
                statement_ciphertext=self._sealed(call, command.statements.get(goal.goal_id, "")),
            )
            for goal in command.goals
        )

        def drafted(tx: Tx) -> CarePlan:
            episode = self._episodes.of(tx, command.patient_id)
            plan = CarePlan(
                id=care_plan_id,
                patient_id=command.patient_id,
                is_part2_protected=episode.is_part2_protected,
                problems=command.problems,
                goals=goals,
                objectives=command.objectives,
                interventions=command.interventions,
                weeks=command.weeks,
                create_time=tx.now,
            )
            plan.check(rules, tx.now.astimezone(ZoneInfo(episode.time_zone)).date())
            return self._care_plans.insert(tx, plan)

        return self._store.transact(call, drafted)

    def sign(self, call: Call, command: SignCarePlan) -> CarePlan:
        """Sign in a role that the caller holds; a patient signs the own plan only."""
        if not call.has(HELD_BY[command.signer_role]):
            raise PermissionDenied("SIGNER_ROLE_NOT_HELD", "the caller does not hold this role")

        def signed(tx: Tx) -> CarePlan:
            plan = self._care_plans.load(tx, command.care_plan_id)
            call.require_self(plan.patient_id)
            require_etag(plan, command.etag)
            _require_own_name(call, plan, command.signer_role)
            plan.sign(PlanSignature(command.signer_role, call.actor.subject, tx.now))
            return self._care_plans.save(tx, plan)

        return self._store.transact(call, signed)

    def activate(self, call: Call, command: ActivateCarePlan) -> CarePlan:
        """Put a signed plan to work; the one that worked before gives way in the same commit."""
        rules = self._policy_of(call.tenant_id).plan_rules()

        def activated(tx: Tx) -> CarePlan:
            plan = self._care_plans.load(tx, command.care_plan_id)
            require_etag(plan, command.etag)
            plan.activate(rules, tx.now)
            episode = self._episodes.of(tx, plan.patient_id)
            former_id = episode.active_care_plan_id
            episode.activate_plan(plan.id, weekly_minutes=plan.weekly_minutes, weeks=plan.weeks)
            if former_id:
                former = self._care_plans.load(tx, former_id)
                former.supersede()
                self._care_plans.save(tx, former)
            self._episodes.save(tx, episode)
            return self._care_plans.save(tx, plan)

        return self._store.transact(call, activated)

    def _sealed(self, call: Call, text: str) -> bytes:
        return self._cipher.encrypt(call.tenant_id, text) if text else b""


def _require_own_name(call: Call, plan: CarePlan, role: SignerRole) -> None:
    """Somebody with several roles still signs as the patient only for themself."""
    if role is SignerRole.PATIENT and call.actor.subject != plan.patient_id:
        raise PermissionDenied("SIGNER_ROLE_NOT_HELD", "only the patient signs as the patient")
