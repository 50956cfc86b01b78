"""Screenings, admissions and care plans."""

from __future__ import annotations

from typing import TypeVar

from chassis.call import Call
from chassis.store import Filter, Page, Reader, Store
from services.intake.domain.care_plan import CarePlan
from services.intake.domain.commands import ListPage, ListScreenings
from services.intake.domain.instruments import INSTRUMENTS
from services.intake.domain.instruments.model import Instrument
from services.intake.domain.screening import Screening
from services.intake.domain.views import AdmissionView
from services.intake.ports import Book, Cipher, EpisodeBook, PolicyOf
from services.intake.queries.paging import of_somebody, page_of

Row = TypeVar("Row")


class Charts:
    """Reads of a patient's record."""

    def __init__(
        self,
        store: Store,
        *,
        screenings: Book[Screening],
        episodes: EpisodeBook,
        care_plans: Book[CarePlan],
        cipher: Cipher,
        policy_of: PolicyOf,
    ) -> None:
        self._store, self._cipher, self._policy_of = store, cipher, policy_of
        self._screenings, self._episodes, self._care_plans = screenings, episodes, care_plans

    def instruments(self, call: Call, command: None) -> tuple[Instrument, ...]:
        """What can be answered here; nobody's record is touched."""
        del call, command
        return INSTRUMENTS

    def screening(self, call: Call, screening_id: str) -> Screening:
        """One screening."""

        def look(reader: Reader) -> Screening:
            screening = self._screenings.load(reader, screening_id)
            call.require_self(screening.patient_id)
            return screening

        return self._store.read(call, look)

    def screenings(self, call: Call, command: ListScreenings) -> Page[Screening]:
        """A part of a patient's screenings, or of those whose safety item staff must ask again."""
        filter: Filter = {}
        if command.page.patient_id:
            filter = {**filter, "patient_id": command.page.patient_id}
        if command.only_safety_item_unanswered:
            filter = {**filter, "is_safety_item_unanswered": True}
        return self._page(call, self._screenings, command.page, filter)

    def admission(self, call: Call, patient_id: str) -> AdmissionView:
        """The admission with its gates, judged now."""
        call.require_self(patient_id)
        rules = self._policy_of(call.tenant_id).gate_rules()

        def look(reader: Reader) -> AdmissionView:
            episode = self._episodes.of(reader, patient_id)
            return AdmissionView.of(episode, rules, reader.now)

        return self._store.read(call, look)

    def care_plan(self, call: Call, care_plan_id: str) -> tuple[CarePlan, dict[str, str]]:
        """A plan with its goals in the patient's own words."""

        def look(reader: Reader) -> CarePlan:
            plan = self._care_plans.load(reader, care_plan_id)
            call.require_self(plan.patient_id)
            return plan

        plan = self._store.read(call, look)
        statements = {
            goal.goal_id: self._cipher.reveal(call.tenant_id, goal.statement_ciphertext)
            for goal in plan.goals
            if goal.statement_ciphertext
        }
        return plan, statements

    def care_plans(self, call: Call, command: ListPage) -> Page[CarePlan]:
        """A part of a patient's plans."""
        return self._page(call, self._care_plans, command, {"patient_id": command.patient_id})

    def _page(self, call: Call, book: Book[Row], command: ListPage, filter: Filter) -> Page[Row]:
        call.require_self(command.patient_id)
        page = page_of(call, book, command, filter)
        return of_somebody(page, call, command, store=self._store, episodes=self._episodes)
