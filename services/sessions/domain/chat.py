"""A patient's words in a room that may mean danger: told to staff and crisis, never to peers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from clinical.risk import Severity
from services.sessions.domain.events import ChatRiskRaised, LocationAttested

NOT_IN_THE_ROOM = 0  # the number of a message that was refused


@dataclass(slots=True)
class ChatRisk:
    """Found once for a chat message; the words are in the room's log, or nowhere."""

    id: str
    session_id: str
    patient_id: str
    severity: Severity
    # The message's place in the room, or NOT_IN_THE_ROOM.
    number: int
    raise_time: datetime
    # Not of a room: handed in for this assignment, or written on this group's board.
    assignment_id: str = ""
    group_id: str = ""
    # A private word: in no room's log.
    is_private: bool = False
    version: int = 0
    events: list[object] = field(default_factory=list)

    def tell(self, location: LocationAttested | None) -> None:
        """Crisis hears of it, with the place that helpers need at once."""
        self.events.append(
            ChatRiskRaised(
                self.id,
                self.session_id,
                self.patient_id,
                self.severity,
                self.number,
                location,
                self.raise_time,
                assignment_id=self.assignment_id,
                group_id=self.group_id,
            )
        )
