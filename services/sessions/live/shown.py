"""Events of a room on their way to everybody in it: encoded once for all who may see the same."""

from __future__ import annotations

from collections.abc import Sequence

from services.sessions.codec import frames
from services.sessions.domain.log import RoomEvent, RoomEventKind


class Shown:
    """Stored events that follow each other, and their frames: for staff, and for peers."""

    __slots__ = ("_encoded", "events", "first", "is_talk", "last")

    def __init__(self, events: Sequence[RoomEvent]) -> None:
        self.events = events
        self.first, self.last = events[0].number, events[-1].number
        # Nobody goes and nothing ends by it, whoever reads it.
        self.is_talk = all(each.kind is RoomEventKind.CHAT for each in events)
        self._encoded: dict[bool, frames.Encoded] = {}

    def __len__(self) -> int:
        return len(self.events)

    def encoded(self, *, for_staff: bool) -> frames.Encoded:
        """The events' frames; whoever asks second gets the same bytes."""
        if (known := self._encoded.get(for_staff)) is None:
            made = [frames.room_event(each, for_staff=for_staff) for each in self.events]
            known = self._encoded[for_staff] = frames.Encoded(made)
        return known
