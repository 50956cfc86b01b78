"""What callers ask for, read and checked. A command that carries plain identity prints as ***."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from services.intake.domain.answers import GivenAnswer
from services.intake.domain.care_plan import Goal, Intervention, Objective, Problem, SignerRole
from services.intake.domain.consent import ConsentScope, Part2Elements
from services.intake.domain.evidence import (
    AttestationTopic,
    Disposition,
    OverridePurpose,
    PlaceCheck,
    ReferralUpReason,
    Relationship,
)
from services.intake.domain.gates import Gate
from services.intake.domain.instruments.model import Instrument
from services.intake.domain.level_of_care import LevelOfCare
from services.intake.domain.patient import Identity
from services.intake.domain.referral import Payer, Track


class RevealPurpose(Enum):
    """Why somebody needs to see who a patient is."""

    TREATMENT = "treatment"
    CRISIS = "crisis"
    IDENTITY_CHECK = "identity_check"
    LEGAL_DUTY = "legal_duty"
    WELFARE_CHECK = "welfare_check"
    CLINICAL_RECORD = "clinical_record"


@dataclass(frozen=True, slots=True)
class CreateReferral:
    identity: Identity
    time_zone: str
    state: str
    track: Track
    payer: Payer


@dataclass(frozen=True, slots=True)
class RecordContact:
    patient_id: str
    email: str = field(repr=False)
    phone: str = field(repr=False)
    time_zone: str
    etag: str


@dataclass(frozen=True, slots=True)
class RevealPatientIdentity:
    patient_id: str
    purpose: RevealPurpose


@dataclass(frozen=True, slots=True)
class RevealAlias:
    """`lasts` is None where the tenant's default is meant."""

    group_id: str
    alias: str
    purpose: RevealPurpose
    lasts: timedelta | None


@dataclass(frozen=True, slots=True)
class SubmitScreening:
    """Also StartScreening, which gives no answers."""

    patient_id: str
    instrument: Instrument
    answers: tuple[GivenAnswer, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RecordAnswers:
    screening_id: str
    answers: tuple[GivenAnswer, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListPage:
    """A part of one patient's list; of every patient's where the id is empty."""

    patient_id: str
    page_size: int
    page_token: str


@dataclass(frozen=True, slots=True)
class ListScreenings:
    page: ListPage
    only_safety_item_unanswered: bool


@dataclass(frozen=True, slots=True)
class ResolveRisk:
    patient_id: str
    risk_id: str
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class RecordLevelOfCare:
    patient_id: str
    level_of_care: LevelOfCare


@dataclass(frozen=True, slots=True)
class RecordAttestations:
    patient_id: str
    attestations: tuple[tuple[AttestationTopic, bool], ...]


@dataclass(frozen=True, slots=True)
class RecordPlaceCheck:
    patient_id: str
    place_check: PlaceCheck


@dataclass(frozen=True, slots=True)
class RecordConsent:
    patient_id: str
    scope: ConsentScope
    text_version: str
    expire_time: datetime | None
    part2_elements: Part2Elements


@dataclass(frozen=True, slots=True)
class RevokeConsent:
    patient_id: str
    consent_id: str


@dataclass(frozen=True, slots=True)
class RecordEmergencyContact:
    patient_id: str
    legal_name: str = field(repr=False)
    phone: str = field(repr=False)
    relationship: Relationship
    has_release: bool


@dataclass(frozen=True, slots=True)
class RecordLocation:
    patient_id: str
    state: str
    address: str = field(repr=False)
    callback_number: str = field(repr=False)
    local_emergency_number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AdmitPatient:
    """Also SignAdmission: the patient, and the version that the caller saw."""

    patient_id: str
    etag: str


@dataclass(frozen=True, slots=True)
class DischargePatient:
    patient_id: str
    first_appointment: datetime | None
    etag: str


@dataclass(frozen=True, slots=True)
class OverrideAdmissionGate:
    patient_id: str
    gate: Gate
    purpose: OverridePurpose


@dataclass(frozen=True, slots=True)
class ReferPatientUp:
    patient_id: str
    reasons: tuple[ReferralUpReason, ...]


@dataclass(frozen=True, slots=True)
class CreateCarePlan:
    patient_id: str
    problems: tuple[Problem, ...]
    goals: tuple[Goal, ...]
    # The patient's own words, by goal.
    statements: dict[str, str] = field(repr=False)
    objectives: tuple[Objective, ...]
    interventions: tuple[Intervention, ...]
    weeks: int


@dataclass(frozen=True, slots=True)
class SignCarePlan:
    care_plan_id: str
    signer_role: SignerRole
    etag: str


@dataclass(frozen=True, slots=True)
class ActivateCarePlan:
    care_plan_id: str
    etag: str
