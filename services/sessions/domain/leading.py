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
    # Nobody is called before: a moment for the lead to come back, a while after a call.
    quiet_until: datetime | None = None
    # Due: they have been there for so long that somebody is called. None = nothing to do.
    call_time: datetime | None = None

    @property
    def is_held(self) -> bool:
        """True while nobody leads."""
        return self.hold_start_time is not None

    def lost(self, now: datetime) -> Leading:
        """Nobody leads from now on."""
        return replace(self, hold_start_time=now)

    def met(self, now: datetime, quiet_until: datetime) -> Leading:
        """Somebody is there whom nobody leads; the first time they are left in peace until then.
        Who only looks in, again and again, does not put the call off."""
        until = self.quiet_until or quiet_until
        return replace(self, unled_time=now, quiet_until=until, call_time=max(now, until))

    def deserted(self) -> Leading:
        """Nobody is there any more who would need to be led."""
        return replace(self, unled_time=None, call_time=None)

    def taken(self, lead_id: str, now: datetime) -> Leading:
        """This person leads from now on."""
        return replace(self.ended(now), lead_id=lead_id)

    def called(self, quiet_until: datetime) -> Leading:
        """Somebody has been called; for others who come, not again before that."""
        return replace(self, call_time=None, quiet_until=quiet_until)

    def ended(self, now: datetime) -> Leading:
        """No hold any more."""
        holds = self.known_holds(now)
        return replace(self.deserted(), holds=holds, hold_start_time=None, quiet_until=None)

    def known_holds(self, now: datetime) -> tuple[Interval, ...]:
        """All holds, the running one until now."""
        if self.hold_start_time is None:
            return self.holds
        return (*self.holds, Interval(self.hold_start_time, now))
