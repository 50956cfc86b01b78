"""Things of the ward with defaults, for tests to vary."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.sessions.domain.case import Case
from services.sessions.domain.events import Origin
from services.sessions.domain.location import Location, Place, attested
from services.sessions.domain.participant import Participant
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.domain.roles import Role
from services.sessions.domain.session import Schedule, Session, scheduled
from services.sessions.domain.signal import Alarm, SafetySignal, raised

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = SessionsPolicy()


def after(**parts: float) -> datetime:
    """An instant later than noon."""
    return NOON + timedelta(**parts)


def a_schedule(**changes: Any) -> Schedule:
    """A block of 180 counted minutes that starts at noon, led by f-1, licensed in Virginia."""
    return Schedule(
        **{
            "session_id": "s-1",
            "group_id": "g-1",
            "facilitator_id": "f-1",
            "patient_ids": frozenset({"p-1"}),
            "start_time": NOON,
            "end_time": NOON + timedelta(minutes=200),
            "counted_minutes": 180,
            "facilitator_states": frozenset({"VA"}),
            **changes,
        }
    )


def a_session(policy: SessionsPolicy = POLICY, **changes: Any) -> Session:
    """A session as scheduling told of it first."""
    return scheduled(a_schedule(**changes), 1, policy)


def a_started_session(**changes: Any) -> Session:
    """A session whose facilitator opened the room at noon."""
    session = a_session(**changes)
    session.start("f-1", NOON, POLICY)
    session.events.clear()
    return session


def a_patient(**changes: Any) -> Participant:
    """A patient with a place in s-1 who has not come yet."""
    values = {"id": "pa-1", "session_id": "s-1", "person_id": "p-1", "role": Role.PATIENT}
    return Participant(**{**values, **changes})


def a_location(state: str = "VA", at: datetime = NOON) -> Location:
    """Where p-1 sits."""
    return attested("l-1", "p-1", Place(state, b"address", b"number", b"a brother", b"we call"), at)


def a_signal(**changes: Any) -> SafetySignal:
    """A signal that p-1 raised in s-1 at noon."""
    values = {
        "signal_id": "sig-1",
        "patient_id": "p-1",
        "raised_by": "p-1",
        "origin": Origin.PATIENT,
        "session_id": "s-1",
    }
    alarm = Alarm(**{**values, **changes})
    return raised(alarm, NOON, location=a_location().told(), recipient_ids=("p-1", "f-1"))


def a_case() -> Case:
    """A case about p-1, of which nothing is known yet."""
    return Case("c-1", "p-1")
