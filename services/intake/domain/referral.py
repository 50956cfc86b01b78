"""Somebody was sent to the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Track(StrEnum):
    """What the program treats."""

    MENTAL_HEALTH = "mental_health"
    SUBSTANCE_USE = "substance_use"
    CO_OCCURRING = "co_occurring"

    @property
    def is_part2_protected(self) -> bool:
        """Substance-use care: 42 CFR Part 2 applies to the record from its first write."""
        return self is not Track.MENTAL_HEALTH


class Payer(StrEnum):
    """Who pays, as far as admission asks."""

    COMMERCIAL = "commercial"
    MEDICAID = "medicaid"
    MEDICARE = "medicare"
    SELF_PAY = "self_pay"


@dataclass(kw_only=True)
class Referral:
    """Who referred whom, to what, when."""

    id: str
    patient_id: str
    referrer_id: str
    track: Track
    payer: Payer
    state: str
    create_time: datetime
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def is_part2_protected(self) -> bool:
        """42 CFR Part 2 applies."""
        return self.track.is_part2_protected
