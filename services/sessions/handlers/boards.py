"""What is written on boards: kept, looked at for danger, and after its time forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from chassis.call import Call
from chassis.errors import (
    HavenError,
    NotFound,
    ResourceExhausted,
    Unavailable,
    is_retryable,
)
from chassis.store import Store, Tx
from services.sessions.domain.board import (
    Author,
    BoardEvent,
    BoardEventKind,
    Group,
    require_post,
)
from services.sessions.domain.board_commands import CreatePost, PostView
from services.sessions.domain.board_report import ReportReason
from services.sessions.domain.log import spoken
from services.sessions.domain.roles import Role as RoomRole
from services.sessions.domain.session import CHAT_LOOK
from services.sessions.handlers.board_reports import BoardReports
from services.sessions.handlers.chats import count
from services.sessions.handlers.doors import STAFF
from services.sessions.handlers.standing import quiet
from services.sessions.handlers.worries import Place, Source, Worries, Written, written
from services.sessions.ports import Policies, Records
from services.sessions.ports.boards import Boards, Kept

PIECE = 200  # posts emptied by one transaction, well within its life
HOUR = timedelta(hours=1)
ALIAS_PENDING = "ALIAS_PENDING"


class BoardPosts:
    """One effect per request."""

    def __init__(
        self,
        store: Store,
        records: Records,
        policies: Policies,
        *,
        boards: Boards,
        reports: BoardReports,
    ) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._boards, self._door, self._reports = boards, boards.door, reports
        self._worries = Worries(store, records)

    def create(self, call: Call, command: CreatePost) -> PostView:
        """Write it. A patient's words that worry are told to crisis, to staff, and put into the
        moderators' queue, in the same transaction; alone, where they are refused."""
        words = written(call, Source(group_id=command.group_id), command.text)
        try:
            text = spoken(command.text, self._policies(call.tenant_id).text_length)
            view = self._store.transact(
                call, lambda tx: self._create(tx, replace(command, text=text), words)
            )
        except HavenError as error:
            # Whether a post whose alias is on its way is ever sent again, nobody knows.
            if not is_retryable(error) or error.reason == ALIAS_PENDING:
                self._worries.hear_refused(
                    call, words, lambda tx: self._refused_at(tx, command.group_id)
                )
            raise
        count(words.found)
        return view

    def forget(self, call: Call, board_id: str) -> None:
        """Empty the texts of a board that have been kept as long as the tenant says."""
        if self._store.transact(quiet(call), lambda tx: self._has_old(tx, board_id)):
            self._store.transact(call, lambda tx: self._forget(tx, board_id))

    def _create(self, tx: Tx, command: CreatePost, words: Written) -> PostView:
        group = self._door.admit(tx, command.group_id)
        author = self._author(tx, group)
        if command.reply_number:
            require_post(self._boards.posts.peek(tx, group.id, command.reply_number))
        event = BoardEvent(
            BoardEventKind.POSTED, author, tx.now, command.text, command.reply_number
        )
        number = self._boards.log.append(tx, group.id, event)
        # What is answered is kept for whoever repeats the request: without the words.
        event = replace(event, number=number, text="")
        self._boards.shelves.keep(tx, group.id, self._look_time(tx, tx.now))
        tx.touch(author.patient_id, group.id)
        place = Place("", author.alias, group.lead_ids)
        if self._worries.tell(tx, words, number, place=place):
            self._reports.open(tx, group, event, ReportReason.RULES)
        is_staff = author.role is RoomRole.FACILITATOR
        return PostView(event, tx.call.actor.subject, is_staff)

    def _author(self, tx: Tx, group: Group) -> Author:
        if STAFF & tx.call.actor.roles:
            return Author()
        patient_id = tx.call.actor.subject
        alias = self._records.copies.alias(tx, patient_id, group.id)
        if not alias:
            raise Unavailable(ALIAS_PENDING, "the alias for this group is on its way")
        most = self._policies(tx.call.tenant_id).board_posts_per_hour
        since = tx.now - HOUR
        if self._boards.posts.count_since(tx, group.id, patient_id, since) >= most:
            raise ResourceExhausted("RATE_LIMITED", "more than one person writes in an hour")
        return Author(alias, RoomRole.PATIENT, patient_id)

    def _refused_at(self, tx: Tx, group_id: str) -> Place:
        """Staff of the patient's own group hear of it; of any other, crisis alone."""
        try:
            group = self._boards.groups.load(tx, group_id)
        except NotFound:
            return Place()
        alias = self._records.copies.alias(tx, tx.call.actor.subject, group_id)
        is_theirs = alias or self._boards.groups.is_member(tx, group, tx.call.actor.subject)
        return Place("", alias, group.lead_ids) if is_theirs else Place()

    def _kept_days(self, tx: Tx) -> timedelta:
        return timedelta(days=self._policies(tx.call.tenant_id).chat_kept_days)

    def _look_time(self, tx: Tx, oldest: datetime) -> datetime:
        """When the oldest text's time is over, or soon enough for a tenant's new number to hold."""
        return min(oldest + self._kept_days(tx), tx.now + CHAT_LOOK)

    def _has_old(self, tx: Tx, board_id: str) -> bool:
        """True where texts must go; otherwise says when to look again."""
        board = self._due(tx, board_id)
        if board is None:
            return False
        oldest = self._boards.shelves.oldest(tx, board.group_id)
        if oldest is not None and oldest + self._kept_days(tx) <= tx.now:
            return True
        look_time = None if oldest is None else self._look_time(tx, oldest)
        self._boards.shelves.look_at(tx, board_id, look_time)
        return False

    def _forget(self, tx: Tx, board_id: str) -> None:
        """A piece; the board stays due until a look finds nothing more."""
        board = self._due(tx, board_id)
        if board is not None:
            before = tx.now - self._kept_days(tx)
            self._boards.shelves.empty(tx, board.group_id, before, PIECE)

    def _due(self, tx: Tx, board_id: str) -> Kept | None:
        board = self._boards.shelves.find(tx, board_id)
        is_due = board is not None and board.look_time is not None and board.look_time <= tx.now
        return board if is_due else None
