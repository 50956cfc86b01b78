"""The queue of patients who ask for a person: they come, are taken once each, or wait too long."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client import Counter, Histogram

from chassis.call import Call, Role
from chassis.errors import NotFound
from chassis.ids import derived_id, new_id
from chassis.store import Store, Tx
from services.crisis.domain.person_request import PersonRequest, Standing, State, standing_of
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.ports import OnDutyNow, PolicyOf
from services.crisis.ports.aftercare import Alarm, PersonQueueBook

REQUESTED, TAKEN, LEFT, PAST_BOUND = "requested", "taken", "left", "past_bound"

person_requests = Counter(
    "haven_crisis_person_requests", "What became of requests for a person.", ["outcome"]
)
for _outcome in (REQUESTED, TAKEN, LEFT, PAST_BOUND):
    person_requests.labels(_outcome)
person_wait = Histogram(
    "haven_crisis_person_wait_seconds",
    "From a request for a person to the clinician who took it.",
    buckets=(5, 15, 30, 60, 120, 300, 600, 1800, 3600),
)


class PersonQueue:
    """Metrics move after the commit, once."""

    def __init__(
        self,
        store: Store,
        *,
        book: PersonQueueBook,
        on_duty: OnDutyNow,
        policy_of: PolicyOf,
        alarm: Alarm,
    ) -> None:
        self._store, self._book, self._on_duty = store, book, on_duty
        self._policy_of, self._alarm = policy_of, alarm

    def request(self, call: Call, patient_id: str) -> Standing:
        """The patient asks for a person, of which those on duty are told.

        Again while waiting: the place stays as it is, and nobody is told again. Past the bound
        those on duty are told anew: nobody may have come, or the patient comes days later.
        """
        call.require_self(patient_id)
        policy = self._policy_of(call.tenant_id).queue

        def change(tx: Tx) -> Standing:
            known = self._book.latest_of(tx, patient_id)
            since, bound = tx.now, tx.now + policy.wait_bound
            if known is not None and known.state is State.WAITING:
                if not known.is_past_bound:
                    return self._standing(tx, known)
                since = known.place(tx.now)
                known.leave(tx.now)
                self._book.save(tx, known)
            elif known is not None and known.state is State.TAKEN:
                known.lapse(tx.now)  # nobody is with them any more, or they would not ask
                self._book.save(tx, known)
            made = PersonRequest(new_id(), patient_id, since, act_time=bound)
            made.tell(self._on_duty(tx), bound)
            return replace(self._standing(tx, self._book.insert(tx, made)), is_new=True)

        standing = self._store.transact(call, change)
        if standing.is_new:
            person_requests.labels(REQUESTED).inc()
        return standing

    def leave(self, call: Call, patient_id: str) -> Standing:
        """The patient waits no longer."""
        call.require_self(patient_id)

        def change(tx: Tx) -> Standing:
            known = self._book.latest_of(tx, patient_id)
            if known is None or known.state is not State.WAITING:
                raise NotFound("NOT_FOUND", "no such resource")
            known.leave(tx.now)
            return self._standing(tx, self._book.save(tx, known))

        standing = self._store.transact(call, change)
        person_requests.labels(LEFT).inc()
        return standing

    def take_next(self, call: Call, _: None) -> Standing | None:
        """The caller takes whoever has waited longest; None where nobody waits."""
        policy = self._policy_of(call.tenant_id).queue

        def change(tx: Tx) -> Standing | None:
            if (first := self._book.first(tx)) is None:
                return None
            first.take(call.actor.subject, policy, tx.now)
            return self._standing(tx, self._book.save(tx, first))

        taken = self._store.transact(call, change)
        if taken is not None and taken.request.take_time is not None:
            waited = taken.request.take_time - taken.request.request_time
            person_requests.labels(TAKEN).inc()
            person_wait.observe(waited.total_seconds())
        return taken

    def finish(self, call: Call, person_request_id: str) -> Standing:
        """The talk has ended."""
        by, is_supervisor = call.actor.subject, call.has(Role.SUPERVISOR)

        def change(tx: Tx) -> Standing:
            request = self._book.load(tx, person_request_id)
            request.finish(by, tx.now, is_supervisor=is_supervisor)
            return self._standing(tx, self._book.save(tx, request))

        return self._store.transact(call, change)

    def act(self, call: Call, person_request_id: str) -> None:
        """Its time has come: a wait beyond the bound opens a case first, a talk ends.

        Dying in between leaves it due, and the same signal again opens no second case.
        """
        found = self._store.read(call, lambda reader: self._book.load(reader, person_request_id))
        if not found.is_due(self._store.now()):
            return
        if found.state is State.WAITING:
            signal = Signal(
                fact_id=derived_id(call.tenant_id, "person-requested", found.id),
                patient_id=found.patient_id,
                source=Source.PERSON_REQUESTED,
                severity=Severity.LOW,
                reporter_id=found.patient_id,
            )
            self._alarm(call, signal)
        if self._store.transact(call, lambda tx: self._settle(tx, person_request_id)):
            person_requests.labels(PAST_BOUND).inc()

    def _settle(self, tx: Tx, id: str) -> bool:
        """Move on what is still due; True where a wait has passed its bound."""
        request = self._book.load(tx, id)
        if not request.is_due(tx.now):
            return False
        is_waiting = request.state is State.WAITING
        if is_waiting:
            request.pass_bound()
        else:
            request.lapse(tx.now)
        self._book.save(tx, request)
        return is_waiting

    def _standing(self, tx: Tx, request: PersonRequest) -> Standing:
        policy = self._policy_of(tx.call.tenant_id)
        traffic = self._book.traffic(tx, request, talks=policy.queue.talks_counted)
        traffic = replace(traffic, is_staffed=self._on_duty(tx).is_staffed)
        return standing_of(request, traffic, policy.queue, policy.call_number)
