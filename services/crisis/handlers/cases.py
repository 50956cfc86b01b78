"""Cases: signals come in, deadlines pass, clinicians act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from chassis.call import Call, Role
from chassis.errors import Aborted, AlreadyExists
from chassis.ids import new_id
from chassis.store import Ahead, Store, Tx
from services.crisis.domain.case import Case
from services.crisis.domain.commands import (
    AcknowledgeCase,
    AddResponder,
    DeclineCase,
    EscalateCase,
    HandOverCase,
    IdentifyPatient,
    OpenCase,
    PageDelivered,
    PageFailed,
    RecordContact,
    ReportConcern,
    ResolveCase,
    SnoozeCase,
)
from services.crisis.domain.cover import Cover
from services.crisis.domain.escalation import FrozenPolicy, policy_for
from services.crisis.domain.opt_out import Absences
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.handlers.counting import counted
from services.crisis.ports import CaseBook, Copies, Plans, PolicyOf
from services.crisis.ports.aftercare import Aftercare

ATTESTED_ONCE = 1  # an attestation never changes, so this is its version wherever it comes from
C = TypeVar("C", Case, Case | None)


class Cases:
    """What happens to cases. Metrics move after the commit, once."""

    def __init__(
        self,
        store: Store,
        *,
        book: CaseBook,
        plans: Plans,
        copies: Copies,
        aftercare: Aftercare,
        policy_of: PolicyOf,
    ) -> None:
        self._store = store
        self._book = book
        self._aftercare = aftercare
        self._plans = plans
        self._copies = copies
        self._policy_of = policy_of

    def take(self, call: Call, signal: Signal) -> Case:
        """Open the patient's case, or join the open one; the same fact again changes nothing."""
        return counted(
            self._transact(call, lambda tx: self._take(tx, signal), self._book.ahead_of(signal))
        )

    def take_where(self, call: Call, found: Callable[[Tx], Signal | None]) -> None:
        """The same for a signal that depends on what is stored, decided in the one transaction."""

        def change(tx: Tx) -> Case | None:
            signal = found(tx)
            return self._take(tx, signal) if signal else None

        if (case := self._transact(call, change)) is not None:
            counted(case)

    def open(self, call: Call, command: OpenCase) -> Case:
        """A clinician's own signal."""
        return self._report(call, command.patient_id, Source.CLINICIAN, command.severity)

    def report(self, call: Call, command: ReportConcern) -> Case:
        """What a caller said, as a member of staff passes it on."""
        return self._report(call, command.patient_id, Source.CALLER_REPORT, command.severity)

    def climb(self, call: Call, case_id: str) -> None:
        """The case's deadline has passed: wake the next people, unless somebody was faster."""

        def act(case: Case, tx: Tx) -> None:
            if case.is_due(tx.now):
                case.climb(self._cover(tx), tx.now)

        self._act(call, case_id, act)

    def rescue(self, call: Call, case_id: str, unheard: frozenset[str] = frozenset()) -> bool:
        """Climb where a due deadline did not, or the pages asked for last were never handed over.

        `unheard` are those pages; a case that has moved on since is left alone, and so is one on
        its last rung, from which nobody further can be woken. True where this call climbed.
        """

        def act(case: Case, tx: Tx) -> None:
            is_unheard = (
                case.state is State.OPEN
                and bool(unheard)
                and unheard == set(case.ladder.pages)
                and not case.ladder.is_at_last
            )
            if case.is_due(tx.now) or is_unheard:
                case.climb(self._cover(tx), tx.now)

        return bool(self._act(call, case_id, act).timeline.latest)

    def acknowledge(self, call: Call, command: AcknowledgeCase) -> Case:
        """The caller takes the case until its contact deadline."""
        by = call.actor.subject
        role = Role.SUPERVISOR if call.has(Role.SUPERVISOR) else Role.CLINICIAN
        return self._act(
            call, command.case_id, lambda case, tx: case.acknowledge(by, role.value, tx.now)
        )

    def record_contact(self, call: Call, command: RecordContact) -> Case:
        """The caller has reached the patient."""
        by = call.actor.subject
        return self._act(
            call, command.case_id, lambda case, tx: case.record_contact(by, command.method, tx.now)
        )

    def resolve(self, call: Call, command: ResolveCase) -> Case:
        """The caller ends the case; what must follow is planned with it."""
        by = call.actor.subject

        def act(case: Case, tx: Tx) -> None:
            case.resolve(by, command.disposition, tx.now)
            self._aftercare.after_case(tx, case)

        return self._act(call, command.case_id, act)

    def decline(self, call: Call, command: DeclineCase) -> Case:
        """The caller was asked and cannot."""
        by = call.actor.subject
        return self._act(
            call, command.case_id, lambda case, tx: case.decline(by, self._cover(tx), tx.now)
        )

    def escalate(self, call: Call, command: EscalateCase) -> Case:
        """The caller wants the next people woken now."""
        by = call.actor.subject
        return self._act(
            call, command.case_id, lambda case, tx: case.escalate(by, self._cover(tx), tx.now)
        )

    def add_responder(self, call: Call, command: AddResponder) -> Case:
        """The caller wants somebody in addition."""
        by, clinician_id = call.actor.subject, command.clinician_id
        return self._act(
            call, command.case_id, lambda case, tx: case.add_responder(by, clinician_id, tx.now)
        )

    def hand_over(self, call: Call, command: HandOverCase) -> Case:
        """The owner asks somebody to take over."""
        by, to = call.actor.subject, command.clinician_id
        return self._act(call, command.case_id, lambda case, tx: case.hand_over(by, to, tx.now))

    def snooze(self, call: Call, command: SnoozeCase) -> Case:
        """The caller postpones what the case does next."""
        policy = self._policy_of(call.tenant_id)

        def act(case: Case, tx: Tx) -> None:
            limit = policy.snooze_limit(case.severity)
            by = call.actor.subject
            case.snooze(by, command.span, command.reason, limit=limit, now=tx.now)

        return self._act(call, command.case_id, act)

    def identify(self, call: Call, command: IdentifyPatient) -> Case:
        """The caller knows whose emergency it is: their case from now on, or a signal of theirs.

        The case that goes on, which is another one where the patient has an open case already.
        """
        by = call.actor.subject

        def change(tx: Tx) -> Case:
            case = self._book.load(tx, command.case_id)
            known = self._book.open_of(tx, command.patient_id)
            if known is None or known.id == case.id:
                case.identify(command.patient_id, by, tx.now)
                return self._book.save(tx, case)
            case.merge(by, tx.now)
            self._book.save(tx, case)
            for safety_signal_id in self._book.signal_ids(tx, case.id, Source.SAFETY_SIGNAL):
                known.adopt(safety_signal_id)
            signal = Signal(
                fact_id=case.id,
                patient_id=command.patient_id,
                source=case.source,
                severity=case.severity,
                reporter_id=by,
                sender_ciphertext=case.sender_ciphertext,
            )
            return self._join(tx, known, signal)

        return counted(self._transact(call, change))

    def page_delivered(self, call: Call, command: PageDelivered) -> None:
        """Note on the timeline that a page was handed over."""
        page_id, recipient_id = command.page_id, command.recipient_id
        self._note(
            call,
            page_id,
            lambda case, tx: case.note_page_delivered(page_id, recipient_id, tx.now),
        )

    def page_failed(self, call: Call, command: PageFailed) -> None:
        """Note that a page will not arrive; if none of its rung will, the next rung fires."""

        def act(case: Case, tx: Tx) -> None:
            case.note_page_failed(
                command.page_id,
                command.recipient_id,
                command.reason,
                cover=self._cover(tx),
                now=tx.now,
            )

        self._note(call, command.page_id, act)

    def _report(self, call: Call, patient_id: str, source: Source, severity: Severity) -> Case:
        by = call.actor.subject
        return self.take(call, Signal(new_id(), patient_id, source, severity, by))

    def _take(self, tx: Tx, signal: Signal) -> Case:
        if self._policy_of(tx.call.tenant_id).is_drill:  # whoever brought it, nobody is in danger
            signal = replace(signal, source=Source.DRILL)
        if (known := self._book.by_fact(tx, signal.fact_id)) is not None:
            return known
        if signal.location is not None:  # its own event comes by the broker, and may be late
            self._copies.keep_location(tx, signal.location, ATTESTED_ONCE)
        if (case := self._open_of(tx, signal)) is not None:
            return self._join(tx, case, signal)
        policy = self._first_policy(tx, signal)
        case = Case.open(new_id(), signal, policy=policy, cover=self._cover(tx), now=tx.now)
        return self._book.insert(tx, case)

    def _open_of(self, tx: Tx, signal: Signal) -> Case | None:
        if signal.patient_id:
            return self._book.open_of(tx, signal.patient_id)
        if signal.sender_key:
            return self._book.open_of_stranger(tx, signal.sender_key)
        return None

    def _join(self, tx: Tx, case: Case, signal: Signal) -> Case:
        policy = self._policy(tx, max(case.severity, signal.severity))
        case.hear(signal, policy=policy, cover=self._cover(tx), now=tx.now)
        return self._book.save(tx, case)

    def _transact(self, call: Call, change: Callable[[Tx], C], ahead: Sequence[Ahead] = ()) -> C:
        try:
            return self._store.transact(call, change, ahead=ahead)
        except AlreadyExists as error:
            # Twice in a row somebody else was faster; a signal is never dropped for that.
            raise Aborted("CASE_CONTENDED", "others act on the same patient; retry") from error

    def _act(self, call: Call, case_id: str, act: Callable[[Case, Tx], None]) -> Case:
        def change(tx: Tx) -> Case:
            return self._done(tx, self._book.load(tx, case_id), act)

        return counted(self._store.transact(call, change, ahead=self._book.ahead(case_id)))

    def _note(self, call: Call, page_id: str, act: Callable[[Case, Tx], None]) -> None:
        """Act on the case of a page; messages that carry no page of ours are nobody's case."""

        def change(tx: Tx) -> Case | None:
            case = self._book.by_page(tx, page_id) if page_id else None
            return self._done(tx, case, act) if case else None

        if (case := self._store.transact(call, change)) is not None:
            counted(case)

    def _done(self, tx: Tx, case: Case, act: Callable[[Case, Tx], None]) -> Case:
        act(case, tx)
        return self._book.save(tx, case) if case.timeline.fresh else case

    def _first_policy(self, tx: Tx, signal: Signal) -> FrozenPolicy:
        if signal.source is Source.DEAD_LETTER:  # supervisors find out whom it is about
            return self._policy_of(tx.call.tenant_id).fallback(signal.severity)
        return self._policy(tx, signal.severity)

    def _policy(self, tx: Tx, severity: Severity) -> FrozenPolicy:
        fallback = self._policy_of(tx.call.tenant_id).fallback(severity)
        return policy_for(severity, self._plans.policies(tx), fallback)

    def _cover(self, tx: Tx) -> Cover:
        policy = self._policy_of(tx.call.tenant_id)
        absences = Absences(self._plans.opt_outs(tx, tx.now), policy.is_next_in_turn_called)
        return Cover(self._plans.rotations(tx), policy.supervisor_id, absences)
