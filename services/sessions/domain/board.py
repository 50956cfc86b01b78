"""A group's board: what is written there, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidArgument, NotFound, PermissionDenied
from services.sessions.domain.board_report import DecisionReason
from services.sessions.domain.roles import TITLES, Role


class BoardEventKind(StrEnum):
    """What can happen on a board."""

    POSTED = "posted"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, as peers see them; `patient_id` is empty for staff."""

    alias: str = TITLES[Role.FACILITATOR]
    role: Role = Role.FACILITATOR
    patient_id: str = ""


@dataclass(frozen=True, slots=True)
class BoardEvent:
    """One event of a board's log, as staff see it. A number is given when stored."""

    kind: BoardEventKind
    author: Author
    create_time: datetime
    text: str = field(default="", repr=False)
    reply_number: int = 0
    # Of HIDDEN: which post, and why.
    about_number: int = 0
    reason: DecisionReason | None = None
    is_hidden: bool = False
    is_text_removed: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """A group as its sessions tell of it."""

    id: str
    # Who leads those still to come, the next one's first; of a group that is over, the last one's.
    lead_ids: tuple[str, ...]
    # Sessions still to come, or going on: a seat in one makes a member.
    session_ids: tuple[str, ...] = ()
    # Booked into one of those directly.
    booked_ids: frozenset[str] = frozenset()

    def require_staff(self, person_id: str, *, is_supervisor: bool) -> None:
        """A clinician who leads a session still to come, or a supervisor."""
        if not is_supervisor and person_id not in self.lead_ids:
            raise PermissionDenied("NOT_FACILITATOR", "other clinicians lead this group")

    def require_patient(self, *, is_member: bool, is_barred: bool) -> None:
        """A member with the consents that the group's door asks for."""
        if not is_member:
            raise NotFound("NOT_FOUND", "no such group")
        if is_barred:
            raise FailedPrecondition("CONSENT_REVOKED", "a consent that this needs was revoked")


@dataclass(frozen=True, slots=True)
class GroupSession:
    """What the board must know of one session of its group."""

    session_id: str
    facilitator_id: str
    start_time: datetime
    is_over: bool
    patient_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Somebody who may see a board at this moment, and where its log stands."""

    group_id: str
    is_staff: bool
    person_id: str
    head: int = 0


def group_of(id: str, sessions: list[GroupSession]) -> Group:
    """The group that these are sessions of; NotFound where there are none."""
    if not sessions:
        raise NotFound("NOT_FOUND", "no such group")
    ordered = sorted(sessions, key=lambda each: (each.start_time, each.session_id))
    open_ = [each for each in ordered if not each.is_over]
    leads = dict.fromkeys(each.facilitator_id for each in open_ or ordered[-1:])
    return Group(
        id,
        tuple(leads),
        tuple(each.session_id for each in open_),
        frozenset[str]().union(*(each.patient_ids for each in open_)),
    )


def require_post(event: BoardEvent | None) -> BoardEvent:
    """The post, if it is one that peers can read."""
    if event is None or event.kind is not BoardEventKind.POSTED:
        raise InvalidArgument("POST_UNKNOWN", "there is no such post on this board")
    if event.is_hidden:
        raise FailedPrecondition("POST_HIDDEN", "the post is hidden")
    return event
