"""Who is there now for what cannot wait long and is no emergency."""

from __future__ import annotations

from chassis.store import Reader
from services.crisis.domain.cover import Cover, OnDuty
from services.crisis.domain.escalation import policy_for
from services.crisis.domain.opt_out import Absences
from services.crisis.domain.signal import Severity
from services.crisis.ports import Plans, PolicyOf


class Duty:
    """Those whom a case of low severity would wake first."""

    def __init__(self, *, plans: Plans, policy_of: PolicyOf) -> None:
        self._plans = plans
        self._policy_of = policy_of

    def now(self, reader: Reader) -> OnDuty:
        """At this moment; the supervisors where nobody else is there."""
        numbers = self._policy_of(reader.call.tenant_id)
        fallback = numbers.fallback(Severity.LOW)
        policy = policy_for(Severity.LOW, self._plans.policies(reader), fallback)
        absences = Absences(
            self._plans.opt_outs(reader, reader.now), numbers.is_next_in_turn_called
        )
        cover = Cover(self._plans.rotations(reader), numbers.supervisor_id, absences)
        return cover.on_duty(policy.rungs[0], reader.now)
