"""Boards as documents and back. Events have no `patient_id`: they are no chart reads."""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.sessions.domain.board import Author, BoardEvent, BoardEventKind
from services.sessions.domain.board_report import (
    BoardReport,
    Decision,
    DecisionReason,
    ReportReason,
    ReportState,
)
from services.sessions.domain.roles import Role


def event_document(event: BoardEvent) -> Document:
    """One event of a board."""
    return {
        "kind": event.kind.value,
        "alias": event.author.alias,
        "role": event.author.role.value,
        "person_id": event.author.patient_id,
        "text": event.text,
        "reply_number": event.reply_number,
        "about_number": event.about_number,
        "reason": event.reason.value if event.reason else "",
        "is_hidden": event.is_hidden,
        "event_time": event.create_time,
    }


def event_from(document: Document) -> BoardEvent:
    """The event again, with its number."""
    return BoardEvent(
        kind=BoardEventKind(document["kind"]),
        author=Author(document["alias"], Role(document["role"]), document["person_id"]),
        create_time=document["event_time"],
        text=document["text"],
        reply_number=document["reply_number"],
        about_number=document["about_number"],
        reason=DecisionReason(document["reason"]) if document["reason"] else None,
        is_hidden=document["is_hidden"],
        is_text_removed=document.get("is_text_removed", False),
        number=document["number"],
    )


def report_document(report: BoardReport) -> Document:
    """What staff must look at."""
    return {
        "_id": report.id,
        "group_id": report.group_id,
        "number": report.number,
        "patient_id": report.author_id,
        "state": report.state.value,
        "reasons": [each.value for each in report.reasons],
        "reporter_ids": list(report.reporter_ids),
        "open_time": report.open_time,
        "due_time": report.due_time,
        "open_count": report.open_count,
        "miss_time": report.miss_time,
        "escalation_count": report.escalation_count,
        "decisions": [_decision_document(each) for each in report.decisions],
    }


def report_from(document: Document) -> BoardReport:
    """The report again."""
    return BoardReport(
        id=document["_id"],
        group_id=document["group_id"],
        number=document["number"],
        author_id=document["patient_id"],
        state=ReportState(document["state"]),
        reasons=tuple(ReportReason(each) for each in document["reasons"]),
        reporter_ids=tuple(document["reporter_ids"]),
        open_time=document["open_time"],
        due_time=document["due_time"],
        open_count=document["open_count"],
        miss_time=document["miss_time"],
        escalation_count=document["escalation_count"],
        decisions=tuple(_decision_from(each) for each in document["decisions"]),
    )


def _decision_document(decision: Decision) -> dict[str, Any]:
    return {
        "is_hidden": decision.is_hidden,
        "reason": decision.reason.value,
        "moderator_id": decision.moderator_id,
        "decide_time": decision.decide_time,
    }


def _decision_from(document: dict[str, Any]) -> Decision:
    return Decision(
        document["is_hidden"],
        DecisionReason(document["reason"]),
        document["moderator_id"],
        document["decide_time"],
    )
