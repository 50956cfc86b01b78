"""Somebody was sent to the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True)
class Referral:
    """Who referred whom, to what, when."""

    id: str
    patient_id: str
    referrer_id: str
    track: str
    payer: str
    state: str
    is_part2_protected: bool
    create_time: datetime
    update_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)
