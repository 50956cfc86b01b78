"""What assignments need of the store and of the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from chassis.call import Call
from chassis.store import Page, Reader, Tx
from services.sessions.domain.answer import Answer
from services.sessions.domain.assignment import Assignment
from services.sessions.domain.assignment_commands import (
    AssignmentView,
    ListAssignments,
    ZoneKnown,
)
from services.sessions.ports.boards import Groups


class AssignmentBook(Protocol):
    """All assignments. `load`, `page` and `put` are audited: show nothing that was `peek`ed."""

    def peek(self, reader: Reader, id: str) -> Assignment | None: ...
    def load(self, reader: Reader, id: str) -> Assignment: ...
    def put(self, tx: Tx, aggregate: Assignment) -> Assignment: ...
    def page(self, reader: Reader, asked: ListAssignments) -> Page[Assignment]: ...


class Zones(Protocol):
    """In which time zone patients live, as intake last said."""

    def keep(self, tx: Tx, known: ZoneKnown, version: int) -> None: ...
    def of(self, reader: Reader, patient_id: str) -> str: ...


class Lines(Protocol):
    """Texts in, the tenant's ciphertext out; and back, for whom a use case shows it to."""

    def seal(self, call: Call, text: str) -> bytes: ...
    def seal_answer(self, call: Call, answer: Answer) -> bytes: ...
    def view(
        self, call: Call, assignment: Assignment, *, is_brief: bool = False
    ) -> AssignmentView: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Everything that is kept of assignments, and the groups that they are of."""

    book: AssignmentBook
    zones: Zones
    lines: Lines
    groups: Groups
