"""What somebody wants to do, as the frame that asks for it."""

from __future__ import annotations

from typing import Any

from haven.sessions.v1 import activities_pb2 as pb
from haven.sessions.v1.sessions_pb2 import AttendSessionRequest

from cli.room.activity import Activity
from cli.room.typed import Do

DONE = {
    "give_mood": "staff have it, and nobody else",
    "vote": "your vote is counted; until the poll is closed another one takes its place",
}


class Undoable(Exception):
    """Nothing was sent; the text says why."""


def frame(wanted: Do, request_id: str, activity: Activity) -> AttendSessionRequest:
    """With what the room knows about it: which poll, which question."""
    fields: dict[str, Any] = {**wanted.fields, "request_id": request_id}
    match wanted.kind:
        case "react":
            name = str(fields["reaction"]).upper().replace("-", "_")
            fields["reaction"] = pb.Reaction.Value(f"REACTION_{name}")
        case "open_poll":
            audience = f"POLL_AUDIENCE_{str(fields['audience']).upper()}"
            fields["audience"] = pb.PollAudience.Value(audience)
        case "vote" | "close_poll":
            if activity.poll is None:
                raise Undoable("no poll is open; nothing was sent")
            fields["poll_id"] = activity.poll.poll_id
        case "give_mood":
            fields["ask_number"] = activity.ask_number
    kinds: dict[str, Any] = {wanted.kind: fields}
    return AttendSessionRequest(**kinds)
