"""What crisis answers. Every read of a chart is in the audit trail before the answer."""

from __future__ import annotations

from typing import TypeVar

from chassis.call import Call, system_call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.case import Case
from services.crisis.domain.commands import ListPage, WhoIsOnCall
from services.crisis.domain.escalation import EscalationPolicy
from services.crisis.domain.opt_out import Absences
from services.crisis.domain.rotation import Rotation, Shift
from services.crisis.domain.signal import Severity
from services.crisis.domain.status import PatientStatus, status_of
from services.crisis.domain.timeline import Act
from services.crisis.ports import CaseBook, Copies, Plans, PolicyOf
from services.crisis.queries.board import BoardQueries
from services.crisis.queries.on_call import OnCallQueries
from services.crisis.queries.pack import Opening, PackQueries

__all__ = [
    "BoardQueries",
    "CaseQueries",
    "OnCallQueries",
    "Opening",
    "PackQueries",
    "PlanQueries",
]

T = TypeVar("T")
SHOWN_ACTS = 200  # crisis.proto GetCaseResponse.acts


class CaseQueries:
    """Cases as clinicians and patients see them."""

    def __init__(
        self, store: Store, *, book: CaseBook, copies: Copies, policy_of: PolicyOf
    ) -> None:
        self._store = store
        self._book = book
        self._copies = copies
        self._policy_of = policy_of

    def get(self, call: Call, case_id: str) -> tuple[Case, list[Act]]:
        """A case and the newest part of its timeline."""

        def look(reader: Reader) -> tuple[Case, list[Act]]:
            case = self._book.load(reader, case_id)
            return case, self._book.newest_acts(reader, case_id, SHOWN_ACTS)

        return self._store.read(call, look)

    def page(self, call: Call, asked: ListPage) -> Page[Case]:
        """Cases, what needs people first; NotFound for a patient of whom nothing is known here."""

        def look(reader: Reader) -> Page[Case]:
            page = self._book.page(reader, asked)
            if asked.id and not page.items and not self._copies.knows(reader, asked.id):
                raise NotFound("NOT_FOUND", "no such resource")
            return page

        return self._store.read(call, look)

    def page_acts(self, call: Call, asked: ListPage) -> Page[Act]:
        """A case's timeline, newest first."""

        def look(reader: Reader) -> Page[Act]:
            self._book.load(reader, asked.id)
            return self._book.page_acts(reader, asked)

        return self._store.read(call, look)

    def unresolved(self, tenant_id: str) -> list[tuple[Severity, bool]]:
        """For metrics: how severe each unresolved case is, and whether it has a deadline.

        Nobody's chart is read, so nothing is noted in the audit trail.
        """
        return self._store.read(
            system_call(tenant_id, service="crisis", action=""), self._book.unresolved
        )

    def patient_status(self, call: Call, patient_id: str) -> PatientStatus:
        """What the patient may be told."""
        call.require_self(patient_id)
        number = self._policy_of(call.tenant_id).call_number

        def look(reader: Reader) -> PatientStatus:
            reader.touch(patient_id)
            return status_of(self._book.open_of(reader, patient_id), number)

        return self._store.read(call, look)


class PlanQueries:
    """Who is woken, and who is on call."""

    def __init__(self, store: Store, *, plans: Plans, policy_of: PolicyOf) -> None:
        self._store = store
        self._plans = plans
        self._policy_of = policy_of

    def policy(self, call: Call, severity: Severity) -> EscalationPolicy:
        """The policy of one severity."""
        return _found(self._store.read(call, lambda r: self._plans.policy(r, severity)))

    def rotation(self, call: Call, name: str) -> Rotation:
        """One rotation."""
        return _found(self._store.read(call, lambda r: self._plans.rotation(r, name)))

    def on_call(self, call: Call, command: WhoIsOnCall) -> Shift | None:
        """Who is on call then; None where nobody is."""

        def look(reader: Reader) -> Shift | None:
            rotation = _found(self._plans.rotation(reader, command.rotation))
            instant = command.instant or reader.now
            policy = self._policy_of(call.tenant_id)
            opt_outs = self._plans.opt_outs(reader, instant)
            return rotation.on_call(instant, Absences(opt_outs, policy.is_next_in_turn_called))

        return self._store.read(call, look)


def _found(found: T | None) -> T:
    if found is None:
        raise NotFound("NOT_FOUND", "no such resource")
    return found
