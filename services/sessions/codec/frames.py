"""Frames of the live stream. What peers may see and what staff may see part ways here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import resources_pb2, sessions_pb2
from haven.sessions.v1.activities_pb2 import REACTION_UNSPECIFIED as NO_REACTION

from services.sessions.codec import assignments
from services.sessions.codec.activity_frames import (
    REACTIONS,
    mood_message,
    poll_message,
    quality_message,
    tally_message,
)
from services.sessions.codec.answers import (
    ROLES,
    chat_risk_message,
    departure_message,
    participant_message,
    signal_message,
)
from services.sessions.codec.attested import timestamp
from services.sessions.codec.lobby import WAIT_REASONS, lobby_message, put_lobby
from services.sessions.codec.private import put_private
from services.sessions.domain.aside import AsideRoom
from services.sessions.domain.assignment import AssignmentNotice
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Enter
from services.sessions.domain.lobby import DoorAnswer, LobbyEntry, WaitReason
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.moderation import Moderation
from services.sessions.domain.mood import MoodCheckIn
from services.sessions.domain.parting import Parting
from services.sessions.domain.poll import PollTally
from services.sessions.domain.roles import Right, may
from services.sessions.domain.signal import SafetySignal
from services.sessions.domain.ticket import SECRET_LENGTH
from services.sessions.domain.views import Admission, SignalView
from services.sessions.domain.whisper import PrivateWord

Frame = sessions_pb2.AttendSessionResponse
KINDS = {
    kind: resources_pb2.RoomEventKind.Value(f"ROOM_EVENT_KIND_{kind.name}")
    for kind in RoomEventKind
}
PARTINGS = {
    Parting.LEFT: sessions_pb2.GOODBYE_REASON_LEFT,
    Parting.SESSION_ENDED: sessions_pb2.GOODBYE_REASON_SESSION_ENDED,
    Parting.REPLACED: sessions_pb2.GOODBYE_REASON_REPLACED,
    Parting.RESUME: sessions_pb2.GOODBYE_REASON_RESUME,
    Parting.RESUME_ELSEWHERE: sessions_pb2.GOODBYE_REASON_RESUME_ELSEWHERE,
    Parting.REMOVED: sessions_pb2.GOODBYE_REASON_REMOVED,
}
# Field numbers with the wire type of a length that follows: `AttendSessionResponse.frames`, and
# `Frames.frames`. Bytes that are encoded already are put together without reading them again.
FRAMES_TAG, FRAME_TAG = b"\x4a", b"\x0a"


def enter(hello: sessions_pb2.Hello, connection_id: str) -> Enter:
    """A hello as the question that it asks. Negative numbers mean the beginning."""
    has_private = hello.HasField("private_cursor")
    return Enter(
        session_id=hello.session_id[:64],
        connection_id=connection_id,
        room_cursor=max(0, hello.room_cursor),
        private_cursor=max(0, hello.private_cursor) if has_private else None,
        join_ticket=hello.join_ticket[:SECRET_LENGTH],
        resume_token=hello.resume_token[:SECRET_LENGTH],
    )


def waiting(admission: Admission, *, heartbeat_seconds: float, call_number: str) -> Frame:
    """At the door."""
    return Frame(
        waiting=sessions_pb2.Waiting(
            start_time=timestamp(admission.start_time),
            heartbeat_interval=_duration(heartbeat_seconds),
            reason=WAIT_REASONS[admission.wait_reason or WaitReason.BEFORE_START],
            resume_token=admission.resume_token,
            call_number=call_number,
        )
    )


def welcome(admission: Admission, *, heartbeat_seconds: float) -> Frame:
    """In the room."""
    activity, is_staff = admission.activity, may(admission.role, Right.HEAR_ALARMS)
    poll = activity.poll
    return Frame(
        welcome=sessions_pb2.Welcome(
            session_id=admission.session_id,
            alias=admission.alias,
            role=ROLES[admission.role],
            cursor=admission.room_head,
            participants=[participant_message(each) for each in admission.companions],
            heartbeat_interval=_duration(heartbeat_seconds),
            private_cursor=admission.private_head,
            safety_signals=[signal_message(each) for each in admission.signals],
            raised_hands=[
                resources_pb2.RaisedHand(
                    alias=each.alias, role=ROLES[each.role], number=each.number
                )
                for each in activity.hands
            ],
            open_poll=poll_message(poll, for_staff=is_staff) if poll else None,
            chat_risks=[chat_risk_message(*each) for each in activity.chat_risks],
            mood_check_ins=[mood_message(*each) for each in activity.moods],
            is_held=admission.is_held,
            is_muted=admission.is_muted,
            resume_token=admission.resume_token,
            lobby=[lobby_message(*each) for each in admission.lobby],
        )
    )


def room_event(event: RoomEvent, *, for_staff: bool) -> Frame:
    """One event of the room; the patient behind an alias is shown to staff alone."""
    return Frame(
        room_event=resources_pb2.RoomEvent(
            number=event.number,
            kind=KINDS[event.kind],
            alias=event.alias,
            role=ROLES[event.role],
            text=event.text,
            create_time=timestamp(event.create_time),
            patient_id=event.patient_id if for_staff else "",
            is_text_removed=event.is_text_removed,
            reaction=REACTIONS[event.reaction] if event.reaction else NO_REACTION,
            poll=poll_message(event.poll, for_staff=for_staff) if event.poll else None,
            is_by_facilitator=event.is_by_facilitator,
        )
    )


def private_event(event: PrivateEvent, *, call_number: str, for_staff: bool) -> Frame:
    """One event for one person."""
    alias, about = event.alias if for_staff else "", event.about
    message = resources_pb2.PrivateEvent(
        number=event.number,
        create_time=timestamp(event.create_time),
        departure=departure_message(event.departure) if for_staff else None,
    )
    match about:
        case SafetySignal():
            view = SignalView(about, call_number, alias, is_stored=event.number > 0)
            message.safety_signal.CopyFrom(signal_message(view))
        case ChatRisk():
            message.chat_risk.CopyFrom(chat_risk_message(about, alias))
        case MoodCheckIn():
            message.mood_check_in.CopyFrom(mood_message(about, alias))
        case PollTally():
            message.poll_tally.CopyFrom(tally_message(about))
        case AssignmentNotice():
            message.assignment.CopyFrom(assignments.notice(about, alias))
        case Moderation() | PrivateWord() | AsideRoom():
            put_private(message, about, for_staff=for_staff)
        case LobbyEntry() | DoorAnswer():
            put_lobby(message, about, alias)
        case _:
            message.connection_quality.CopyFrom(quality_message(about, alias))
    return Frame(private_event=message)


def receipt(request_id: str, number: int) -> Frame:
    """What was asked for is done."""
    return Frame(receipt=sessions_pb2.Receipt(request_id=request_id, number=number))


def refusal(request_id: str, reason: str, help: str = "") -> Frame:
    """A frame had no effect."""
    told = sessions_pb2.Refusal(request_id=request_id[:64], reason=reason, help=help)
    return Frame(refusal=told)


def goodbye(parting: Parting) -> Frame:
    """The last one."""
    return Frame(goodbye=sessions_pb2.Goodbye(reason=PARTINGS[parting]))


def _duration(seconds: float) -> Duration:
    message = Duration()
    message.FromTimedelta(timedelta(seconds=seconds))
    return message


class Encoded:
    """Frames as bytes: each by itself, or all of them as a part of one message."""

    __slots__ = ("_together", "frames")

    def __init__(self, made: Sequence[Frame]) -> None:
        self.frames = [each.SerializeToString() for each in made]
        self._together = b""

    @property
    def together(self) -> bytes:
        """What `message_of` takes; made when it is first asked for."""
        if not self._together:
            self._together = b"".join(_field(FRAME_TAG, each) for each in self.frames)
        return self._together


def message_of(parts: Sequence[bytes]) -> bytes:
    """One message of several frames, from the parts that `Encoded.together` gave."""
    return _field(FRAMES_TAG, b"".join(parts))


def _field(tag: bytes, body: bytes) -> bytes:
    return tag + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    if number <= 0x7F:
        return number.to_bytes(1, "big")
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


PING = Encoded([Frame(ping=sessions_pb2.Ping())])
