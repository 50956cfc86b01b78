"""What can be asked of boards; imperative, and may be refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.sessions.domain.board import BoardEvent
from services.sessions.domain.board_report import BoardReport, DecisionReason, ReportReason


@dataclass(frozen=True, slots=True)
class CreatePost:
    """A text for the group, or an answer to one."""

    group_id: str
    text: str = field(repr=False)
    reply_number: int = 0


@dataclass(frozen=True, slots=True)
class ListPosts:
    """A part of what is on a board."""

    group_id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class ReportPost:
    """Staff should look at this."""

    group_id: str
    number: int
    reason: ReportReason


@dataclass(frozen=True, slots=True)
class ListReports:
    """A part of the moderators' queue; without a group of all of them."""

    group_id: str
    with_decided: bool
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class DecidePost:
    """A moderator hides or keeps a post."""

    group_id: str
    number: int
    reason: DecisionReason


@dataclass(frozen=True, slots=True)
class PostView:
    """An event, for whom."""

    event: BoardEvent
    person_id: str
    is_for_staff: bool


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report with its post."""

    report: BoardReport
    post: BoardEvent
