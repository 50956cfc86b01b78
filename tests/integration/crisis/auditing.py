"""The auditor's rounds over a ward's stored state, without its process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from chassis.lease import Leases
from services.crisis.bootstrap import Audit, bootstrap_audit
from services.crisis.domain.findings import FindingKind
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.ports.audits import DeadQueues
from services.crisis.rounds import AuditRounds, DeadLetterRounds, Pace
from tests.integration.crisis.ward import TENANT, Ward

LEASE_SECONDS = 10.0


@dataclass
class Watchman:
    """One auditor: its own lease holder, its own memory."""

    audit: Audit
    rounds: AuditRounds
    leases: Leases
    pace: Pace

    def dead_letters(self, queues: DeadQueues) -> DeadLetterRounds:
        """The rounds that look at dead queues."""
        lease = self.leases.lease("audit.dead-letters", ttl=LEASE_SECONDS)
        return DeadLetterRounds(self.audit.auditing, queues, {TENANT}, lease=lease, pace=self.pace)

    def found(self) -> list[FindingKind]:
        """What one look sees, without mending."""
        return [each.kind for each in self.audit.auditing.examine(TENANT).findings]

    def close(self) -> None:
        """Let another watchman take over."""
        self.rounds.close()


def watchman(ward: Ward, *, period: float = 0.0, **numbers: Any) -> Watchman:
    """Another auditor of the ward, every turn of which is a round."""
    policy = CrisisPolicy(shortest_wait_seconds=0.2, contact_high_seconds=1.5, **numbers)
    store = ward.crisis_store
    audit = bootstrap_audit(ward.crisis, store=store, policy_of=lambda _: policy)
    leases, pace = Leases(store), Pace(period, store.clock.now)
    lease = leases.lease("audit", ttl=LEASE_SECONDS)
    rounds = AuditRounds(audit.auditing, {TENANT}, lease=lease, pace=pace)
    return Watchman(audit, rounds, leases, pace)


def together(*watchmen: Watchman) -> None:
    """Every one of them begins a round at the same moment."""
    gate = threading.Barrier(len(watchmen))

    def walk(each: Watchman) -> None:
        gate.wait(10)
        each.rounds.turn()

    threads = [threading.Thread(target=walk, args=[each]) for each in watchmen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
