"""A group with a board, and short ways to write on it."""

from __future__ import annotations

from typing import Any

from haven.sessions.v1 import boards_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from services.sessions.codec import boards as codec
from services.sessions.domain.board_commands import (
    CreatePost,
    DecidePost,
    ListPosts,
    ListReports,
    ReportPost,
)
from services.sessions.domain.board_report import DecisionReason, ReportReason
from tests.unit.sessions.ward import TENANT, Ward, by_facilitator, by_patient

WORRYING = "I want to kill myself"


class Noticeboard(Ward):
    """p-1 and p-2 have seats in g-1, which f-1 leads; nobody has to be in a room."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.prepares()

    def posts(self, text: str, call: Call | None = None, reply_number: int = 0) -> int:
        command = CreatePost("g-1", text, reply_number)
        return self.sessions.boards.posts.create(call or by_patient(), command).event.number

    def reads(self, call: Call, **changes: Any) -> list[pb.BoardPost]:
        values = {"group_id": "g-1", "page_size": 50, "page_token": "", **changes}
        page = self.sessions.boards.queries.posts(call, ListPosts(**values))
        return list(codec.listed(page).board_posts)

    def reports(
        self, number: int, call: Call | None = None, reason: ReportReason = ReportReason.HURTS
    ) -> None:
        command = ReportPost("g-1", number, reason)
        self.sessions.boards.reports.report(call or by_patient("p-2"), command)

    def hides(self, number: int, call: Call | None = None) -> None:
        command = DecidePost("g-1", number, DecisionReason.HURTS)
        self.sessions.boards.reports.hide(call or by_facilitator(), command)

    def keeps(self, number: int, call: Call | None = None) -> None:
        command = DecidePost("g-1", number, DecisionReason.FINE)
        self.sessions.boards.reports.keep(call or by_facilitator(), command)

    def queue(self, call: Call | None = None, **changes: Any) -> list[pb.BoardReport]:
        values = {"group_id": "g-1", "with_decided": False, "page_size": 50, "page_token": ""}
        asked = ListReports(**{**values, **changes})
        page = self.sessions.boards.queries.reports(call or by_facilitator(), asked)
        return list(codec.reports_listed(page).board_reports)

    def events(self) -> list[pb.BoardEvent]:
        """As a peer's stream shows them."""
        found = self.sessions.board_log.after(TENANT, "g-1", 0, 1000)
        return [codec.event_frame(each, "p-2", for_staff=False).event for each in found]

    def risks(self) -> list[Any]:
        return self.store.emitted(sessions.ChatRiskRaised)

    def missed(self) -> list[Any]:
        return self.store.emitted(sessions.BoardReportMissed)
