"""Things of scheduling with sensible defaults."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

import pytest

from chassis.errors import HavenError
from services.scheduling.domain.clinician import Clinician, Profession
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.group import Group, GroupKind, Modality, Track
from services.scheduling.domain.licensure import License, LicenseKind
from services.scheduling.domain.policy import SchedulingPolicy
from services.scheduling.domain.recurrence import Block, Pattern
from services.scheduling.domain.series import Series
from services.scheduling.domain.session import Session
from services.scheduling.domain.span import Span

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)  # a Friday
MONDAY = date(2027, 1, 4)
POLICY = SchedulingPolicy()
_numbers = count(1)


def after(**duration: float) -> datetime:
    return NOW + timedelta(**duration)


def a_span(start: datetime = NOW, minutes: int = 200) -> Span:
    return Span(start, start + timedelta(minutes=minutes))


def a_license(state: str = "VA", **changes: Any) -> License:
    facts: dict[str, Any] = {
        "id": f"license-{next(_numbers)}",
        "kind": LicenseKind.LICENSE,
        "effective_date": date(2026, 1, 1),
        "expire_date": date(2028, 12, 31),
    }
    return License(state=state, **(facts | changes))


def a_clinician(*states: str, **changes: Any) -> Clinician:
    facts: dict[str, Any] = {
        "id": f"clinician-{next(_numbers)}",
        "profession": Profession.COUNSELOR,
        "licenses": tuple(a_license(state) for state in states),
    }
    return Clinician(**(facts | changes))


def a_group(**changes: Any) -> Group:
    facts: dict[str, Any] = {
        "id": "group-1",
        "display_name": "Evening skills",
        "track": Track.MENTAL_HEALTH,
        "kind": GroupKind.PROCESS,
        "modality": Modality.DIALECTICAL_BEHAVIOR,
        "capacity": 8,
    }
    return Group(**(facts | changes))


def a_block(weekday: int = 0, start: time = time(18), **changes: Any) -> Block:
    facts: dict[str, Any] = {"counted_minutes": 180, "break_minutes": 20}
    return Block(weekday, start, **(facts | changes))


def a_pattern(blocks: Iterable[Block] | None = None, **changes: Any) -> Pattern:
    """Three blocks of 180 counted minutes a week, for eight weeks."""
    facts: dict[str, Any] = {
        "time_zone": "America/New_York",
        "first_date": MONDAY,
        "weeks": 8,
        "blocks": tuple(blocks or (a_block(0), a_block(2), a_block(4))),
    }
    return Pattern(**(facts | changes))


def a_series(**changes: Any) -> Series:
    facts: dict[str, Any] = {
        "id": "series-1",
        "group_id": "group-1",
        "facilitator_id": "clinician-1",
        "pattern": a_pattern(),
        "capacity": 8,
        "is_part2_protected": False,
    }
    return Series(**(facts | changes))


def a_session(**changes: Any) -> Session:
    facts: dict[str, Any] = {
        "id": f"session-{next(_numbers)}",
        "group_id": "group-1",
        "series_id": "series-1",
        "facilitator_id": "clinician-1",
        "facilitator_states": ("VA",),
        "span": a_span(after(days=3)),
        "time_zone": "America/New_York",
        "local_date": MONDAY,
        "counted_minutes": 180,
        "break_minutes": 20,
        "capacity": 8,
        "is_part2_protected": False,
    }
    return Session(**(facts | changes))


def an_enrollment(**changes: Any) -> Enrollment:
    facts: dict[str, Any] = {
        "id": "enrollment-1",
        "series_id": "series-1",
        "group_id": "group-1",
        "patient_id": "patient-1",
        "session_ids": ("s-1", "s-2", "s-3"),
        "care_plan_id": "plan-1",
        "planned_weekly_minutes": 540,
        "is_part2_protected": False,
    }
    return Enrollment(**(facts | changes))


def reason_of(error: pytest.ExceptionInfo[HavenError]) -> str:
    return error.value.reason


def fields_of(error: pytest.ExceptionInfo[HavenError]) -> list[tuple[str, str]]:
    return [(each.field, each.reason) for each in error.value.violations]
