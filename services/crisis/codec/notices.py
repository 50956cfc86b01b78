"""What staff are told of that is no page: what is overdue, who waits, and hours without anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2

from services.crisis.domain import events


def _missed(event: events.FollowUpMissed) -> Message:
    message = events_pb2.FollowUpMissed(
        follow_up_id=event.follow_up_id,
        patient_id=event.patient_id,
        recipient_id=event.recipient_id,
        kind=event.kind,
        escalation_count=event.escalation_count,
    )
    message.due_time.FromDatetime(event.due_time)
    message.miss_time.FromDatetime(event.miss_time)
    return message


def _person_requested(event: events.PersonRequested) -> Message:
    message = events_pb2.PersonRequested(
        person_request_id=event.person_request_id, recipient_id=event.recipient_id
    )
    message.request_time.FromDatetime(event.request_time)
    message.expire_time.FromDatetime(event.expire_time)
    return message


def _room_cover(event: events.RoomCoverRequested) -> Message:
    message = events_pb2.RoomCoverRequested(
        session_id=event.session_id, recipient_id=event.recipient_id
    )
    message.hold_time.FromDatetime(event.hold_time)
    return message


def _gap_found(event: events.CoverageGapFound) -> Message:
    message = events_pb2.CoverageGapFound(
        gap_id=event.gap_id,
        rotation_id=event.target.rotation_id,
        clinician_id=event.target.clinician_id,
        kind=event.kind,
        notice_count=event.notice,
        recipient_id=event.recipient_id,
    )
    message.start_time.FromDatetime(event.start)
    message.end_time.FromDatetime(event.end)
    return message


def _gap_closed(event: events.CoverageGapClosed) -> Message:
    message = events_pb2.CoverageGapClosed(
        gap_id=event.gap_id,
        rotation_id=event.target.rotation_id,
        clinician_id=event.target.clinician_id,
        closing=event.closing,
        notice_count=event.notice,
        recipient_id=event.recipient_id,
    )
    message.close_time.FromDatetime(event.close_time)
    return message


NOTICES: Mapping[type, Callable[[Any], Message]] = {
    events.FollowUpMissed: _missed,
    events.PersonRequested: _person_requested,
    events.RoomCoverRequested: _room_cover,
    events.CoverageGapFound: _gap_found,
    events.CoverageGapClosed: _gap_closed,
}
