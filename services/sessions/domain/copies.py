"""What other services said about seats, aliases and consents; newer words replace older ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeatChange:
    """An enrollment gave or took seats in these sessions."""

    enrollment_id: str
    patient_id: str
    session_ids: tuple[str, ...]
    is_held: bool


@dataclass(frozen=True, slots=True)
class AliasGiven:
    """The only name that peers of a group see."""

    patient_id: str
    group_id: str
    alias: str


@dataclass(frozen=True, slots=True)
class ConsentLost:
    """A patient took a consent back."""

    consent_id: str
    patient_id: str
    scope: str
