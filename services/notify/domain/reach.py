"""Whom of a tenant's staff a page can reach: crisis finds ahead who cannot be called."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.notify.domain.events import StaffReachChanged


@dataclass(slots=True)
class StaffReach:
    """What was last told of one tenant, and when to look again."""

    id: str
    # By at least one channel; and by one that is proved, or needs no proof.
    recipient_ids: frozenset[str] = frozenset()
    proved_recipient_ids: frozenset[str] = frozenset()
    # False until it was told once, if only that it is nobody.
    is_told: bool = False
    next_look: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def is_due(self, now: datetime) -> bool:
        """True once it is time to look again."""
        return self.next_look is not None and self.next_look <= now

    def see(
        self, reached: frozenset[str], proved: frozenset[str], now: datetime, *, again: timedelta
    ) -> None:
        """It is these people now; told where that is news."""
        self.next_look = now + again
        if self.is_told and (reached, proved) == (self.recipient_ids, self.proved_recipient_ids):
            return
        self.recipient_ids, self.proved_recipient_ids, self.is_told = reached, proved, True
        self.events.append(StaffReachChanged(reached, proved, now))
