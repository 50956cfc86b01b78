"""Whom of the staff a page can reach, as notify last told.

What is told may be old when it is needed, so nothing but concern follows from it: a page is asked
for whatever it says, and notify decides at that moment. See ADR-0006.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Presence(StrEnum):
    """Whether somebody has a contact point that a page can use."""

    # One that is proved, or needs no proof.
    PRESENT = "present"
    # Nobody has shown that it is theirs. A page goes there all the same.
    UNPROVED = "unproved"
    ABSENT = "absent"
    # Notify has not told of this tenant yet.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reach:
    """A tenant's staff: all whom a page can reach, and those whom it reaches by a proved way."""

    recipient_ids: frozenset[str] = frozenset()
    proved_ids: frozenset[str] = frozenset()
    is_told: bool = True

    def presence(self, recipient_id: str) -> Presence:
        """What is known of this recipient."""
        if not self.is_told:
            return Presence.UNKNOWN
        if recipient_id in self.proved_ids:
            return Presence.PRESENT
        return Presence.UNPROVED if recipient_id in self.recipient_ids else Presence.ABSENT

    def misses(self, recipient_id: str) -> bool:
        """True only where it was told that no page can reach this recipient."""
        return self.presence(recipient_id) is Presence.ABSENT


NEVER_TOLD = Reach(is_told=False)
