"""People in danger, people on call and their plans, with defaults for tests to vary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.crisis.domain.case import Case
from services.crisis.domain.cover import Cover
from services.crisis.domain.escalation import (
    SUPERVISOR_POOL,
    FrozenPolicy,
    Rung,
    Target,
    TargetKind,
)
from services.crisis.domain.events import PageRequested
from services.crisis.domain.rotation import Rotation
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.timeline import ActKind

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CASE_ID = "0d5b1f6e-8f0e-4a51-9d1b-0f2f4f6a7c11"
WAIT = timedelta(seconds=30)
CONTACT_WITHIN = timedelta(minutes=5)


def after(**parts: float) -> datetime:
    """An instant later than noon."""
    return NOON + timedelta(**parts)


def rotation_target(name: str) -> Target:
    """Whoever is on call in the rotation."""
    return Target(TargetKind.ROTATION, name)


def person(clinician_id: str) -> Target:
    """Always this clinician."""
    return Target(TargetKind.CLINICIAN, clinician_id)


def rung(*targets: Target, wait: timedelta = WAIT, acknowledgements: int = 1) -> Rung:
    """People who are woken together, and how many of them must take the case."""
    return Rung(wait, targets, acknowledgements)


def a_policy(*rungs: Rung, **changes: Any) -> FrozenPolicy:
    """On call, then back-up, then the supervisors; half a minute each."""
    values: dict[str, Any] = {
        "rungs": rungs
        or (
            rung(rotation_target("on-call")),
            rung(rotation_target("back-up")),
            rung(SUPERVISOR_POOL),
        ),
        "contact_within": CONTACT_WITHIN,
        "review_within": timedelta(hours=24),
        "review_repeat": timedelta(hours=1),
        "page_lifetime": timedelta(minutes=5),
        "version": 1,
    }
    return FrozenPolicy(**{**values, **changes})


def a_rotation(name: str, *clinician_ids: str, **changes: Any) -> Rotation:
    """A week each in New York, the first one since the day before."""
    values: dict[str, Any] = {
        "id": f"r-{name}",
        "name": name,
        "time_zone": "America/New_York",
        "start": after(days=-1),
        "shift_days": 7,
        "clinician_ids": clinician_ids,
    }
    return Rotation(**{**values, **changes})


def a_cover(*rotations: Rotation) -> Cover:
    """Dr. One is on call, Dr. Two is the back-up."""
    known = rotations or (a_rotation("on-call", "dr-one"), a_rotation("back-up", "dr-two"))
    return Cover({each.name: each for each in known}, "supervisor-pool")


def a_signal(severity: Severity = Severity.HIGH, **changes: Any) -> Signal:
    """The patient pressed the button."""
    values: dict[str, Any] = {
        "fact_id": "fact-1",
        "patient_id": "p-1",
        "source": Source.SAFETY_SIGNAL,
        "severity": severity,
        "reporter_id": "service:sessions",
        "safety_signal_id": "fact-1",
    }
    return Signal(**{**values, **changes})


def a_case(severity: Severity = Severity.HIGH, *, policy: FrozenPolicy | None = None) -> Case:
    """A case opened at noon."""
    return Case.open(
        CASE_ID, a_signal(severity), policy=policy or a_policy(), cover=a_cover(), now=NOON
    )


def joined(case: Case, severity: Severity, at: datetime, fact_id: str = "fact-2") -> Case:
    """The case after another signal."""
    signal = a_signal(severity, fact_id=fact_id, safety_signal_id="")
    case.join(signal, policy=a_policy(version=2), cover=a_cover(), now=at)
    return case


def climbed(case: Case, at: datetime) -> Case:
    """The case after its deadline."""
    case.climb(a_cover(), at)
    return case


def pages(case: Case) -> list[PageRequested]:
    """Every page that the case has asked for."""
    return [event for event in case.events if isinstance(event, PageRequested)]


def woken(case: Case) -> Sequence[str]:
    """Whom the case has paged, in order."""
    return [page.recipient_id for page in pages(case)]


def acknowledged(severity: Severity = Severity.HIGH) -> Case:
    """A case that Dr. One took after ten seconds."""
    case = a_case(severity)
    case.acknowledge("dr-one", "clinician", after(seconds=10))
    return case


def contacted(severity: Severity = Severity.HIGH) -> Case:
    """A case whose patient Dr. One reached after two minutes."""
    case = acknowledged(severity)
    case.record_contact("dr-one", "phone", after(minutes=2))
    return case


def kinds(case: Case) -> list[ActKind]:
    """The lines of the timeline that are not stored yet."""
    return [act.kind for _, act in case.timeline.fresh]
