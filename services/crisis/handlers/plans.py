"""Who is woken: escalation policies and rotations, as a tenant sets them."""

from __future__ import annotations

from typing import Any

from chassis.call import Call
from chassis.errors import Aborted
from chassis.ids import derived_id
from chassis.store import Store, Tx, etag_of
from services.crisis.domain.commands import PutEscalationPolicy, PutRotation
from services.crisis.domain.escalation import EscalationPolicy, check_rungs
from services.crisis.domain.rotation import Rotation
from services.crisis.handlers.reviewing import Review
from services.crisis.ports import Plans, PolicyOf


class Planning:
    """Setting who is woken."""

    def __init__(self, store: Store, *, plans: Plans, policy_of: PolicyOf, review: Review) -> None:
        self._store = store
        self._plans = plans
        self._policy_of = policy_of
        self._review = review

    def put_policy(self, call: Call, command: PutEscalationPolicy) -> EscalationPolicy:
        """Set who is woken for one severity, in cases that open from now on."""
        check_rungs(command.rungs, shortest_wait=self._policy_of(call.tenant_id).shortest_wait)

        def change(tx: Tx) -> EscalationPolicy:
            policy = self._plans.policy(tx, command.severity)
            _refuse_stale(policy, command.etag)
            if policy is None:
                id = derived_id(call.tenant_id, "policy", command.severity.name)
                policy = EscalationPolicy(id, command.severity, ())
            policy.change(command.rungs, command.contact_within)
            kept = self._plans.keep_policy(tx, policy)
            self._review.after_change(tx)
            return kept

        return self._store.transact(call, change)

    def put_rotation(self, call: Call, command: PutRotation) -> Rotation:
        """Set who takes turns, from the next page on."""

        def change(tx: Tx) -> Rotation:
            known = self._plans.rotation(tx, command.name)
            _refuse_stale(known, command.etag)
            rotation = Rotation(
                id=derived_id(call.tenant_id, "rotation", command.name),
                name=command.name,
                time_zone=command.time_zone,
                start=command.start,
                shift_days=command.shift_days,
                clinician_ids=command.clinician_ids,
                overrides=command.overrides,
                hand_offs=command.hand_offs,
                end=command.end,
                version=known.version if known else 0,
            )
            kept = self._plans.keep_rotation(tx, rotation)
            self._review.after_change(tx)
            return kept

        return self._store.transact(call, change)


def _refuse_stale(known: Any, etag: str) -> None:
    """An etag that was given must be the stored one's."""
    if etag and (known is None or etag != etag_of(known)):
        raise Aborted("ETAG_STALE", "changed since it was read; read it again")
