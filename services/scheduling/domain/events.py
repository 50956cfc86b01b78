"""What happened in scheduling, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduling.domain.group import GroupKind
from services.scheduling.domain.span import Span


@dataclass(frozen=True, slots=True)
class CoFacilitator:
    """Who helps to lead a session, and where they may treat at its time."""

    clinician_id: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionScheduled:
    """How one occurrence stands now."""

    session_id: str
    group_id: str
    series_id: str
    facilitator_id: str
    facilitator_states: tuple[str, ...]
    patient_ids: tuple[str, ...]
    span: Span
    counted_minutes: int
    break_minutes: int
    is_canceled: bool
    co_facilitators: tuple[CoFacilitator, ...] = ()
    group_kind: GroupKind | None = None


@dataclass(frozen=True, slots=True)
class SeriesEnrolled:
    """A patient has a seat in each of these sessions."""

    enrollment_id: str
    series_id: str
    group_id: str
    patient_id: str
    session_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeatReleased:
    """What an enrollment has given back so far, and what it still holds."""

    enrollment_id: str
    group_id: str
    patient_id: str
    session_ids: tuple[str, ...]
    held_session_ids: tuple[str, ...]
