"""Boards as members and staff see them; each look asks again who may."""

from __future__ import annotations

from dataclasses import replace

from chassis.call import Call, Role
from chassis.errors import OutOfRange, PermissionDenied
from chassis.store import Page, Reader, Store
from services.sessions.domain.board import Onlooker
from services.sessions.domain.board_commands import (
    ListPosts,
    ListReports,
    PostView,
    ReportView,
)
from services.sessions.domain.board_report import BoardReport
from services.sessions.ports.boards import Boards

STAFF = frozenset({Role.CLINICIAN, Role.SUPERVISOR})


class BoardQueries:
    """Posts, reports, and the door of a stream."""

    def __init__(self, store: Store, boards: Boards) -> None:
        self._store, self._boards, self._door = store, boards, boards.door

    def posts(self, call: Call, asked: ListPosts) -> Page[PostView]:
        """A part of a board. Staff see whose they are: that is in the trail of each."""
        is_staff = bool(STAFF & call.actor.roles)

        def look(reader: Reader) -> Page[PostView]:
            group = self._door.admit(reader, asked.group_id)
            reader.touch("", group.id)
            page = self._boards.posts.page(reader, asked)
            for event in page.items if is_staff else ():
                reader.touch(event.author.patient_id, group.id)
            views = [PostView(each, call.actor.subject, is_staff) for each in page.items]
            return Page(views, page.next_page_token)

        return self._store.read(call, look)

    def reports(self, call: Call, asked: ListReports) -> Page[ReportView]:
        """A part of the queue; of all groups for supervisors."""

        def look(reader: Reader) -> Page[ReportView]:
            if asked.group_id:
                self._door.admit(reader, asked.group_id)
            elif not call.has(Role.SUPERVISOR):
                raise PermissionDenied("NOT_FACILITATOR", "name a group that you lead")
            page = self._boards.reports.page(reader, asked)
            return Page([self._view(reader, each) for each in page.items], page.next_page_token)

        return self._store.read(call, look)

    def enter(self, call: Call, group_id: str, cursor: int) -> Onlooker:
        """A stream begins; one row in the trail for each."""

        def look(reader: Reader) -> Onlooker:
            group = self._door.admit(reader, group_id)
            reader.touch("", group.id)
            head = self._boards.log.head(reader, group.id)
            if cursor > head:
                raise OutOfRange("CURSOR_UNKNOWN", "the board has not come that far")
            is_staff = bool(STAFF & call.actor.roles)
            return Onlooker(group.id, is_staff, call.actor.subject, head)

        return self._store.read(call, look)

    def still(self, call: Call, group_id: str) -> None:
        """Raises as soon as the caller may see it no more; following adds no rows."""
        quiet = replace(call, action="")
        self._store.read(quiet, lambda reader: self._door.admit(reader, group_id))

    def _view(self, reader: Reader, report: BoardReport) -> ReportView:
        post = self._boards.posts.peek(reader, report.group_id, report.number)
        assert post is not None, "nothing of a board's log goes"
        return ReportView(report, post)
