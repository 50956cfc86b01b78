"""Boards in their collections; see ports.boards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chassis.call import Role
from chassis.ids import derived_id
from chassis.store import Page, Reader, Store, Tx
from services.sessions.codec.board_documents import (
    event_document,
    event_from,
    report_document,
    report_from,
)
from services.sessions.domain.board import (
    BoardEvent,
    BoardEventKind,
    Group,
    GroupSession,
    group_of,
)
from services.sessions.domain.board_commands import ListPosts, ListReports
from services.sessions.domain.board_report import BoardReport, DecisionReason, ReportState
from services.sessions.domain.door import BARRING_SCOPES
from services.sessions.domain.session import FINAL
from services.sessions.ports.boards import Boards, Kept
from services.sessions.store.copies import SEATS, CopyStore
from services.sessions.store.logs import LogStore
from services.sessions.store.shelves import ShelfStore

BOARD_LOGS, BOARD_EVENTS, BOARD_REPORTS = "board_logs", "board_events", "board_reports"
BOARDS, SESSIONS = "boards", "sessions"
OF_SESSIONS = ("facilitator_id", "start_time", "state", "patient_ids")
POSTED = {"kind": BoardEventKind.POSTED.value}


class GroupStore:
    """What the copies of sessions and seats say of a group."""

    def load(self, reader: Reader, group_id: str) -> Group:
        """The group; NotFound where no session of it is known."""
        found = reader.find(SESSIONS, {"group_id": group_id}, fields=OF_SESSIONS)
        return group_of(group_id, [_session_from(each) for each in found])

    def is_member(self, reader: Reader, group: Group, patient_id: str) -> bool:
        """True for a seat in a session that is not over."""
        if patient_id in group.booked_ids:
            return True
        seat = {
            "session_id": {"$in": list(group.session_ids)},
            "patient_id": patient_id,
            "is_held": True,
        }
        return reader.find_one(SEATS, seat) is not None


class DoorStore:
    """See ports.boards.BoardDoor."""

    def __init__(self, groups: GroupStore, copies: CopyStore) -> None:
        self._groups, self._copies = groups, copies

    def admit(self, reader: Reader, group_id: str) -> Group:
        """The group, for a caller who may see its board; raises why not."""
        group, actor = self._groups.load(reader, group_id), reader.call.actor
        if {Role.CLINICIAN, Role.SUPERVISOR} & actor.roles:
            group.require_staff(actor.subject, is_supervisor=Role.SUPERVISOR in actor.roles)
        else:
            group.require_patient(
                is_member=self._groups.is_member(reader, group, actor.subject),
                is_barred=self._copies.is_barred(reader, actor.subject, BARRING_SCOPES),
            )
        return group


class PostStore:
    """Posts by number, by page, and hidden."""

    def peek(self, reader: Reader, group_id: str, number: int) -> BoardEvent | None:
        """The event under the number."""
        found = reader.find_one(BOARD_EVENTS, {"log_key": group_id, "number": number})
        return None if found is None else event_from(found)

    def page(self, reader: Reader, asked: ListPosts) -> Page[BoardEvent]:
        """The newest first."""
        page = reader.page(
            BOARD_EVENTS,
            {"log_key": asked.group_id, **POSTED},
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="-number",
        )
        return Page([event_from(each) for each in page.items], page.next_page_token)

    def count_since(self, reader: Reader, group_id: str, patient_id: str, at: datetime) -> int:
        """How much a patient has written since."""
        mine = {"log_key": group_id, "person_id": patient_id, "event_time": {"$gt": at}}
        return reader.count(BOARD_EVENTS, mine)

    def hide(self, tx: Tx, group_id: str, number: int, reason: DecisionReason) -> None:
        """Peers read it no more; staff do."""
        hidden = {"$set": {"is_hidden": True, "reason": reason.value}}
        tx.update_one(BOARD_EVENTS, {"log_key": group_id, "number": number}, hidden)


class BoardShelves:
    """One row per board says when to look for texts that are too old."""

    def keep(self, tx: Tx, group_id: str, look_time: datetime) -> None:
        """There are texts; the earlier look stays. After the log was appended to, so that two
        writers of one board have excluded each other."""
        id = derived_id("board", tx.call.tenant_id, group_id)
        found = tx.find_one(BOARDS, {"_id": id})
        if found is None:
            tx.insert(BOARDS, {"_id": id, "group_id": group_id, "look_time": look_time})
        elif found["look_time"] is None:
            self.look_at(tx, id, look_time)

    def find(self, reader: Reader, board_id: str) -> Kept | None:
        """The row."""
        found = reader.find_one(BOARDS, {"_id": board_id})
        return None if found is None else Kept(board_id, found["group_id"], found["look_time"])

    def look_at(self, tx: Tx, board_id: str, at: datetime | None) -> None:
        """When to look next; None = there is nothing to look for."""
        tx.update_one(BOARDS, {"_id": board_id}, {"$set": {"look_time": at}})

    def oldest(self, reader: Reader, group_id: str) -> datetime | None:
        """When the oldest text was written that is still there."""
        there = {"log_key": group_id, **POSTED, "text": {"$ne": ""}}
        order = [("number", 1)]
        found = reader.find_one(BOARD_EVENTS, there, sort=order, fields=("event_time",))
        return None if found is None else found["event_time"]

    def empty(self, tx: Tx, group_id: str, before: datetime, limit: int) -> int:
        """Take some words out, on the record of who wrote them; how many."""
        old = {
            "log_key": group_id,
            **POSTED,
            "text": {"$ne": ""},
            "event_time": {"$lte": before},
        }
        found = tx.find(BOARD_EVENTS, old, limit=limit, fields=("person_id",))
        emptied = {"$set": {"text": "", "is_text_removed": True}}
        tx.update_many(BOARD_EVENTS, {"_id": {"$in": [each["_id"] for each in found]}}, emptied)
        for each in found:
            tx.touch(each["person_id"], group_id)
        return len(found)


class ReportStore(ShelfStore[BoardReport]):
    """The moderators' queue."""

    def __init__(self, store: Store) -> None:
        super().__init__(
            store, BOARD_REPORTS, to_document=report_document, from_document=report_from
        )

    def page(self, reader: Reader, asked: ListReports) -> Page[BoardReport]:
        """By due time; whose posts they are about have it in their trails."""
        filter: dict[str, Any] = {"group_id": asked.group_id} if asked.group_id else {}
        if not asked.with_decided:
            filter["state"] = ReportState.OPEN.value
        page = reader.page(
            BOARD_REPORTS,
            filter,
            page_size=asked.page_size,
            page_token=asked.page_token,
            order_by="due_time",
        )
        for each in page.items:
            reader.touch(each["patient_id"], each["_id"])
        return Page([self._restored(each) for each in page.items], page.next_page_token)


def boards(store: Store) -> Boards:
    """Everything that is kept of boards, in this store."""
    log = LogStore[BoardEvent](
        BOARD_LOGS, BOARD_EVENTS, to_document=event_document, from_document=event_from
    )
    groups = GroupStore()
    door = DoorStore(groups, CopyStore())
    return Boards(log, groups, door, PostStore(), BoardShelves(), ReportStore(store))


def _session_from(document: dict[str, Any]) -> GroupSession:
    return GroupSession(
        document["_id"],
        document["facilitator_id"],
        document["start_time"],
        document["state"] in FINAL,
        frozenset(document["patient_ids"]),
    )
