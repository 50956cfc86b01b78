"""Assignments as patients and staff see them."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call, Role
from chassis.errors import NotFound
from chassis.store import Page, Reader, Store
from services.sessions.domain.assignment import Assignment, State
from services.sessions.domain.assignment_commands import AssignmentView, ListAssignments
from services.sessions.ports import Records
from services.sessions.ports.assignments import AssignmentBook, Lines

STAFF = frozenset({Role.CLINICIAN, Role.SUPERVISOR})
NOT_WITHDRAWN = tuple(each for each in State if each is not State.WITHDRAWN)


class AssignmentQueries:
    """One, or a list; whoever's are shown has it in their trail first."""

    def __init__(
        self, store: Store, records: Records, *, book: AssignmentBook, lines: Lines
    ) -> None:
        self._store, self._records = store, records
        self._book, self._lines = book, lines

    def get(self, call: Call, assignment_id: str) -> AssignmentView:
        """Everything about one; another patient's does not exist."""

        def look(reader: Reader) -> Assignment:
            assignment = self._book.load(reader, assignment_id)
            call.require_self(assignment.patient_id)
            return assignment

        return self._lines.view(call, self._store.read(call, look))

    def page(self, call: Call, asked: ListAssignments) -> Page[AssignmentView]:
        """A part of a list; NotFound for a patient or a session that nobody knows here."""
        if not STAFF & call.actor.roles:
            call.require_self(asked.patient_id)
            # What was withdrawn is not to be done: it is shown to those who ask for it.
            asked = replace(asked, states=asked.states or NOT_WITHDRAWN)

        def look(reader: Reader) -> Page[Assignment]:
            if asked.session_id and self._records.sessions.peek(reader, asked.session_id) is None:
                raise NotFound("NOT_FOUND", "no such session")
            page = self._book.page(reader, asked)
            patient_id = asked.patient_id
            if patient_id and not page.items and not self._is_known(reader, patient_id):
                raise NotFound("NOT_FOUND", "no such patient")
            return page

        page = self._store.read(call, look)
        views = [self._lines.view(call, each, is_brief=True) for each in page.items]
        return Page(views, page.next_page_token)

    def _is_known(self, reader: Reader, patient_id: str) -> bool:
        return self._records.copies.is_known(reader, patient_id)
