"""What happened in an episode that others must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.consent import Consent
from services.intake.domain.evidence import EmergencyContact, Location


@dataclass(frozen=True, slots=True)
class PatientWasAdmitted:
    """Every gate was met or answered for."""

    patient_id: str
    episode_id: str
    state: str
    time: datetime


@dataclass(frozen=True, slots=True)
class PatientWasDischarged:
    """The program is over."""

    patient_id: str
    episode_id: str
    clinician_id: str
    time: datetime
    first_appointment: datetime | None


@dataclass(frozen=True, slots=True)
class EmergencyContactWasRecorded:
    """Whom to call has changed."""

    patient_id: str
    contact: EmergencyContact


@dataclass(frozen=True, slots=True)
class LocationWasRecorded:
    """Where the patient sits."""

    patient_id: str
    location: Location


@dataclass(frozen=True, slots=True)
class ConsentWasRecorded:
    """A consent was signed; it takes back what revoking its scope did."""

    patient_id: str
    consent: Consent


@dataclass(frozen=True, slots=True)
class ConsentWasRevoked:
    """A consent ended."""

    patient_id: str
    consent: Consent
    time: datetime


@dataclass(frozen=True, slots=True)
class CarePlanWasActivated:
    """The patient's care follows this plan from now on."""

    patient_id: str
    care_plan_id: str
    weekly_minutes: int
    weeks: int
