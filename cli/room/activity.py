"""What goes on in a room, as one participant sees it: hands, the open poll, moods asked for."""

from __future__ import annotations

from collections.abc import Sequence

from haven.sessions.v1 import activities_pb2, resources_pb2, sessions_pb2

from cli.room import activity_words
from cli.room.plain_line import shown

Person = tuple[str, int]


class Activity:
    """Follows the welcome and the events after it; past ones are shown and change nothing."""

    def __init__(self) -> None:
        self.poll: activities_pb2.Poll | None = None
        self.ask_number = 0
        self._hands: dict[Person, None] = {}

    @property
    def hands(self) -> Sequence[str]:
        """Whose hands are up, the first one first."""
        return [shown(alias) for alias, _ in self._hands]

    def welcomed(self, welcome: sessions_pb2.Welcome) -> Sequence[str]:
        """The room as it stands; what to say about it."""
        self._hands = {(each.alias, each.role): None for each in welcome.raised_hands}
        self.poll = welcome.open_poll if welcome.HasField("open_poll") else None
        told = [f"hands up: {', '.join(self.hands)}"] if self._hands else []
        return [*told, activity_words.poll(self.poll)] if self.poll else told

    def happened(self, event: resources_pb2.RoomEvent) -> None:
        """Something after the welcome."""
        person = (event.alias, int(event.role))
        match event.kind:
            case resources_pb2.ROOM_EVENT_KIND_HAND_RAISED:
                self._hands[person] = None
            case resources_pb2.ROOM_EVENT_KIND_HAND_LOWERED | resources_pb2.ROOM_EVENT_KIND_LEFT:
                self._hands.pop(person, None)
            case resources_pb2.ROOM_EVENT_KIND_POLL_OPENED:
                self.poll = event.poll
            case resources_pb2.ROOM_EVENT_KIND_POLL_CLOSED:
                self.poll = None
            case resources_pb2.ROOM_EVENT_KIND_MOOD_ASKED:
                self.ask_number = event.number

    def private(self, event: resources_pb2.PrivateEvent) -> str | None:
        """For staff: the news in words; None for what is none of this."""
        match event.WhichOneof("event"):
            case "mood_check_in":
                return activity_words.mood(event.mood_check_in)
            case "poll_tally":
                return activity_words.tally(event.poll_tally, self.poll)
            case "connection_quality":
                return activity_words.quality(event.connection_quality)
        return None
