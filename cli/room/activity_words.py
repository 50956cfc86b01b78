"""Hands, reactions, polls, moods and connections in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1 import resources_pb2 as resources

from cli.room.plain_line import shown

REACTIONS = {
    pb.REACTION_HEART: "sends a heart",
    pb.REACTION_APPLAUSE: "applauds",
    pb.REACTION_AGREE: "agrees",
    pb.REACTION_ME_TOO: "knows that as well",
    pb.REACTION_THANKS: "says thanks",
}
CONCERNS = {
    pb.MOOD_CONCERN_LOW: "low",
    pb.MOOD_CONCERN_VERY_LOW: "VERY LOW",
    pb.MOOD_CONCERN_UNREADABLE: "NOT READABLE, counts as the worst",
    pb.MOOD_CONCERN_DROPPED: "far below their best today",
}
GRADES = {
    pb.QUALITY_GRADE_GOOD: "works well",
    pb.QUALITY_GRADE_FAIR: "works",
    pb.QUALITY_GRADE_POOR: "is about to drop",
}
MOOD_ASKED = "* how are you? /mood 0 (the worst) to 10 (the best); only staff see it"


def event(happened: resources.RoomEvent) -> str | None:
    """What goes on in a room; None for what is none of it."""
    who = shown(happened.alias)
    match happened.kind:
        case resources.ROOM_EVENT_KIND_HAND_RAISED:
            return f"* {who} raises a hand"
        case resources.ROOM_EVENT_KIND_HAND_LOWERED:
            by = ", by the facilitator" if happened.is_by_facilitator else ""
            return f"* the hand of {who} is down{by}"
        case resources.ROOM_EVENT_KIND_REACTED:
            return f"* {who} {REACTIONS.get(happened.reaction, 'reacts')}"
        case resources.ROOM_EVENT_KIND_POLL_OPENED | resources.ROOM_EVENT_KIND_POLL_CLOSED:
            return f"* {poll(happened.poll)}"
        case resources.ROOM_EVENT_KIND_MOOD_ASKED:
            return MOOD_ASKED
    return None


def poll(asked: pb.Poll) -> str:
    """The question, and the options or what came of them."""
    question = shown(asked.question)
    options = [shown(each) for each in asked.options]
    if asked.state == pb.POLL_STATE_OPEN:
        numbered = ", ".join(f"{number} {each}" for number, each in enumerate(options, start=1))
        own = f"; your vote: {asked.own_option}" if asked.own_option else ""
        return f"poll: {question} {numbered}; /vote NUMBER{own}"
    if not asked.is_result_hidden:
        return f"poll closed: {question} {_counted(options, asked.counts)}"
    if asked.audience == pb.POLL_AUDIENCE_STAFF:
        return f"poll closed: {question} the result is for staff"
    return f"poll closed: {question} too few voted to show it without showing who"


def tally(told: pb.PollTally, asked: pb.Poll | None) -> str:
    """For staff: the votes so far."""
    known = asked is not None and asked.poll_id == told.poll_id
    options = [shown(each) for each in asked.options] if asked is not None and known else []
    names = options or [f"option {number}" for number in range(1, len(told.counts) + 1)]
    return f"votes so far: {_counted(names, told.counts)}"


def mood(told: pb.MoodCheckIn) -> str:
    """For staff: how a patient says they are, and why somebody should look."""
    value = f"{told.value} of 10" if told.HasField("value") else "no number"
    why = ", ".join(CONCERNS.get(each, "LOOK") for each in told.concerns)
    crisis = "; staff are called" if told.is_crisis_told else ""
    return f"mood of {shown(told.alias)}: {value}{f' ({why})' if why else ''}{crisis}"


def quality(told: pb.ConnectionQuality) -> str:
    """For staff: who is about to drop."""
    how = GRADES.get(told.grade, "is not well known")
    return f"the connection of {shown(told.alias)} {how}"


def _counted(options: Iterable[str], counts: Iterable[int]) -> str:
    return ", ".join(f"{option} {count}" for option, count in zip(options, counts, strict=False))
