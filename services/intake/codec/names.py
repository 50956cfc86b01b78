"""The wire's enum numbers and the words of the domain, matched by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from haven.crisis.v1 import events_pb2 as crisis_events
from haven.intake.v1 import events_pb2, intake_pb2, resources_pb2

from services.intake.domain.admission import AdmissionState
from services.intake.domain.care_plan import CarePlanState, Comparator, Modality, SignerRole
from services.intake.domain.commands import RevealPurpose
from services.intake.domain.consent import ConsentScope
from services.intake.domain.copies import CaseState, Severity
from services.intake.domain.evidence import (
    AttestationTopic,
    Disposition,
    OverridePurpose,
    ReferralUpReason,
    Relationship,
)
from services.intake.domain.gates import Gate, GateState
from services.intake.domain.referral import Payer, Track
from services.intake.domain.scoring import ScoreMethod
from services.intake.domain.screening import ScreeningState
from services.intake.domain.tier import Tier, Trigger

E = TypeVar("E", bound=Enum)


class Names(Mapping[Any, E]):
    """From a wire enum's numbers to the members of a domain enum; `number` goes back."""

    def __init__(self, wire: Any, prefix: str, members: type[E]) -> None:
        self._members = {wire.Value(f"{prefix}_{each.name}"): each for each in members}
        self._numbers = {each: number for number, each in self._members.items()}

    def __getitem__(self, number: Any) -> E:
        return self._members[number]

    def __iter__(self) -> Any:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def number(self, member: E) -> Any:
        """The wire's number of the member."""
        return self._numbers[member]


TIERS = Names(events_pb2.RiskTier, "RISK_TIER", Tier)
TRIGGERS = Names(events_pb2.RiskTrigger, "RISK_TRIGGER", Trigger)
TRACKS = Names(resources_pb2.Track, "TRACK", Track)
PAYERS = Names(resources_pb2.Payer, "PAYER", Payer)
REVEAL_PURPOSES = Names(resources_pb2.RevealPurpose, "REVEAL_PURPOSE", RevealPurpose)
SCREENING_STATES = Names(resources_pb2.ScreeningState, "SCREENING_STATE", ScreeningState)
SCORE_METHODS = Names(resources_pb2.ScoreMethod, "SCORE_METHOD", ScoreMethod)
TOPICS = Names(resources_pb2.AttestationTopic, "ATTESTATION_TOPIC", AttestationTopic)
SCOPES = Names(resources_pb2.ConsentScope, "CONSENT_SCOPE", ConsentScope)
RELATIONSHIPS = Names(resources_pb2.Relationship, "RELATIONSHIP", Relationship)
GATES = Names(resources_pb2.AdmissionGate, "ADMISSION_GATE", Gate)
GATE_STATES = Names(resources_pb2.GateState, "GATE_STATE", GateState)
OVERRIDE_PURPOSES = Names(resources_pb2.OverridePurpose, "OVERRIDE_PURPOSE", OverridePurpose)
DISPOSITIONS = Names(resources_pb2.RiskDisposition, "RISK_DISPOSITION", Disposition)
ADMISSION_STATES = Names(resources_pb2.AdmissionState, "ADMISSION_STATE", AdmissionState)
UP_REASONS = Names(intake_pb2.ReferralUpReason, "REFERRAL_UP_REASON", ReferralUpReason)
PLAN_STATES = Names(resources_pb2.CarePlanState, "CARE_PLAN_STATE", CarePlanState)
COMPARATORS = Names(resources_pb2.Comparator, "COMPARATOR", Comparator)
MODALITIES = Names(resources_pb2.Modality, "MODALITY", Modality)
SIGNER_ROLES = Names(resources_pb2.SignerRole, "SIGNER_ROLE", SignerRole)
CASE_STATES = Names(resources_pb2.CaseState, "CASE_STATE", CaseState)
SEVERITIES = {
    crisis_events.SEVERITY_UNSPECIFIED: Severity.UNKNOWN,
    crisis_events.SEVERITY_LOW: Severity.LOW,
    crisis_events.SEVERITY_MODERATE: Severity.MODERATE,
    crisis_events.SEVERITY_HIGH: Severity.HIGH,
}
SEVERITY_NUMBERS = {member: number for number, member in SEVERITIES.items()}
FRAMEWORKS = {
    resources_pb2.FRAMEWORK_ASAM: "asam",
    resources_pb2.FRAMEWORK_LOCUS: "locus",
}
FRAMEWORK_NUMBERS = {word: number for number, word in FRAMEWORKS.items()}
