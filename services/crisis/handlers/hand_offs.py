"""A shift ends while a rung waits: the new shift is woken, the old one left alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from chassis.call import Call
from chassis.store import Store, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.cover import Cover
from services.crisis.domain.opt_out import Absences
from services.crisis.handlers.counting import counted
from services.crisis.ports import CaseBook, OnCallBook, Plans, PolicyOf


class HandOffs:
    """What becomes of waiting rungs when other people are on call. Deadlines stay."""

    def __init__(
        self,
        store: Store,
        *,
        cases: CaseBook,
        book: OnCallBook,
        plans: Plans,
        policy_of: PolicyOf,
    ) -> None:
        self._store = store
        self._cases = cases
        self._book = book
        self._plans = plans
        self._policy_of = policy_of

    def hand_off(self, call: Call, case_id: str) -> None:
        """A hand-off that the case waits for has come, unless somebody was faster."""

        def change(tx: Tx) -> Case | None:
            case = self._cases.load(tx, case_id)
            due = case.ladder.next_hand_off
            return self._handed_off(tx, case) if due is not None and due <= tx.now else None

        self._commit(call, change)

    def after_change(self, call: Call, _check_id: str) -> None:
        """A rotation, an opt-out or a policy changed: hold every waiting case against it.

        Each in a transaction of its own, so that one that people act on holds up no other; a
        process that dies on the way leaves the rest to be done by the next.
        """
        changed = self._store.read(call, self._book.plan_change)
        if changed is None:
            return
        for case_id in self._store.read(call, self._cases.waiting_ids):
            self._commit(call, partial(self._rechecked, case_id))
        self._store.transact(call, lambda tx: self._book.plan_change_done(tx, changed))

    def _rechecked(self, case_id: str, tx: Tx) -> Case:
        return self._handed_off(tx, self._cases.load(tx, case_id))

    def _handed_off(self, tx: Tx, case: Case) -> Case:
        policy = self._policy_of(tx.call.tenant_id)
        absences = Absences(self._plans.opt_outs(tx, tx.now), policy.is_next_in_turn_called)
        cover = Cover(self._plans.rotations(tx), policy.supervisor_id, absences)
        before = case.ladder.next_hand_off, case.ladder.pages
        case.hand_off(cover, tx.now)
        is_same = before == (case.ladder.next_hand_off, case.ladder.pages)
        return case if is_same else self._cases.save(tx, case)

    def _commit(self, call: Call, change: Callable[[Tx], Case | None]) -> None:
        if (case := self._store.transact(call, change)) is not None:
            counted(case)
