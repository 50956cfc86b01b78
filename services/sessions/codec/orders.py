"""Frames of moderation, private words and rooms for two, as commands."""

from __future__ import annotations

from haven.sessions.v1 import sessions_pb2 as pb

from chassis.errors import InvalidArgument
from services.sessions.codec.private import ACTS
from services.sessions.domain import commands

ALIAS_LENGTH, ID_LENGTH = 200, 64


def moderate(session_id: str, frame: pb.Moderate) -> commands.Moderate:
    """What is done to whom; an act that this release does not know is refused, not guessed."""
    if (act := ACTS.get(frame.act)) is None:
        raise InvalidArgument("ACT_UNKNOWN", "no such act")
    alias, contact_id = frame.alias[:ALIAS_LENGTH], frame.contact_id[:ID_LENGTH]
    return commands.Moderate(session_id, act, alias, contact_id)


def say_privately(session_id: str, frame: pb.SayPrivately) -> commands.SayPrivately:
    """What is said, and of staff to whom."""
    return commands.SayPrivately(session_id, frame.alias[:ALIAS_LENGTH], frame.text)


def pull_aside(session_id: str, frame: pb.PullAside) -> commands.PullAside:
    """Who is met; the request is the room's key."""
    alias = frame.alias[:ALIAS_LENGTH]
    return commands.PullAside(session_id, alias, frame.request_id.lower())
