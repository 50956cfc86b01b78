"""Frames of the live stream as commands: hands, reactions, polls, moods, reports of quality."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1 import sessions_pb2

from chassis.errors import InvalidArgument
from services.sessions.codec.activity_frames import AUDIENCES, DEVICES, REACTIONS
from services.sessions.domain import commands
from services.sessions.domain.poll import Question
from services.sessions.domain.quality import Report

ID_LENGTH, ALIAS_LENGTH = 64, 200
REACTION_OF = {number: reaction for reaction, number in REACTIONS.items()}
AUDIENCE_OF = {number: audience for audience, number in AUDIENCES.items()}
DEVICE_OF = {number: device for device, number in DEVICES.items()}
NANO = 1e-9


def in_room(session_id: str, _: pb.RaiseHand | pb.AskMood) -> commands.InRoom:
    """What needs nothing but the room."""
    return commands.InRoom(session_id)


def lower_hand(session_id: str, frame: pb.LowerHand) -> commands.LowerHand:
    """Whose hand."""
    return commands.LowerHand(session_id, frame.alias[:ALIAS_LENGTH])


def react(session_id: str, frame: pb.React) -> commands.React:
    """One of the signs that there are."""
    if frame.reaction not in REACTION_OF:
        raise InvalidArgument("REACTION_UNKNOWN", "not one of the reactions that there are")
    return commands.React(session_id, REACTION_OF[frame.reaction])


def open_poll(session_id: str, frame: pb.OpenPoll) -> commands.OpenPoll:
    """A question; who is told what came of it must be said."""
    if frame.audience not in AUDIENCE_OF:
        raise InvalidArgument("POLL_MALFORMED", "say who is told what was voted")
    audience = AUDIENCE_OF[frame.audience]
    return commands.OpenPoll(session_id, Question(frame.question, tuple(frame.options), audience))


def vote(session_id: str, frame: pb.Vote) -> commands.Vote:
    """Which option."""
    return commands.Vote(session_id, frame.poll_id[:ID_LENGTH], frame.option)


def close_poll(session_id: str, frame: pb.ClosePoll) -> commands.ClosePoll:
    """Which poll."""
    return commands.ClosePoll(session_id, frame.poll_id[:ID_LENGTH])


def give_mood(session_id: str, frame: pb.GiveMood) -> commands.GiveMood:
    """Whatever came: what is no number is kept as such."""
    value = frame.value if frame.HasField("value") else None
    return commands.GiveMood(session_id, value, max(0, frame.ask_number))


def report_quality(session_id: str, frame: pb.ReportQuality) -> commands.ReportQuality:
    """What was measured; a class of device that this release does not know is an unknown one."""
    report = Report(
        round_trip=_seconds(frame.round_trip) if frame.HasField("round_trip") else None,
        jitter=_seconds(frame.jitter) if frame.HasField("jitter") else None,
        loss_ratio=frame.loss_ratio if frame.HasField("loss_ratio") else None,
        device=DEVICE_OF.get(frame.device_class, DEVICE_OF[pb.DEVICE_CLASS_UNSPECIFIED]),
    )
    return commands.ReportQuality(session_id, report)


def _seconds(duration: Duration) -> float:
    """As it came; whether a connection has that is for the domain to say."""
    return duration.seconds + duration.nanos * NANO


def decide(session_id: str, frame: sessions_pb2.Admit | sessions_pb2.Deny) -> commands.Decide:
    """A facilitator's word about somebody at the door."""
    is_handed_over = isinstance(frame, sessions_pb2.Deny) and frame.is_handed_over
    return commands.Decide(session_id, frame.patient_id[:64], is_handed_over)
