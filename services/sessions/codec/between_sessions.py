"""Events of what goes on between sessions, as messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from haven.sessions.v1 import events_pb2 as pb

from services.sessions.domain.events import (
    AssignmentReminderRequested,
    BoardReportMissed,
    BoardReportOpened,
    Reminder,
)

REMINDERS = {
    Reminder.DUE_SOON: pb.ASSIGNMENT_REMINDER_KIND_DUE_SOON,
    Reminder.OVERDUE: pb.ASSIGNMENT_REMINDER_KIND_OVERDUE,
}


def _assignment_reminder_requested(event: AssignmentReminderRequested) -> Message:
    message = pb.AssignmentReminderRequested(
        reminder_id=event.reminder_id,
        assignment_id=event.assignment_id,
        patient_id=event.patient_id,
        kind=REMINDERS[event.kind],
    )
    message.due_time.FromDatetime(event.due_time)
    message.expire_time.FromDatetime(event.expire_time)
    return message


def _board_report_opened(event: BoardReportOpened) -> Message:
    message = pb.BoardReportOpened(
        board_report_id=event.board_report_id,
        group_id=event.group_id,
        recipient_id=event.recipient_id,
        open_count=event.open_count,
    )
    message.due_time.FromDatetime(event.due_time)
    return message


def _board_report_missed(event: BoardReportMissed) -> Message:
    message = pb.BoardReportMissed(
        board_report_id=event.board_report_id,
        group_id=event.group_id,
        recipient_id=event.recipient_id,
        escalation_count=event.escalation_count,
    )
    message.due_time.FromDatetime(event.due_time)
    message.miss_time.FromDatetime(event.miss_time)
    return message


WRITERS: Mapping[type, Callable[[Any], Message]] = {
    AssignmentReminderRequested: _assignment_reminder_requested,
    BoardReportOpened: _board_report_opened,
    BoardReportMissed: _board_report_missed,
}
