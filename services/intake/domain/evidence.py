"""What an admission rests on: each piece with who gave it and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum

from services.intake.domain.tier import Tier, Trigger


class AttestationTopic(Enum):
    """What a clinician answers for."""

    PARTICIPATION = "participation"
    SYMPTOMS_CONTROLLED = "symptoms_controlled"
    MEDICAL_STABILITY = "medical_stability"


@dataclass(frozen=True, slots=True)
class Attestation:
    """A clinician's finding; that it does not hold is a finding too."""

    topic: AttestationTopic
    holds: bool
    clinician_id: str
    attest_time: datetime


@dataclass(frozen=True, slots=True)
class PlaceCheck:
    """Where the patient would attend from."""

    is_private: bool
    is_stable: bool
    has_headset: bool
    has_camera: bool
    is_driving: bool
    download_kbps: int
    upload_kbps: int
    # Set when it is recorded.
    check_time: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Location:
    """Where the patient sits. The state decides which law applies; the rest is ciphertext."""

    state: str
    address_ciphertext: bytes
    callback_number_ciphertext: bytes
    emergency_number_ciphertext: bytes
    attest_time: datetime


class Relationship(StrEnum):
    """Who the contact is to the patient."""

    PARTNER = "partner"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    FRIEND = "friend"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class EmergencyContact:
    """Whom to call, as ciphertext; of use only with the patient's release."""

    name_ciphertext: bytes
    phone_ciphertext: bytes
    relationship: Relationship
    has_release: bool
    record_time: datetime


class Disposition(Enum):
    """What a clinician decided about a raised risk."""

    NO_IMMINENT_DANGER = "no_imminent_danger"
    SAFETY_PLAN_IN_PLACE = "safety_plan_in_place"
    HIGHER_CARE_NEEDED = "higher_care_needed"
    EMERGENCY_SERVICES_SENT = "emergency_services_sent"


# The dispositions after which the danger is not imminent any more.
CLEARING = frozenset({Disposition.NO_IMMINENT_DANGER, Disposition.SAFETY_PLAN_IN_PLACE})


@dataclass(frozen=True, slots=True)
class Risk:
    """One raised risk and what became of it."""

    id: str
    screening_id: str
    tier: Tier
    trigger: Trigger
    raise_time: datetime
    disposition: Disposition | None = None
    clinician_id: str = ""
    resolve_time: datetime | None = None

    @property
    def is_cleared(self) -> bool:
        """A clinician decided, and decided that nobody is in imminent danger."""
        return self.disposition in CLEARING


class OverridePurpose(Enum):
    """Why a supervisor answers for a missing gate."""

    MANAGED_ELSEWHERE = "managed_elsewhere"
    CLINICAL_JUDGMENT = "clinical_judgment"
    NO_ALTERNATIVE = "no_alternative"


@dataclass(frozen=True, slots=True)
class GateOverride:
    """A supervisor's name under a missing gate."""

    gate: str
    purpose: OverridePurpose
    supervisor_id: str
    override_time: datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """A clinician's name under the evidence of that instant."""

    signer_id: str
    sign_time: datetime


class ReferralUpReason(Enum):
    """Why a clinician sends somebody up."""

    WITHDRAWAL_NEEDS_MANAGEMENT = "withdrawal_needs_management"
    MEDICALLY_MANAGED_LEVEL = "medically_managed_level"
    LEVEL_ABOVE_PROGRAM = "level_above_program"
    IMMINENT_DANGER = "imminent_danger"
    SYMPTOMS_UNCONTROLLED = "symptoms_uncontrolled"
    MEDICALLY_UNSTABLE = "medically_unstable"
    UNSAFE_HOME = "unsafe_home"


@dataclass(frozen=True, slots=True)
class ReferralUp:
    """Sent to a higher level of care, and why."""

    reasons: tuple[str, ...]
    clinician_id: str
    referral_time: datetime
