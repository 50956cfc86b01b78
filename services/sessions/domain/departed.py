"""Who had gone before their call for help could be stored."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.sessions.domain.events import DepartureKind
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Departure, Presence


def departed(place: Participant, now: datetime, within: timedelta) -> Departure | None:
    """How they went from a room or its door a moment ago; None where they have not, or long ago."""
    if place.presence is not Presence.GONE:
        return None
    departure = _last(place)
    is_recent = departure is not None and now - departure.leave_time <= within
    return departure if is_recent else None


def _last(place: Participant) -> Departure | None:
    """A leave is in the ledger; of a lost connection when it was last heard."""
    leaves, spans = place.ledger.leaves, place.ledger.spans
    if place.is_shown_out:
        return Departure(DepartureKind.DISMISSED, max(leaves.values())) if leaves else None
    if (leave_time := leaves.get(place.connection_id)) is not None:
        return Departure(DepartureKind.LEFT, leave_time)
    heard = [each.end for each in spans if each.connection_id == place.connection_id]
    return Departure(DepartureKind.LOST, max(heard)) if heard else None
