"""Where messages are: accepted = delivered + failed_final + parked + withdrawn + in flight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.notify.domain.message import MessageClass, State


@dataclass(frozen=True, slots=True)
class Census:
    """The tenant's messages at one instant, counted twice: all of them, and each where it is.

    Those in flight, and of those that ended the ones of the last day.
    """

    accepted: int
    stored: Mapping[tuple[MessageClass, State], int]
    # In flight without a time at which something happens, or ended and still waiting.
    astray: int

    @property
    def gap(self) -> int:
        """Messages that nothing accounts for; must be 0."""
        return abs(self.accepted - sum(self.stored.values())) + self.astray
