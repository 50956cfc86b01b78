"""What can be asked of assignments; imperative, and may be refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.sessions.domain.answer import Answer
from services.sessions.domain.assignment import Assignment, LocalDue, State


@dataclass(frozen=True, slots=True)
class HandOut:
    """Give these patients something to do; without names everybody who is in the room."""

    session_id: str
    patient_ids: tuple[str, ...]
    title: str = field(repr=False)
    instructions: str = field(repr=False)
    due: LocalDue


@dataclass(frozen=True, slots=True)
class ListAssignments:
    """A part of a list; an empty value filters nothing."""

    patient_id: str
    session_id: str
    states: tuple[State, ...]
    is_overdue_only: bool
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class Submit:
    """A patient hands something in."""

    assignment_id: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Judge:
    """Staff have looked at what was handed in; `etag` says at which version."""

    assignment_id: str
    comment: str = field(repr=False)
    etag: str
    # When it comes back: by when again, if they say so.
    due: LocalDue | None = None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Staff of the group take it back; `etag` says at which version."""

    assignment_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class ZoneKnown:
    """In which time zone a patient lives."""

    patient_id: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """An assignment, with its texts where and as the caller may read them."""

    assignment: Assignment
    title: str = field(default="", repr=False)
    instructions: str = field(default="", repr=False)
    answers: tuple[Answer, ...] = ()
    comments: tuple[str, ...] = field(default=(), repr=False)
    is_for_staff: bool = False
