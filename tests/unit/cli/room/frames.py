"""Frames as the service sends them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from haven.sessions.v1 import resources_pb2 as pb
from haven.sessions.v1 import sessions_pb2

from cli.room.view import Line, View

Frame = sessions_pb2.AttendSessionResponse
CHAT = pb.ROOM_EVENT_KIND_CHAT
JOINED, LEFT = pb.ROOM_EVENT_KIND_JOINED, pb.ROOM_EVENT_KIND_LEFT
PATIENT, FACILITATOR = pb.PARTICIPANT_ROLE_PATIENT, pb.PARTICIPANT_ROLE_FACILITATOR


def a_view(*, is_staff: bool = False) -> View:
    return View(is_staff=is_staff, zone=UTC)


def at(second: int = 0) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(datetime(2026, 3, 2, 12, 0, second, tzinfo=UTC))
    return stamp


def waiting() -> Frame:
    return Frame(
        waiting=sessions_pb2.Waiting(start_time=at(), heartbeat_interval=Duration(seconds=10))
    )


def welcome(*aliases: str, cursor: int = 0, private_cursor: int = 0, **fields: Any) -> Frame:
    participants = [pb.Participant(alias=each, role=PATIENT) for each in aliases]
    return Frame(
        welcome=sessions_pb2.Welcome(
            alias=aliases[0] if aliases else "",
            cursor=cursor,
            private_cursor=private_cursor,
            participants=participants,
            **fields,
        )
    )


def happens(number: int, kind: int, alias: str, text: str = "", **fields: Any) -> Frame:
    fields = {"role": PATIENT, "create_time": at(number), **fields}
    return Frame(
        room_event=pb.RoomEvent(number=number, kind=kind, alias=alias, text=text, **fields)
    )


def a_signal(state: int = pb.SAFETY_SIGNAL_STATE_NOBODY_YET, **fields: Any) -> pb.SafetySignal:
    fields = {"safety_signal_id": "s", "call_number": "988", "is_stored": True, **fields}
    return pb.SafetySignal(state=state, **fields)


def told(number: int, signal: pb.SafetySignal) -> Frame:
    event = pb.PrivateEvent(number=number, create_time=at(number), safety_signal=signal)
    return Frame(private_event=event)


def takes(view: View, *frames: Frame) -> list[Line]:
    return [line for frame in frames for line in view.take(frame)]


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]
