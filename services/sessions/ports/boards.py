"""What boards need of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chassis.store import Page, Reader, Tx
from services.sessions.domain.board import BoardEvent, Group
from services.sessions.domain.board_commands import ListPosts, ListReports
from services.sessions.domain.board_report import BoardReport, DecisionReason
from services.sessions.ports import Log


class Groups(Protocol):
    """Groups as the copies of sessions and seats tell of them at this moment."""

    def load(self, reader: Reader, group_id: str) -> Group: ...
    def is_member(self, reader: Reader, group: Group, patient_id: str) -> bool: ...


class BoardDoor(Protocol):
    """Who may see a board at this moment; asked at each call, and before events of a stream."""

    def admit(self, reader: Reader, group_id: str) -> Group: ...


class Posts(Protocol):
    """What is written on boards, beside their logs' order."""

    def peek(self, reader: Reader, group_id: str, number: int) -> BoardEvent | None: ...
    def page(self, reader: Reader, asked: ListPosts) -> Page[BoardEvent]: ...
    def count_since(self, reader: Reader, group_id: str, patient_id: str, at: datetime) -> int: ...
    def hide(self, tx: Tx, group_id: str, number: int, reason: DecisionReason) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """A board whose texts are looked at for their age."""

    board_id: str
    group_id: str
    look_time: datetime | None


class Shelves(Protocol):
    """Until when texts are kept, one row per board."""

    def keep(self, tx: Tx, group_id: str, look_time: datetime) -> None: ...
    def find(self, reader: Reader, board_id: str) -> Kept | None: ...
    def look_at(self, tx: Tx, board_id: str, at: datetime | None) -> None: ...
    def oldest(self, reader: Reader, group_id: str) -> datetime | None: ...
    def empty(self, tx: Tx, group_id: str, before: datetime, limit: int) -> int: ...


class ReportBook(Protocol):
    """Reports; `load`, `page` and `put` are audited."""

    def peek(self, reader: Reader, id: str) -> BoardReport | None: ...
    def put(self, tx: Tx, aggregate: BoardReport) -> BoardReport: ...
    def page(self, reader: Reader, asked: ListReports) -> Page[BoardReport]: ...


@dataclass(frozen=True, slots=True)
class Boards:
    """Everything that is kept of boards."""

    log: Log[BoardEvent]
    groups: Groups
    door: BoardDoor
    posts: Posts
    shelves: Shelves
    reports: ReportBook
