"""What other services said about seats, aliases and consents; newer words replace older ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeatChange:
    """Sessions in which an enrollment holds a seat, and those where it gave its seat back."""

    enrollment_id: str
    patient_id: str
    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A patient signed a consent, for the first time or again."""

    patient_id: str
    scope: str


@dataclass(frozen=True, slots=True)
class Seat:
    """A patient who may join, under an alias that may still be on its way."""

    patient_id: str
    alias: str


def is_barring(*, lost: int, given: int) -> bool:
    """False only where the consent was surely given after it was lost; version 0 is unknown."""
    return not 0 < lost < given
