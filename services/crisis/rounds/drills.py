"""Rounds that move drills on."""

from __future__ import annotations

from functools import partial

from prometheus_client import Gauge

from chassis.errors import HavenError
from chassis.log import failure, get_logger
from services.crisis.handlers.drills import Drills
from services.crisis.rounds.turns import LOOK_SECONDS, Hands, Lease

log = get_logger(__name__)
drill_period = Gauge(
    "haven_crisis_drill_period_seconds", "The longest time between two drills; 0 where none run."
)


class DrillRounds:
    """Moves the drill of each drill tenant on."""

    def __init__(self, drills: Drills, periods: dict[str, float], *, lease: Lease) -> None:
        self._drills, self._tenant_ids, self._lease = drills, sorted(periods), lease
        self._hands = Hands()
        drill_period.set(max(periods.values(), default=0.0))

    def turn(self) -> float:
        """Do what can be done now."""
        if not self._lease.acquire():
            return LOOK_SECONDS
        waits = [LOOK_SECONDS]
        for tenant_id in self._tenant_ids:
            done = self._hands.begin(partial(self._drills.advance, tenant_id))
            error = done.exception()
            if error is None:
                waits.append(done.result())
            elif isinstance(error, HavenError):
                raise error
            else:
                log.error("drill.broken", **failure(error))
        return max(0.05, min(waits))

    def failed(self, _error: HavenError) -> None:
        """What is stored says where the drill stands."""

    def close(self) -> None:
        """Let another auditor take over."""
        self._hands.close()
        self._lease.release()
