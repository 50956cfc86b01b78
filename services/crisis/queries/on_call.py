"""Who is on call, who would be woken now, and when nobody is there."""

from __future__ import annotations

from chassis.call import Call, system_call
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.crisis.domain.commands import ListPage, ListShifts
from services.crisis.domain.cover import Cover, OnCallLadder
from services.crisis.domain.coverage import Gap, Stretch, stretches
from services.crisis.domain.escalation import policy_for
from services.crisis.domain.opt_out import Absences, OptOut
from services.crisis.domain.signal import Severity
from services.crisis.ports import OnCallBook, Plans, PolicyOf


class OnCallQueries:
    """Cover as people who plan it see it; nobody's chart."""

    def __init__(
        self, store: Store, *, book: OnCallBook, plans: Plans, policy_of: PolicyOf
    ) -> None:
        self._store = store
        self._book = book
        self._plans = plans
        self._policy_of = policy_of

    def shifts(self, call: Call, asked: ListShifts) -> list[Stretch]:
        """Who is on call between two instants, one after the other without a break."""

        def look(reader: Reader) -> list[Stretch]:
            rotation = self._plans.rotation(reader, asked.rotation)
            if rotation is None:
                raise NotFound("NOT_FOUND", "no such resource")
            opt_outs = self._plans.opt_outs(reader, asked.start)
            absences = self._absences(call, opt_outs)
            return stretches(rotation, absences, start=asked.start, end=asked.end)

        return self._store.read(call, look)

    def ladder(self, call: Call, severity: Severity) -> OnCallLadder:
        """Who would be woken now; the tenant's supervisors where it has no policy."""

        def look(reader: Reader) -> OnCallLadder:
            numbers = self._policy_of(call.tenant_id)
            policies = self._plans.policies(reader)
            policy = policy_for(severity, policies, numbers.fallback(severity))
            absences = self._absences(call, self._plans.opt_outs(reader, reader.now))
            cover = Cover(self._plans.rotations(reader), numbers.supervisor_id, absences)
            rungs = tuple(
                (each.wait, tuple(cover.meant(each, reader.now))) for each in policy.rungs
            )
            reach = self._book.reach(reader)
            return OnCallLadder(rungs, numbers.supervisor_id, policy.version, reach)

        return self._store.read(call, look)

    def gaps(self, call: Call, rotation: str) -> list[Gap]:
        """The tenant's, or one rotation's, gaps within the horizon, exactly, as of now.

        NotFound for a rotation that neither exists nor is named by a policy.
        """

        def look(reader: Reader) -> list[Gap]:
            found = self._gaps(reader)
            if rotation:
                found = [gap for gap in found if gap.target.rotation_id == rotation]
            if rotation and not found and self._plans.rotation(reader, rotation) is None:
                raise NotFound("NOT_FOUND", "no such resource")
            return found

        return self._store.read(call, look)

    def opt_outs(self, call: Call, asked: ListPage) -> Page[OptOut]:
        """The tenant's, or one clinician's, opt-outs, latest start first."""
        return self._store.read(call, lambda reader: self._book.page_opt_outs(reader, asked))

    def uncovered(self, tenant_id: str) -> list[Gap]:
        """For metrics: the same gaps, from the plans themselves and not from what was told."""
        call = system_call(tenant_id, service="crisis", action="")
        return self._store.read(call, self._gaps)

    def _gaps(self, reader: Reader) -> list[Gap]:
        policy = self._policy_of(reader.call.tenant_id)
        plan = self._plans.plan(reader, is_next_called=policy.is_next_in_turn_called)
        return plan.gaps(start=reader.now, end=reader.now + policy.cover_horizon)

    def _absences(self, call: Call, opt_outs: tuple[OptOut, ...]) -> Absences:
        return Absences(opt_outs, self._policy_of(call.tenant_id).is_next_in_turn_called)
