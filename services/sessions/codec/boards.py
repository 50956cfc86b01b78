"""Boards: requests as commands, views as messages. What peers see and staff see parts here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from haven.sessions.v1 import boards_pb2 as pb
from haven.sessions.v1 import sessions_pb2

from chassis.decode import Fields
from chassis.store import Page
from services.sessions.codec.answers import ROLES
from services.sessions.codec.attested import timestamp
from services.sessions.codec.frames import PARTINGS
from services.sessions.domain import board_commands as commands
from services.sessions.domain.board import BoardEvent, BoardEventKind
from services.sessions.domain.board_commands import PostView, ReportView
from services.sessions.domain.board_report import (
    HIDING,
    KEEPING,
    DecisionReason,
    ReportReason,
    ReportState,
)
from services.sessions.domain.parting import Parting

Frame = pb.WatchBoardResponse
MOST = 2**62  # of numbers
REPORT_REASONS = {
    pb.BoardReportReason.Value(f"BOARD_REPORT_REASON_{each.name}"): each for each in ReportReason
}
REPORT_REASON_NUMBERS = {reason: number for number, reason in REPORT_REASONS.items()}
ASKED = {number: each for number, each in REPORT_REASONS.items() if each is not ReportReason.RULES}
DECISION_REASONS = {
    pb.BoardDecisionReason.Value(f"BOARD_DECISION_REASON_{each.name}"): each
    for each in DecisionReason
}
DECISION_REASON_NUMBERS = {reason: number for number, reason in DECISION_REASONS.items()}
TO_HIDE: Mapping[int, DecisionReason] = {
    number: each for number, each in DECISION_REASONS.items() if each in HIDING
}
TO_KEEP: Mapping[int, DecisionReason] = {
    number: each for number, each in DECISION_REASONS.items() if each in KEEPING
}
REPORT_STATES = {
    each: pb.BoardReportState.Value(f"BOARD_REPORT_STATE_{each.name}") for each in ReportState
}


def create_post(request: pb.CreateBoardPostRequest) -> commands.CreatePost:
    """The text is not looked at here: what is refused is judged as well."""
    fields = Fields(request)
    command = commands.CreatePost(
        fields.identifier("group_id"), request.text, fields.integer("reply_number", 0, MOST)
    )
    fields.done()
    return command


def list_posts(request: pb.ListBoardPostsRequest) -> commands.ListPosts:
    """One page."""
    fields = Fields(request)
    command = commands.ListPosts(
        fields.identifier("group_id"), request.page_size, request.page_token
    )
    fields.done()
    return command


def report_post(request: pb.ReportBoardPostRequest) -> commands.ReportPost:
    """Which, and why."""
    fields = Fields(request)
    command = commands.ReportPost(
        fields.identifier("group_id"),
        fields.integer("number", 1, MOST),
        fields.enum("reason", ASKED),
    )
    fields.done()
    return command


def list_reports(request: pb.ListBoardReportsRequest) -> commands.ListReports:
    """One page."""
    fields = Fields(request)
    command = commands.ListReports(
        fields.optional_identifier("group_id"),
        request.with_decided,
        request.page_size,
        request.page_token,
    )
    fields.done()
    return command


def hide_post(request: pb.HideBoardPostRequest) -> commands.DecidePost:
    """Which, and why."""
    return _decide(request, TO_HIDE)


def keep_post(request: pb.KeepBoardPostRequest) -> commands.DecidePost:
    """Which, and why."""
    return _decide(request, TO_KEEP)


def watch_board(request: pb.WatchBoardRequest) -> tuple[str, int]:
    """Which board, and from where on."""
    fields = Fields(request)
    place = fields.identifier("group_id"), fields.integer("cursor", 0, MOST)
    fields.done()
    return place


def created(view: PostView) -> pb.CreateBoardPostResponse:
    """As it stands on the board."""
    return pb.CreateBoardPostResponse(board_post=post_message(view))


def listed(page: Page[PostView]) -> pb.ListBoardPostsResponse:
    """One page."""
    return pb.ListBoardPostsResponse(
        board_posts=[post_message(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def reported(_: None) -> pb.ReportBoardPostResponse:
    """Nothing of what becomes of it."""
    return pb.ReportBoardPostResponse()


def reports_listed(page: Page[ReportView]) -> pb.ListBoardReportsResponse:
    """One page."""
    return pb.ListBoardReportsResponse(
        board_reports=[report_message(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def hidden(view: ReportView) -> pb.HideBoardPostResponse:
    """As decided."""
    return pb.HideBoardPostResponse(board_report=report_message(view))


def kept(view: ReportView) -> pb.KeepBoardPostResponse:
    """As decided."""
    return pb.KeepBoardPostResponse(board_report=report_message(view))


def post_message(view: PostView) -> pb.BoardPost:
    """A post as its reader may see it."""
    event, author = view.event, view.event.author
    is_readable = view.is_for_staff or not event.is_hidden
    return pb.BoardPost(
        number=event.number,
        alias=author.alias,
        role=ROLES[author.role],
        text=event.text if is_readable else "",
        reply_number=event.reply_number,
        create_time=timestamp(event.create_time),
        is_own=bool(author.patient_id) and author.patient_id == view.person_id,
        is_hidden=event.is_hidden,
        is_text_removed=event.is_text_removed,
        patient_id=author.patient_id if view.is_for_staff else "",
    )


def report_message(view: ReportView) -> pb.BoardReport:
    """For staff."""
    report = view.report
    message = pb.BoardReport(
        board_report_id=report.id,
        group_id=report.group_id,
        post=post_message(PostView(view.post, "", is_for_staff=True)),
        state=REPORT_STATES[report.state],
        reasons=[REPORT_REASON_NUMBERS[each] for each in report.reasons],
        reporter_count=len(report.reporter_ids),
        escalation_count=report.escalation_count,
        decisions=[
            pb.BoardDecision(
                is_hidden=each.is_hidden,
                reason=DECISION_REASON_NUMBERS[each.reason],
                moderator_id=each.moderator_id,
                decide_time=timestamp(each.decide_time),
            )
            for each in report.decisions
        ],
    )
    if report.open_time is not None and report.due_time is not None:
        message.open_time.FromDatetime(report.open_time)
        message.due_time.FromDatetime(report.due_time)
    return message


def event_frame(event: BoardEvent, person_id: str, *, for_staff: bool) -> Frame:
    """One event of a board."""
    message = pb.BoardEvent(number=event.number)
    if event.kind is BoardEventKind.HIDDEN and event.reason is not None:
        message.hidden.number = event.about_number
        message.hidden.reason = DECISION_REASON_NUMBERS[event.reason]
    else:
        message.post.CopyFrom(post_message(PostView(event, person_id, for_staff)))
    return Frame(event=message)


def heartbeat(seconds: float) -> Frame:
    """Nothing was written."""
    beat = pb.BoardHeartbeat()
    beat.period_duration.FromTimedelta(timedelta(seconds=seconds))
    return Frame(heartbeat=beat)


def goodbye(parting: Parting) -> Frame:
    """The last one."""
    return Frame(goodbye=sessions_pb2.Goodbye(reason=PARTINGS[parting]))


def _decide(
    request: pb.HideBoardPostRequest | pb.KeepBoardPostRequest,
    reasons: Mapping[int, DecisionReason],
) -> commands.DecidePost:
    fields = Fields(request)
    command = commands.DecidePost(
        fields.identifier("group_id"),
        fields.integer("number", 1, MOST),
        fields.enum("reason", reasons),
    )
    fields.done()
    return command
