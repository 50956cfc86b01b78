"""Safety plans: written by a clinician with the patient, gone through again in time."""

from __future__ import annotations

from datetime import datetime

from chassis.call import Call
from chassis.errors import NotFound
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.crisis.domain.aftercare_commands import (
    PlainSection,
    ReviewSafetyPlan,
    ReviseSafetyPlan,
)
from services.crisis.domain.safety_plan import (
    Review,
    SafetyPlan,
    SealedItem,
    SealedSection,
    Standing,
)
from services.crisis.handlers.versions import refuse_stale
from services.crisis.ports import PolicyOf
from services.crisis.ports.aftercare import Aftercare, SafetyPlanBook, Seal


class SafetyPlans:
    """Writing and confirming plans. The review that was due is closed in the same transaction."""

    def __init__(
        self,
        store: Store,
        *,
        book: SafetyPlanBook,
        aftercare: Aftercare,
        policy_of: PolicyOf,
        seal: Seal,
    ) -> None:
        self._store, self._book, self._aftercare = store, book, aftercare
        self._policy_of, self._seal = policy_of, seal

    def revise(self, call: Call, command: ReviseSafetyPlan) -> Standing:
        """The next version takes the place of the one in force."""
        sections = [self._sealed(call, section) for section in command.sections]
        patient_id = command.patient_id

        def change(tx: Tx) -> Standing:
            known = self._book.of(tx, patient_id)
            refuse_stale(known, command.etag)
            id = derived_id(call.tenant_id, "safety-plan", patient_id)
            plan = known or SafetyPlan(id, patient_id)
            version = plan.revise(
                sections,
                author_id=call.actor.subject,
                review=self._review(tx, command.review_time),
                now=tx.now,
            )
            self._book.keep(tx, plan, version)
            self._aftercare.after_plan(tx, plan, was_revised=True)
            return Standing(plan, version, tx.now)

        return self._store.transact(call, change)

    def confirm(self, call: Call, command: ReviewSafetyPlan) -> Standing:
        """The version in force was gone through with the patient and stays."""

        def change(tx: Tx) -> Standing:
            plan = self._book.of(tx, command.patient_id)
            version = self._book.version(tx, command.patient_id, plan.number) if plan else None
            if plan is None or version is None:
                raise NotFound("NOT_FOUND", "no such resource")
            refuse_stale(plan, command.etag)
            plan.confirm(review=self._review(tx, command.review_time), now=tx.now)
            self._book.keep(tx, plan)
            self._aftercare.after_plan(tx, plan, was_revised=False)
            return Standing(plan, version, tx.now)

        return self._store.transact(call, change)

    def _review(self, tx: Tx, asked: datetime | None) -> Review:
        policy = self._policy_of(tx.call.tenant_id).aftercare
        return Review(asked, policy.plan_review_time(tx.now))

    def _sealed(self, call: Call, section: PlainSection) -> SealedSection:
        return SealedSection(
            section.kind,
            tuple(
                SealedItem(self._text(call, each.text), self._text(call, each.phone))
                for each in section.items
            ),
        )

    def _text(self, call: Call, text: str) -> bytes:
        return self._seal(call.tenant_id, text) if text else b""
