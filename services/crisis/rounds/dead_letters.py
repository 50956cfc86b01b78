"""Rounds over dead queues."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial

from prometheus_client import Gauge

from chassis.errors import HavenError
from services.crisis.domain.findings import Finding, FindingKind, ParkedEvent, Repair
from services.crisis.handlers.auditing import Auditing
from services.crisis.ports.audits import DeadQueues
from services.crisis.rounds.turns import LOOK_SECONDS, Claim, Hands, Lease, Pace, show, tell

last_dead_letter_look = Gauge(
    "haven_crisis_audit_last_dead_letter_look_timestamp_seconds",
    "When the dead queues were looked at last; 0 from those that stand by.",
)


class DeadLetterRounds:
    """Looks at dead queues and gives each lost signal a case. The broker may be away."""

    def __init__(
        self,
        auditing: Auditing,
        queues: DeadQueues,
        tenant_ids: Collection[str],
        *,
        lease: Lease,
        pace: Pace,
    ) -> None:
        self._auditing, self._queues, self._tenant_ids = auditing, queues, tenant_ids
        self._claim, self._pace = Claim(lease, pace.monotonic), pace
        self._hands = Hands()
        self._next = 0.0

    def turn(self) -> float:
        """A look, if it is ours and time for one; Unavailable without a broker or a database."""
        if not self._claim.take():
            show((), {FindingKind.DEAD_LETTER})
            last_dead_letter_look.set(0)
            return LOOK_SECONDS
        if (left := self._next - self._pace.monotonic()) > 0:
            return min(left, LOOK_SECONDS)
        self._next = self._pace.monotonic() + self._pace.period
        self._look()
        last_dead_letter_look.set(self._pace.now().timestamp())
        return min(self._pace.period, LOOK_SECONDS)

    def failed(self, _error: HavenError) -> None:
        """A broker that is away is asked again at the next period, not every second."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._claim.release()

    def _look(self) -> None:
        found = [(each, self._meaning(each)) for each in self._queues.parked()]
        lost = [(each, finding) for each, finding in found if finding is not None]
        show([finding for _, finding in lost], {FindingKind.DEAD_LETTER})
        for parked, finding in lost:
            if finding.repair is not Repair.NONE:
                self._claim.keep()
                repair = self._hands.begin(
                    partial(self._auditing.repair, parked.tenant_id, finding)
                )
                tell(finding, repair)

    def _meaning(self, parked: ParkedEvent) -> Finding | None:
        """A tenant that is not ours has no supervisors here: it is shown, and people must look."""
        if parked.tenant_id in self._tenant_ids:
            return self._auditing.dead_letter(parked)
        return Finding(FindingKind.DEAD_LETTER, parked.event_id, timedelta())
