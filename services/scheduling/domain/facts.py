"""What other services have told: facts, of which the newest counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.scheduling.domain.patient import Plan


@dataclass(frozen=True, slots=True)
class PatientAdmitted:
    """Intake has admitted a patient, who sits in this state."""

    patient_id: str
    episode_id: str
    state: str
    admit_time: datetime


@dataclass(frozen=True, slots=True)
class CarePlanActivated:
    """A care plan asks for this dose."""

    patient_id: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class LocationAttested:
    """A patient has said where they sit now, or the program has recorded it."""

    patient_id: str
    state: str
    attest_time: datetime


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A room has opened."""

    session_id: str


@dataclass(frozen=True, slots=True)
class AttendanceRecorded:
    """Counted time of one patient in one session so far."""

    session_id: str
    patient_id: str
    counted_seconds: int
