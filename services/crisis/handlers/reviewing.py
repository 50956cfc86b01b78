"""Cover is looked at in the transaction that changes it, and again as time goes on."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.ids import derived_id
from chassis.store import Tx
from services.crisis.domain.coverage import Gap, GapKind
from services.crisis.domain.coverage_gap import CoverageGap, begun_as
from services.crisis.domain.escalation import Target
from services.crisis.ports import OnCallBook, Plans, PolicyOf


class Review:
    """Finds the gaps of a tenant's cover, and says what is new of them."""

    def __init__(self, *, book: OnCallBook, plans: Plans, policy_of: PolicyOf) -> None:
        self._book = book
        self._plans = plans
        self._policy_of = policy_of

    def after_change(self, tx: Tx) -> list[Gap]:
        """A plan has just changed: waiting cases may mean other people from now on."""
        return self._look(tx, is_change=True)

    def as_time_passes(self, tx: Tx) -> list[Gap]:
        """Nothing has changed but the time."""
        return self._look(tx, is_change=False)

    def _look(self, tx: Tx, *, is_change: bool) -> list[Gap]:
        policy = self._policy_of(tx.call.tenant_id)
        next_check = tx.now + timedelta(seconds=policy.cover_check_seconds)
        # Before anything is read: whoever looks at the same moment waits for this look, or repeats.
        self._book.keep_check(tx, next_check, tx.now if is_change else None)
        plan = self._plans.plan(tx, is_next_called=policy.is_next_in_turn_called)
        found = plan.gaps(start=tx.now, end=tx.now + policy.cover_horizon)
        known = self._book.open_gaps(tx)
        again = timedelta(seconds=policy.cover_notice_seconds)
        seen = set()
        for gap in found:
            told = self._told(tx, gap, known)
            seen.add(told.id)
            # People and their contact points are entered in any order, within minutes: whoever
            # cannot be reached yet is told of if that is still so at the next hourly look.
            is_early = is_change and gap.kind is GapKind.UNREACHABLE and not told.is_open
            if not is_early:
                told.see(gap, policy.supervisor_id, tx.now, again=again)
                self._book.keep_gap(tx, told)
        for gone in known:
            if gone.id not in seen:
                gone.close(tx.now)
                self._book.keep_gap(tx, gone)
        return found

    def _told(self, tx: Tx, gap: Gap, known: list[CoverageGap]) -> CoverageGap:
        """What has been told of this gap; a gap that comes back is told anew."""
        start = begun_as(gap, known, tx.now)
        for each in known:
            if (each.target, each.start) == (gap.target, start):
                return each
        id = _gap_id(tx.call.tenant_id, gap.target, start)
        if (closed := self._book.gap(tx, id)) is not None:
            return closed
        return CoverageGap(id, gap.target, gap.kind, start, gap.end)


def _gap_id(tenant_id: str, target: Target, start: datetime) -> str:
    """One gap per target and start; a person's is never a rotation's of the same name."""
    names = (target.rotation_id,) if target.rotation_id else ("", target.clinician_id)
    return derived_id(tenant_id, "coverage-gap", *names, start.isoformat())
