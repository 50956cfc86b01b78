"""Follow-ups: people close them, hand them over, or hear that they were missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prometheus_client import Counter

from chassis.call import Call, Role
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.crisis.domain.aftercare_commands import (
    CancelFollowUp,
    CompleteFollowUp,
    ReassignFollowUp,
)
from services.crisis.domain.follow_up import HIGHER_RISK, FollowUp, Kind, Outcome
from services.crisis.domain.signal import Signal, Source
from services.crisis.ports import PolicyOf
from services.crisis.ports.aftercare import Aftercare, Alarm, FollowUpBook

follow_ups_missed = Counter(
    "haven_crisis_follow_ups_missed", "Escalations of follow-ups not closed in time.", ["kind"]
)
follow_ups_closed = Counter(
    "haven_crisis_follow_ups_closed", "Follow-ups that people completed or cancelled.", ["kind"]
)
for _kind in Kind:
    follow_ups_missed.labels(_kind.value)
    follow_ups_closed.labels(_kind.value)


class FollowUps:
    """What happens to follow-ups. Metrics move after the commit, once."""

    def __init__(
        self,
        store: Store,
        *,
        book: FollowUpBook,
        aftercare: Aftercare,
        policy_of: PolicyOf,
        alarm: Alarm,
    ) -> None:
        self._store = store
        self._book = book
        self._aftercare = aftercare
        self._policy_of = policy_of
        self._alarm = alarm

    def complete(self, call: Call, command: CompleteFollowUp) -> FollowUp:
        """The caller has done it. More risk than before opens a case, or joins the open one, first:
        dying in between leaves the follow-up to be closed, and the same signal again changes
        nothing."""
        if command.outcome is Outcome.RISK_HIGHER:
            self._tell_higher_risk(call, command)
        by, is_supervisor = call.actor.subject, call.has(Role.SUPERVISOR)

        def act(follow_up: FollowUp, tx: Tx) -> None:
            follow_up.complete(by, command.outcome, tx.now, is_supervisor=is_supervisor)
            if command.outcome is Outcome.NOT_REACHED:
                self._aftercare.after_attempt(tx, follow_up)

        return _closed(self._act(call, command.follow_up_id, act))

    def cancel(self, call: Call, command: CancelFollowUp) -> FollowUp:
        """The caller decides that it will not be done."""
        by = call.actor.subject

        def act(follow_up: FollowUp, tx: Tx) -> None:
            follow_up.cancel(by, command.reason, tx.now)

        return _closed(self._act(call, command.follow_up_id, act))

    def reassign(self, call: Call, command: ReassignFollowUp) -> FollowUp:
        """Somebody else has it from now on."""
        repeat = self._policy_of(call.tenant_id).aftercare.escalation_repeat

        def act(follow_up: FollowUp, tx: Tx) -> None:
            follow_up.reassign(command.owner, repeat=repeat, now=tx.now)

        return self._act(call, command.follow_up_id, act)

    def escalate(self, call: Call, follow_up_id: str) -> None:
        """Its time has passed: whoever owns it hears of it, unless somebody was faster.

        Where nobody knows how a patient in high danger is, a case opens first: dying in between
        leaves the follow-up due, and the same signal again opens no second case.
        """
        found = self._store.read(call, lambda reader: self._book.load(reader, follow_up_id))
        if not found.is_due(self._store.now()):
            return
        if found.worry is not None:
            number = str(found.escalation_count + 1)
            signal = Signal(
                fact_id=derived_id(call.tenant_id, "follow-up-missed", found.id, number),
                patient_id=found.patient_id,
                source=found.source,
                severity=found.worry,
                reporter_id="service:crisis",
            )
            self._alarm(call, _of_text(signal, found))
        self._miss(call, follow_up_id)

    def _tell_higher_risk(self, call: Call, command: CompleteFollowUp) -> None:
        id = command.follow_up_id
        found = self._store.read(call, lambda reader: self._book.load(reader, id))
        if not found.accepts(command.outcome):
            return  # completing it is refused, or was answered before
        signal = Signal(
            fact_id=derived_id(call.tenant_id, "follow-up-risk-higher", found.id),
            patient_id=found.patient_id,
            source=Source.CLINICIAN,
            severity=HIGHER_RISK,
            reporter_id=call.actor.subject,
        )
        # A frame of its own: the request's once-key belongs to the closing.
        self._alarm(replace(call, once=None), _of_text(signal, found))

    def _miss(self, call: Call, follow_up_id: str) -> None:
        policy = self._policy_of(call.tenant_id)

        def change(tx: Tx) -> FollowUp | None:
            follow_up = self._book.load(tx, follow_up_id)
            if not follow_up.is_due(tx.now):
                return None
            follow_up.miss(
                supervisor_id=policy.supervisor_id,
                most=policy.aftercare.most_escalations,
                repeat=policy.aftercare.escalation_repeat,
                now=tx.now,
            )
            return self._book.save(tx, follow_up)

        if (missed := self._store.transact(call, change)) is not None:
            follow_ups_missed.labels(missed.kind.value).inc()

    def _act(self, call: Call, id: str, act: Callable[[FollowUp, Tx], None]) -> FollowUp:
        def change(tx: Tx) -> FollowUp:
            follow_up = self._book.load(tx, id)
            act(follow_up, tx)
            return self._book.save(tx, follow_up)

        return self._store.transact(call, change)


def _of_text(signal: Signal, follow_up: FollowUp) -> Signal:
    """The signal, with the text that it is about: its words can be read, its sender called back."""
    if (text := follow_up.text) is None:
        return signal
    return replace(
        signal,
        inbound_id=text.inbound_id,
        sender_key=text.sender_key,
        sender_ciphertext=text.sender_ciphertext,
    )


def _closed(follow_up: FollowUp) -> FollowUp:
    follow_ups_closed.labels(follow_up.kind.value).inc()
    return follow_up
