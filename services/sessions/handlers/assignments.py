"""Handing out, handing in, looking at, and what time brings to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import Counter

from chassis.call import Call, Role
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    HavenError,
    NotFound,
    PermissionDenied,
    is_retryable,
)
from chassis.ids import derived_id
from chassis.store import Store, Tx, etag_of
from services.sessions.domain.answer import accepted
from services.sessions.domain.assignment import (
    Assignment,
    LocalDue,
    Review,
    State,
    Task,
    handed_out,
    notice_of,
)
from services.sessions.domain.assignment_commands import (
    AssignmentView,
    HandOut,
    Judge,
    Submit,
    Withdraw,
)
from services.sessions.domain.door import BARRING_SCOPES
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.session import Session
from services.sessions.handlers.chats import count
from services.sessions.handlers.standing import key_of
from services.sessions.handlers.worries import Place, Source, Worries, written
from services.sessions.ports import Policies, Records
from services.sessions.ports.assignments import Kept

changes = Counter(
    "haven_sessions_assignments", "Assignments that came to a state, by that state.", ["state"]
)
for _state in State:
    changes.labels(_state.value)


class Assignments:
    """One effect per request; metrics move after the commit. What is answered has no texts: an
    answer is kept for whoever repeats the request."""

    def __init__(
        self,
        store: Store,
        records: Records,
        policies: Policies,
        *,
        kept: Kept,
    ) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._book, self._zones, self._lines = kept.book, kept.zones, kept.lines
        self._groups = kept.groups
        self._worries = Worries(store, records)

    def hand_out(self, call: Call, command: HandOut) -> list[AssignmentView]:
        """Each patient's own; they hear of it in private, when they are there."""
        title, instructions = (
            self._lines.seal(call, text) for text in (command.title, command.instructions)
        )
        key = key_of(call)

        def act(tx: Tx) -> list[AssignmentView]:
            session = self._records.sessions.load(tx, command.session_id)
            session.require_staff(call.actor.subject)
            session.require_open()
            schedule = session.schedule
            task = Task(session.id, schedule.group_id, call.actor.subject, title, instructions)
            found = self._patients(tx, session, command.patient_ids)
            given = [self._give(tx, each, task, command.due, key=key) for each in found]
            return [AssignmentView(each) for each in given]

        views = self._store.transact(call, act)
        changes.labels(State.ASSIGNED.value).inc(len(views))
        return views

    def submit(self, call: Call, command: Submit) -> AssignmentView:
        """Hand it in. What worries is told with it; and alone, where it is refused."""
        answer = command.answer
        words = written(call, Source(assignment_id=command.assignment_id), answer.text)

        def act(tx: Tx) -> AssignmentView:
            assignment = self._mine(tx, command.assignment_id)
            number = assignment.submit(sealed, tx.now)
            place = self._place(tx, assignment)
            self._book.put(tx, assignment)
            self._worries.tell(tx, words, number, place=place)
            self._tell(tx, assignment, place.staff_ids, alias=place.alias)
            return AssignmentView(assignment)

        try:
            accepted(answer, self._policies(call.tenant_id).assignment_text_length)
            sealed = self._lines.seal_answer(call, answer)
            view = self._store.transact(call, act)
        except HavenError as error:
            if not is_retryable(error):
                self._worries.hear_refused(call, words, lambda tx: self._refused_at(tx, command))
            raise
        count(words.found)
        changes.labels(State.SUBMITTED.value).inc()
        return view

    def review(self, call: Call, command: Judge) -> AssignmentView:
        """Accept what was handed in."""
        comment = self._lines.seal(call, command.comment)

        def act(tx: Tx, assignment: Assignment) -> None:
            assignment.review(call.actor.subject, comment, tx.now)

        return self._judge(call, command, act)

    def give_back(self, call: Call, command: Judge) -> AssignmentView:
        """It is to be done again."""
        comment = self._lines.seal(call, command.comment)

        def act(tx: Tx, assignment: Assignment) -> None:
            review = Review(comment, True, call.actor.subject, tx.now)
            zone = self._zone(tx, assignment.patient_id)
            assignment.give_back(review, command.due, zone, self._policies(call.tenant_id))

        return self._judge(call, command, act)

    def withdraw(self, call: Call, command: Withdraw) -> AssignmentView:
        """Take it back. The patient, who may be at it, hears so; nothing falls due any more."""

        def act(tx: Tx) -> AssignmentView:
            assignment = self._book.load(tx, command.assignment_id)
            self._require_staff(tx, assignment)
            _require_current(assignment, command.etag)
            assignment.withdraw(call.actor.subject, tx.now)
            self._book.put(tx, assignment)
            self._tell(tx, assignment, (assignment.patient_id,))
            return AssignmentView(assignment, is_for_staff=True)

        view = self._store.transact(call, act)
        changes.labels(State.WITHDRAWN.value).inc()
        return view

    def look(self, call: Call, assignment_id: str) -> None:
        """Its time has come: remind, say that it is overdue, or let it go."""

        def act(tx: Tx) -> State | None:
            assignment = self._book.load(tx, assignment_id)
            reminder_id = derived_id("assignment-reminder", assignment.id, str(assignment.version))
            policy = self._policies(tx.call.tenant_id)
            if not assignment.look(reminder_id, tx.now, policy):
                return None
            self._book.put(tx, assignment)
            return assignment.state

        if self._store.transact(call, act) is State.EXPIRED:
            changes.labels(State.EXPIRED.value).inc()

    def _give(self, tx: Tx, patient_id: str, task: Task, due: LocalDue, *, key: str) -> Assignment:
        id = derived_id("assignment", tx.call.tenant_id, key, patient_id)
        zone = self._zone(tx, patient_id)
        assignment = handed_out(id, patient_id, task, (due, zone, tx.now))
        assignment.plan(assignment.due_time, tx.now, self._policies(tx.call.tenant_id))
        self._book.put(tx, assignment)
        self._tell(tx, assignment, (patient_id,))
        return assignment

    def _patients(self, tx: Tx, session: Session, named: tuple[str, ...]) -> Iterator[str]:
        """Those who are named, or those who are there; nobody whose consent was taken back."""
        present = [
            each.patient_id
            for each in self._records.participants.in_session(tx, session.id)
            if each.patient_id and each.is_present
        ]
        if not named and not present:
            raise FailedPrecondition("NOBODY_PRESENT", "no patient is in the room")
        for patient_id in named or present:
            if named and not self._records.copies.is_seated(tx, session, patient_id):
                raise NotFound("NOT_FOUND", "no such patient in this session")
            if not self._records.copies.is_barred(tx, patient_id, BARRING_SCOPES):
                yield patient_id
            elif named:
                raise FailedPrecondition("CONSENT_REVOKED", "a consent was taken back")

    def _mine(self, tx: Tx, assignment_id: str) -> Assignment:
        assignment = self._book.peek(tx, assignment_id)
        if assignment is None or assignment.patient_id != tx.call.actor.subject:
            raise NotFound("NOT_FOUND", "no such assignment")
        return assignment

    def _judge(
        self, call: Call, command: Judge, change: Callable[[Tx, Assignment], None]
    ) -> AssignmentView:
        def act(tx: Tx) -> AssignmentView:
            assignment = self._book.load(tx, command.assignment_id)
            is_own = assignment.task.facilitator_id == call.actor.subject
            if not is_own and not call.has(Role.SUPERVISOR):
                raise PermissionDenied("NOT_FACILITATOR", "another clinician handed it out")
            _require_current(assignment, command.etag)
            change(tx, assignment)
            self._book.put(tx, assignment)
            self._tell(tx, assignment, (assignment.patient_id,))
            return AssignmentView(assignment)

        judged = self._store.transact(call, act)
        changes.labels(judged.assignment.state.value).inc()
        return judged

    def _require_staff(self, tx: Tx, assignment: Assignment) -> None:
        """Who handed it out, leads or helped in that session, or leads the group now."""
        task, person_id = assignment.task, tx.call.actor.subject
        session = self._records.sessions.peek(tx, task.session_id)
        if person_id == task.facilitator_id or (session and person_id in session.staff):
            return
        group = self._groups.load(tx, task.group_id)
        group.require_staff(person_id, is_supervisor=tx.call.has(Role.SUPERVISOR))

    def _place(self, tx: Tx, assignment: Assignment) -> Place:
        task = assignment.task
        alias = self._records.copies.alias(tx, assignment.patient_id, task.group_id)
        return Place(task.session_id, alias, (task.facilitator_id,))

    def _refused_at(self, tx: Tx, command: Submit) -> Place:
        """Staff of their own assignment hear of it; of any other crisis alone."""
        known = self._book.peek(tx, command.assignment_id)
        is_own = known is not None and known.patient_id == tx.call.actor.subject
        return self._place(tx, known) if known is not None and is_own else Place()

    def _tell(
        self, tx: Tx, assignment: Assignment, people: tuple[str, ...], *, alias: str = ""
    ) -> None:
        self._worries.whisper(tx, PrivateEvent(notice_of(assignment), tx.now, alias), people)

    def _zone(self, tx: Tx, patient_id: str) -> str:
        return self._zones.of(tx, patient_id) or self._policies(tx.call.tenant_id).time_zone


def _require_current(assignment: Assignment, etag: str) -> None:
    """As it was read, where it is said how."""
    if etag and etag != etag_of(assignment):
        raise Aborted("ETAG_STALE", "changed since it was read; read it again")
