"""Events: what notify publishes, and what it understands of the events that it receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from clinical.risk import Severity
from services.notify.codec.inbound import review_requested, risk_raised
from services.notify.codec.names import ANSWER_NUMBERS
from services.notify.domain import commands, events
from services.notify.domain.contact import PatientContact
from services.notify.domain.template import COVER_CLOSED, COVER_OPEN, TemplateRef

SEVERITIES = {crisis_pb2.Severity.Value(f"SEVERITY_{each.name}"): each for each in Severity}


def message_of(event: Any) -> Message:
    """The message that publishes a domain event."""
    return PUBLISHED[type(event)](event)


def send_page(event: crisis_pb2.PageRequested) -> commands.SendPage:
    """Wake this person now."""
    return commands.SendPage(
        page_id=_required(event, "page_id"),
        case_id=_required(event, "case_id"),
        recipient_id=_required(event, "recipient_id"),
        expire_time=_time(event.expire_time),
        severity=SEVERITIES.get(event.severity),
        replaced=tuple((each.page_id, each.recipient_id) for each in event.replaced),
    )


def forget_drill(event: crisis_pb2.DrillForgotten) -> commands.ForgetDrill:
    """A drill is over and done with."""
    return commands.ForgetDrill(_required(event, "case_id"), tuple(event.page_ids))


def nudge(event: sessions_pb2.PatientAbsent) -> commands.Nudge:
    """A patient did not come."""
    return commands.Nudge(
        session_id=_required(event, "session_id"),
        patient_id=_required(event, "patient_id"),
        notice_time=_time(event.notice_time),
    )


def task_reminder(event: sessions_pb2.AssignmentReminderRequested) -> commands.RemindOfTask:
    """Something waits for a patient."""
    return commands.RemindOfTask(
        reminder_id=_required(event, "reminder_id"),
        patient_id=_required(event, "patient_id"),
        expire_time=_time(event.expire_time),
    )


def overdue(event: crisis_pb2.FollowUpMissed) -> commands.TellOverdue:
    """Something was not done in time, for the how-manieth time."""
    return commands.TellOverdue(
        follow_up_id=_required(event, "follow_up_id"),
        recipient_id=_required(event, "recipient_id"),
        number=event.escalation_count,
        notice_time=_time(event.miss_time),
    )


def board_report_opened(event: sessions_pb2.BoardReportOpened) -> commands.TellOfTask:
    """Staff are asked to look at something."""
    return commands.TellOfTask(
        task_id=_required(event, "board_report_id"),
        recipient_id=_required(event, "recipient_id"),
        number=event.open_count,
        expire_time=_time(event.due_time),
    )


def board_report_missed(event: sessions_pb2.BoardReportMissed) -> commands.TellOverdue:
    """Nobody has looked in time, for the how-manieth time."""
    return commands.TellOverdue(
        follow_up_id=_required(event, "board_report_id"),
        recipient_id=_required(event, "recipient_id"),
        number=event.escalation_count,
        notice_time=_time(event.miss_time),
    )


def alias_revealed(event: intake_pb2.AliasRevealed) -> commands.TellOfReveal:
    """A name was opened."""
    return commands.TellOfReveal(
        alias_reveal_id=_required(event, "alias_reveal_id"),
        recipient_ids=tuple(sorted(set(event.privacy_officer_ids))),
        notice_time=_time(event.reveal_time),
    )


def person_requested(event: crisis_pb2.PersonRequested) -> commands.TellOfPerson:
    """Somebody waits."""
    return commands.TellOfPerson(
        person_request_id=_required(event, "person_request_id"),
        recipient_id=_required(event, "recipient_id"),
        expire_time=_time(event.expire_time),
    )


def room_cover(event: crisis_pb2.RoomCoverRequested) -> commands.TellOfRoom:
    """A group is without anybody who leads it."""
    return commands.TellOfRoom(
        session_id=_required(event, "session_id"),
        recipient_id=_required(event, "recipient_id"),
        hold_time=_time(event.hold_time),
    )


def cover_gap_found(event: crisis_pb2.CoverageGapFound) -> commands.TellOfCover:
    """Hours that nobody covers."""
    return _cover(event, event.notice_count, COVER_OPEN)


def cover_gap_closed(event: crisis_pb2.CoverageGapClosed) -> commands.TellOfCover:
    """They are covered, or over."""
    return _cover(event, event.notice_count, COVER_CLOSED)


def patient_contact(event: intake_pb2.PatientContactRecorded) -> PatientContact:
    """How a patient is reached."""
    return PatientContact(
        patient_id=_required(event, "patient_id"),
        email_ciphertext=event.email_ciphertext,
        phone_ciphertext=event.phone_ciphertext,
        time_zone=event.time_zone,
    )


def revocation(event: intake_pb2.ConsentRevoked) -> commands.RevokeConsent:
    """A patient took a consent back."""
    return commands.RevokeConsent(_required(event, "patient_id"), event.scope)


def consent_given(event: intake_pb2.ConsentRecorded) -> commands.GiveConsent:
    """A patient signed a consent."""
    return commands.GiveConsent(_required(event, "patient_id"), _required(event, "scope"))


def case_opened(event: crisis_pb2.CaseOpened) -> commands.KeepCase:
    """Nobody has it yet."""
    return commands.KeepCase(_required(event, "case_id"), "open", in_hand=False)


def case_acknowledged(event: crisis_pb2.CaseAcknowledged) -> commands.KeepCase:
    """A human has it: pages asked for before are no longer wanted, but where one human has it
    from another, who may have asked for more people."""
    case_id, is_first = _required(event, "case_id"), not event.is_hand_over
    return commands.KeepCase(case_id, "acknowledged", in_hand=is_first)


def case_resolved(event: crisis_pb2.CaseResolved) -> commands.KeepCase:
    """It is over."""
    return commands.KeepCase(_required(event, "case_id"), "resolved", in_hand=True)


def _cover(event: Message, notice: int, template: TemplateRef) -> commands.TellOfCover:
    gap_id, recipient_id = _required(event, "gap_id"), _required(event, "recipient_id")
    return commands.TellOfCover(gap_id, recipient_id, notice, template)


def _delivered(event: events.MessageDelivered) -> Message:
    message = events_pb2.MessageDelivered(
        message_id=event.message_id,
        page_id=event.page_id,
        recipient_id=event.recipient_id,
        channel=event.channel,
    )
    message.deliver_time.FromDatetime(event.deliver_time)
    return message


def _failed(event: events.MessageFailed) -> Message:
    message = events_pb2.MessageFailed(
        message_id=event.message_id,
        page_id=event.page_id,
        recipient_id=event.recipient_id,
        reason=event.reason,
    )
    message.fail_time.FromDatetime(event.fail_time)
    return message


def _answered(event: events.PageAnswered) -> Message:
    message = events_pb2.PageAnswered(
        page_id=event.page_id,
        case_id=event.case_id,
        recipient_id=event.recipient_id,
        answer=ANSWER_NUMBERS[event.said.answer],
        channel=event.said.channel,
    )
    message.answer_time.FromDatetime(event.said.time)
    return message


def _reach(event: events.StaffReachChanged) -> Message:
    message = events_pb2.StaffReachChanged(
        recipient_ids=sorted(event.recipient_ids),
        proved_recipient_ids=sorted(event.proved_recipient_ids),
    )
    message.change_time.FromDatetime(event.change_time)
    return message


PUBLISHED: Mapping[type, Callable[[Any], Message]] = {
    events.MessageDelivered: _delivered,
    events.MessageFailed: _failed,
    events.InboundRiskRaised: risk_raised,
    events.InboundReviewRequested: review_requested,
    events.PageAnswered: _answered,
    events.StaffReachChanged: _reach,
}


def _required(event: Message, name: str) -> str:
    """An event without its key cannot have one effect; it is parked and alarms."""
    if not (value := str(getattr(event, name))):
        raise InvalidArgument("EVENT_FIELD_MISSING", f"{name} is missing")
    return value


def _time(value: Timestamp) -> datetime:
    instant: datetime = value.ToDatetime(tzinfo=UTC)
    return instant
