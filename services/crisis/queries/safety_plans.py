"""Safety plans as staff read them, and as the patient's own copy."""

from __future__ import annotations

from chassis.call import Call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.aftercare_commands import GetSafetyPlan
from services.crisis.domain.commands import ListPage
from services.crisis.domain.pack import OpenPlan
from services.crisis.domain.safety_plan import Version
from services.crisis.ports import PolicyOf, Reveal
from services.crisis.ports.aftercare import SafetyPlanBook
from services.crisis.queries.pack import Opening, Shown


class SafetyPlanQueries:
    """Every read is in the audit trail before a text is decrypted."""

    def __init__(
        self, store: Store, *, book: SafetyPlanBook, policy_of: PolicyOf, reveal: Reveal
    ) -> None:
        self._store = store
        self._book = book
        self._policy_of = policy_of
        self._reveal = reveal

    def get(self, call: Call, command: GetSafetyPlan) -> OpenPlan:
        """A version with its texts; NotFound where it does not exist, or is another patient's."""
        call.require_self(command.patient_id)
        shown = self._store.read(call, lambda reader: self._shown(reader, command))
        number = self._policy_of(call.tenant_id).call_number
        return Opening(call, self._reveal).plan(shown, number)

    def page(self, call: Call, asked: ListPage) -> Page[Version]:
        """All versions, newest first; NotFound where the patient has no plan."""

        def look(reader: Reader) -> Page[Version]:
            if self._book.of(reader, asked.id) is None:
                raise NotFound("NOT_FOUND", "no such resource")
            return self._book.page_versions(reader, asked)

        return self._store.read(call, look)

    def _shown(self, reader: Reader, command: GetSafetyPlan) -> Shown:
        if (plan := self._book.of(reader, command.patient_id)) is None:
            raise NotFound("NOT_FOUND", "no such resource")
        in_force = self._book.version(reader, command.patient_id, plan.number)
        shown = in_force
        if command.number not in {0, plan.number}:
            shown = self._book.version(reader, command.patient_id, command.number)
        if shown is None or in_force is None:
            raise NotFound("NOT_FOUND", "no such resource")
        return Shown(plan, shown, in_force, reader.now)
