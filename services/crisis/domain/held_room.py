"""A group whose room has nobody who may treat: others are told, once for each hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.crisis.domain.events import RoomCoverRequested


@dataclass(slots=True)
class HeldRoom:
    """Who was told of one hold."""

    id: str
    session_id: str
    hold_time: datetime
    recipient_ids: tuple[str, ...] = ()
    patient_id: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    def tell(self, *recipient_ids: str) -> None:
        """Everybody who can come, each once."""
        self.recipient_ids = tuple(dict.fromkeys(recipient_ids))
        self.events += [
            RoomCoverRequested(self.session_id, self.hold_time, each) for each in self.recipient_ids
        ]
