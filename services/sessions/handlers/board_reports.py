"""Posts that staff must look at: asked for, decided, or told to the supervisors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from prometheus_client import Counter

from chassis.call import Call
from chassis.ids import derived_id
from chassis.store import Store, Tx
from services.sessions.domain.board import (
    Author,
    BoardEvent,
    BoardEventKind,
    Group,
    require_post,
)
from services.sessions.domain.board_commands import DecidePost, ReportPost, ReportView
from services.sessions.domain.board_report import BoardReport, ReportReason, ReportState
from services.sessions.ports import Policies
from services.sessions.ports.boards import Boards

opened = Counter(
    "haven_sessions_board_reports", "Posts that staff were asked to look at.", ["reason"]
)
missed = Counter(
    "haven_sessions_board_reports_missed", "Times that nobody had looked at one in time."
)
for _reason in ReportReason:
    opened.labels(_reason.value)


class BoardReports:
    """One report per post; metrics move after the commit."""

    def __init__(self, store: Store, policies: Policies, *, boards: Boards) -> None:
        self._store, self._policies, self._boards = store, policies, boards
        self._door = boards.door

    def report(self, call: Call, command: ReportPost) -> None:
        """Somebody of the group wants staff to look."""

        def act(tx: Tx) -> None:
            group = self._door.admit(tx, command.group_id)
            post = require_post(self._boards.posts.peek(tx, group.id, command.number))
            self.open(tx, group, post, command.reason, by=call.actor.subject)

        self._store.transact(call, act)
        opened.labels(command.reason.value).inc()

    def open(
        self, tx: Tx, group: Group, post: BoardEvent, reason: ReportReason, *, by: str = ""
    ) -> None:
        """Into the queue, or one more reason there; inside the caller's transaction."""
        report = self._of(tx, group, post)
        within = self._policies(tx.call.tenant_id).board_report_seconds
        before = (report.state, report.reasons, report.reporter_ids)
        report.ask(by, reason, group.lead_ids[0], tx.now, within=within)
        if before != (report.state, report.reasons, report.reporter_ids):
            self._boards.reports.put(tx, report)

    def hide(self, call: Call, command: DecidePost) -> ReportView:
        """A moderator takes the post from the board; everybody who follows it is told."""

        def act(tx: Tx, report: BoardReport, post: BoardEvent) -> None:
            report.hide(call.actor.subject, command.reason, tx.now)
            self._boards.posts.hide(tx, report.group_id, post.number, command.reason)
            told = BoardEvent(
                BoardEventKind.HIDDEN,
                Author(),
                tx.now,
                about_number=post.number,
                reason=command.reason,
            )
            self._boards.log.append(tx, report.group_id, told)

        return self._decide(call, command, act)

    def keep(self, call: Call, command: DecidePost) -> ReportView:
        """A moderator has looked, and it stays."""

        def act(tx: Tx, report: BoardReport, post: BoardEvent) -> None:
            del post
            report.keep(call.actor.subject, command.reason, tx.now)

        return self._decide(call, command, act)

    def miss(self, call: Call, report_id: str) -> None:
        """Its time is over, and nobody has looked."""

        def act(tx: Tx) -> bool:
            report = self._boards.reports.peek(tx, report_id)
            if report is None or not report.miss(tx.now, self._policies(tx.call.tenant_id)):
                return False
            self._boards.reports.put(tx, report)
            return True

        if self._store.transact(call, act):
            missed.inc()

    def _decide(
        self,
        call: Call,
        command: DecidePost,
        change: Callable[[Tx, BoardReport, BoardEvent], None],
    ) -> ReportView:
        def act(tx: Tx) -> ReportView:
            group = self._door.admit(tx, command.group_id)
            post = require_post(self._boards.posts.peek(tx, group.id, command.number))
            report = self._of(tx, group, post)
            change(tx, report, post)
            self._boards.reports.put(tx, report)
            # What is answered is kept for whoever repeats the request: without the words.
            shown = replace(post, text="", is_hidden=report.state is ReportState.HIDDEN)
            return ReportView(report, shown)

        return self._store.transact(call, act)

    def _of(self, tx: Tx, group: Group, post: BoardEvent) -> BoardReport:
        id = derived_id("board-report", tx.call.tenant_id, group.id, str(post.number))
        known = self._boards.reports.peek(tx, id)
        return known or BoardReport(id, group.id, post.number, post.author.patient_id)
