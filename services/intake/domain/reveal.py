"""Who may see who stands behind a name, for what, and until when.

A reveal is opened to one person for one reason. It ends by itself, by the database's clock, and
what ended is opened anew or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chassis.errors import FailedPrecondition, NotFound
from services.intake.domain.commands import RevealPurpose


@dataclass(frozen=True, slots=True)
class AliasWasRevealed:
    """Those who watch over privacy should know; neither the name nor whose it is is told."""

    reveal_id: str
    purpose: RevealPurpose
    time: datetime
    expire_time: datetime
    privacy_officers: tuple[str, ...]


@dataclass(kw_only=True)
class AliasReveal:
    """One name, opened to one person."""

    id: str
    patient_id: str
    group_id: str
    alias: str
    revealer_id: str
    purpose: RevealPurpose
    is_part2_protected: bool
    create_time: datetime
    expire_time: datetime
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    def announce(self, privacy_officers: tuple[str, ...]) -> None:
        """Tell those who watch over privacy; once, when it is opened."""
        self.events.append(
            AliasWasRevealed(
                self.id, self.purpose, self.create_time, self.expire_time, privacy_officers
            )
        )

    def require_open(self, reader_id: str, now: datetime) -> None:
        """Refuse everybody else, and everybody once it has ended."""
        if reader_id != self.revealer_id:
            raise NotFound("NOT_FOUND", "no such resource")
        if now >= self.expire_time:
            raise FailedPrecondition("REVEAL_EXPIRED", "it ended; ask anew, with a reason")
