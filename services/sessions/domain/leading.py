"""Who leads a room now, and since when nobody does.

led --the lead is lost, somebody present is licensed--> led by another
led --the lead is lost, nobody present is licensed----> held --somebody licensed comes--> led
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from services.sessions.domain.ledger import Interval


@dataclass(frozen=True, slots=True)
class Leading:
    """Of one session."""

    # Empty: whom scheduling names.
    lead_id: str = ""
    # Since when the room is held: nobody who may treat is there.
    hold_start_time: datetime | None = None
    # What is treatment by nobody counts for nobody.
    holds: tuple[Interval, ...] = ()
    # Since when somebody is in the held room, or at its door; None = nobody is.
    unled_time: datetime | None = None
    # Due: they have been there for so long that somebody is called. None = nothing to do.
    call_time: datetime | None = None

    @property
    def is_held(self) -> bool:
        """True while nobody leads."""
        return self.hold_start_time is not None

    def lost(self, now: datetime) -> Leading:
        """Nobody leads from now on."""
        return replace(self, hold_start_time=now)

    def met(self, now: datetime, call_time: datetime) -> Leading:
        """Somebody is there whom nobody leads."""
        return replace(self, unled_time=now, call_time=call_time)

    def deserted(self) -> Leading:
        """Nobody is there any more who would need to be led."""
        return replace(self, unled_time=None, call_time=None)

    def taken(self, lead_id: str, now: datetime) -> Leading:
        """This person leads from now on."""
        return replace(self.ended(now), lead_id=lead_id)

    def called(self) -> Leading:
        """Somebody has been called."""
        return replace(self, call_time=None)

    def ended(self, now: datetime) -> Leading:
        """No hold any more."""
        return replace(self.deserted(), holds=self.known_holds(now), hold_start_time=None)

    def known_holds(self, now: datetime) -> tuple[Interval, ...]:
        """All holds, the running one until now."""
        if self.hold_start_time is None:
            return self.holds
        return (*self.holds, Interval(self.hold_start_time, now))
