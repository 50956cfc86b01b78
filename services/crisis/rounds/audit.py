"""Rounds over stored state: every tenant, then the outbox, then the repairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from prometheus_client import Gauge, Histogram

from chassis.errors import HavenError, is_retryable
from chassis.log import failure, get_logger
from services.crisis.domain.findings import Finding, FindingKind, Repair
from services.crisis.handlers.auditing import Auditing
from services.crisis.rounds.turns import LOOK_SECONDS, Claim, Hands, Lease, Pace, show, tell

T = TypeVar("T")
MOST_REPAIRS = 2_000  # in one round; the longest overdue first, the rest in the next one

log = get_logger(__name__)
round_seconds = Histogram(
    "haven_crisis_audit_round_seconds",
    "How long a finished round took.",
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30),
)
last_round = Gauge(
    "haven_crisis_audit_last_round_timestamp_seconds",
    "When a round was finished last, by the auditor that looks; 0 from those that stand by.",
)
oldest_unacknowledged = Gauge(
    "haven_crisis_oldest_unacknowledged_timestamp_seconds",
    "Since when the case that nobody has had for longest waits; 0 where none waits.",
)


class AuditRounds:
    """Examines every tenant, shows what is wrong and mends it. `finished` is its pulse."""

    KINDS = frozenset(FindingKind) - {FindingKind.DEAD_LETTER}

    def __init__(
        self,
        auditing: Auditing,
        tenant_ids: Iterable[str],
        *,
        lease: Lease,
        pace: Pace,
    ) -> None:
        self._auditing, self._tenant_ids = auditing, sorted(tenant_ids)
        self._claim, self._pace = Claim(lease, pace.monotonic), pace
        self._hands = Hands()
        self._next = 0.0
        # When a round was finished last, or seen to be in another auditor's hands.
        self.finished = pace.monotonic()

    def turn(self) -> float:
        """A round, if it is ours and time for one; Unavailable where it could not be finished."""
        if not self._claim.take():
            self._stand_by()
            return LOOK_SECONDS
        if (left := self._next - self._pace.monotonic()) > 0:
            return min(left, LOOK_SECONDS)
        start = self._pace.monotonic()
        self._round()
        self.finished, self._next = self._pace.monotonic(), start + self._pace.period
        round_seconds.observe(self.finished - start)
        last_round.set(self._pace.now().timestamp())
        return min(self._pace.period, LOOK_SECONDS)

    def failed(self, _error: HavenError) -> None:
        """The next turn begins the round anew."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._claim.release()

    def _stand_by(self) -> None:
        """What another auditor finds is for it to tell."""
        show((), self.KINDS)
        last_round.set(0)
        oldest_unacknowledged.set(0)
        self.finished, self._next = self._pace.monotonic(), 0.0

    def _round(self) -> None:
        found: list[tuple[str, Finding]] = []
        waits: list[datetime] = []
        for tenant_id in self._tenant_ids:
            self._claim.keep()
            seen = self._seen(partial(self._auditing.examine, tenant_id))
            if isinstance(seen, Finding):
                found.append((tenant_id, seen))
                continue
            found += [(tenant_id, each) for each in seen.findings]
            waits += [seen.waiting_since] if seen.waiting_since else []
        events = self._seen(self._auditing.waiting_events)
        others = [events] if isinstance(events, Finding) else events
        show([*(each for _, each in found), *others], self.KINDS)
        oldest_unacknowledged.set(min(waits).timestamp() if waits else 0)
        self._repair(found)

    def _seen(self, look: Callable[[], T]) -> T | Finding:
        """What the look saw, or that it could not read what is there; Unavailable passes on."""
        error = (done := self._hands.begin(look)).exception()
        if error is None:
            return done.result()
        if isinstance(error, HavenError) and is_retryable(error):
            raise error
        log.error("audit.unreadable", **failure(error))
        return Finding(FindingKind.UNREADABLE, "", timedelta())

    def _repair(self, found: Iterable[tuple[str, Finding]]) -> None:
        """One repair for each thing: the first that was found, and the oldest thing first.

        A case without a deadline must have one before anything else can be done to it.
        """
        by_thing: dict[tuple[str, str], tuple[str, Finding]] = {}
        for tenant_id, each in found:
            if each.repair is not Repair.NONE:
                by_thing.setdefault((tenant_id, each.subject_id), (tenant_id, each))
        wanted = sorted(by_thing.values(), key=lambda item: item[1].age, reverse=True)
        under_way = [
            (each, self._hands.begin(partial(self._auditing.repair, tenant_id, each)))
            for tenant_id, each in wanted[:MOST_REPAIRS]
        ]
        for finding, done in under_way:
            self._claim.keep()
            tell(finding, done)
