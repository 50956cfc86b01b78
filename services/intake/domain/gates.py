"""The admission gate: everything that must be true before a virtual program may take somebody.

Each gate is judged from the evidence of now and says by code what is missing. Whatever is absent
or unknown leaves its gate shut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from services.intake.domain.consent import Consent, ConsentScope
from services.intake.domain.evidence import (
    Attestation,
    AttestationTopic,
    EmergencyContact,
    GateOverride,
    Location,
    PlaceCheck,
    ReferralUp,
    Risk,
    Signature,
)
from services.intake.domain.level_of_care import EDITIONS, LevelOfCare
from services.intake.domain.referral import Payer
from services.intake.domain.tier import Tier, Trigger


class Gate(Enum):
    """The gates, in the order in which they are shown."""

    STRUCTURED_NEED = "structured_need"
    WITHDRAWAL = "withdrawal"
    SUICIDE_RISK = "suicide_risk"
    PARTICIPATION = "participation"
    SYMPTOMS_CONTROLLED = "symptoms_controlled"
    MEDICAL_STABILITY = "medical_stability"
    PLACE = "place"
    LOCATION = "location"
    EMERGENCY_CONTACT = "emergency_contact"
    EMERGENCY_NUMBER = "emergency_number"
    PAYER = "payer"
    CONSENT = "consent"
    SIGNATURE = "signature"
    REFERRAL_UP = "referral_up"


# Nobody answers for these by name: danger is a clinician's disposition, consent the patient's own,
# the signature a clinician's, and where treating is lawful is not ours to decide.
NEVER_OVERRIDDEN = frozenset({Gate.SUICIDE_RISK, Gate.CONSENT, Gate.SIGNATURE, Gate.LOCATION})


class GateState(Enum):
    """How a gate stands."""

    MET = "met"
    MISSING = "missing"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class GateFinding:
    """One gate, judged; the reasons of an overridden gate stay visible."""

    gate: Gate
    state: GateState
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateRules:
    """The tenant's numbers that the gates are judged by."""

    program_states: frozenset[str]
    payers: frozenset[str]
    required_consents: tuple[ConsentScope, ...]
    minimum_weekly_hours: int
    minimum_kbps: int
    highest_withdrawal_rating: int
    # By framework and edition.
    program_levels: Mapping[tuple[str, str], frozenset[str]]


class Evidence(Protocol):
    """What the gates look at; an episode has it."""

    payer: Payer
    place_check: PlaceCheck | None
    location: Location | None
    emergency_contact: EmergencyContact | None
    consents: list[Consent]
    risks: list[Risk]
    safety_screening_time: datetime | None
    pending_screenings: set[str]
    overrides: dict[Gate, GateOverride]
    signature: Signature | None

    @property
    def level_of_care(self) -> LevelOfCare | None: ...

    @property
    def attestations(self) -> dict[AttestationTopic, Attestation]: ...

    @property
    def standing_referral(self) -> ReferralUp | None: ...


def judge(evidence: Evidence, rules: GateRules, now: datetime) -> tuple[GateFinding, ...]:
    """Every gate, judged now."""
    return tuple(_finding(gate, evidence, rules, now) for gate in Gate)


def referral_up_reasons(record: LevelOfCare | None, rules: GateRules) -> tuple[str, ...]:
    """Why the placement result asks for more than this program; empty where it does not."""
    if record is None:
        return ()
    reasons = []
    if record.has_withdrawal_need(rules.highest_withdrawal_rating):
        reasons.append("WITHDRAWAL_NEEDS_MANAGEMENT")
    if record.is_medically_managed:
        reasons.append("MEDICALLY_MANAGED_LEVEL")
    if _side_of_program(record, record.required_level, rules) > 0:
        reasons.append("LEVEL_ABOVE_PROGRAM")
    return tuple(reasons)


def _finding(gate: Gate, evidence: Evidence, rules: GateRules, now: datetime) -> GateFinding:
    reasons = tuple(JUDGES[gate](evidence, rules, now))
    if not reasons:
        return GateFinding(gate, GateState.MET)
    state = GateState.OVERRIDDEN if gate in evidence.overrides else GateState.MISSING
    return GateFinding(gate, state, reasons)


def _structured_need(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del now
    record = evidence.level_of_care
    if record is None:
        return ["LEVEL_OF_CARE_MISSING"]
    side = _side_of_program(record, record.required_level, rules)
    actual = _side_of_program(record, record.actual_level, rules)
    findings = {
        "EVALUATION_PENDING": record.needs_evaluation,
        "MEDICALLY_MANAGED_LEVEL": record.is_medically_managed,
        "LEVEL_ABOVE_PROGRAM": side > 0,
        "LEVEL_BELOW_PROGRAM": side < 0,
        "ACTUAL_LEVEL_NOT_IN_PROGRAM": actual != 0,
        "WEEKLY_HOURS_BELOW_MINIMUM": record.weekly_hours < rules.minimum_weekly_hours,
    }
    return [reason for reason, found in findings.items() if found]


def _side_of_program(record: LevelOfCare, level: str, rules: GateRules) -> int:
    """0 where the program gives this level, above or below it otherwise; unknown is above."""
    given = rules.program_levels.get((record.framework, record.edition), frozenset())
    if level in given:
        return 0
    order = EDITIONS[record.framework, record.edition].levels.index
    return -1 if given and order(level) < min(map(order, given)) else 1


def _withdrawal(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del now
    record = evidence.level_of_care
    if record is None or not record.is_withdrawal_assessed:
        return ["WITHDRAWAL_NOT_ASSESSED"]
    needs = record.has_withdrawal_need(rules.highest_withdrawal_rating)
    return ["WITHDRAWAL_NEEDS_MANAGEMENT"] if needs else []


def _suicide_risk(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del rules, now
    screened = evidence.safety_screening_time
    open_risks = [risk for risk in evidence.risks if not risk.is_cleared]
    unclarified = any(
        risk.trigger is not Trigger.CSSRS_SCREENER
        and (screened is None or screened < risk.raise_time)
        for risk in open_risks
    )
    findings = {
        "SAFETY_SCREENING_MISSING": screened is None,
        "SAFETY_SCREENING_UNFINISHED": bool(evidence.pending_screenings),
        "RISK_UNCLARIFIED": unclarified,
        "HIGH_RISK_UNRESOLVED": any(risk.tier is Tier.HIGH for risk in open_risks),
    }
    return [reason for reason, found in findings.items() if found]


def _attested(topic: AttestationTopic) -> Judge:
    def judged(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
        del rules, now
        found = evidence.attestations.get(topic)
        if found is None:
            return ["ATTESTATION_MISSING"]
        return [] if found.holds else ["ATTESTATION_NEGATIVE"]

    return judged


def _place(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del now
    place = evidence.place_check
    if place is None:
        return ["PLACE_CHECK_MISSING"]
    slowest = min(place.download_kbps, place.upload_kbps)
    findings = {
        "PLACE_NOT_PRIVATE": not place.is_private,
        "PLACE_NOT_STABLE": not place.is_stable,
        "HEADSET_MISSING": not place.has_headset,
        "CAMERA_MISSING": not place.has_camera,
        "PATIENT_DRIVING": place.is_driving,
        "BANDWIDTH_BELOW_MINIMUM": slowest < rules.minimum_kbps,
    }
    return [reason for reason, found in findings.items() if found]


def _location(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del now
    if evidence.location is None:
        return ["LOCATION_MISSING"]
    return [] if evidence.location.state in rules.program_states else ["STATE_OUTSIDE_PROGRAM"]


def _emergency_contact(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del rules, now
    contact = evidence.emergency_contact
    if contact is None:
        return ["EMERGENCY_CONTACT_MISSING"]
    return [] if contact.has_release else ["RELEASE_MISSING"]


def _emergency_number(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del rules, now
    known = evidence.location is not None and evidence.location.emergency_number_ciphertext
    return [] if known else ["EMERGENCY_NUMBER_MISSING"]


def _payer(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del now
    return [] if evidence.payer in rules.payers else ["PAYER_EXCLUDES_VIRTUAL"]


def _consent(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    in_force = {each.scope for each in evidence.consents if each.is_in_force(now)}
    return [
        f"CONSENT_{scope.value.upper()}_MISSING"
        for scope in rules.required_consents
        if scope not in in_force
    ]


def _signature(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del rules, now
    return [] if evidence.signature is not None else ["SIGNATURE_MISSING"]


def _referral_up(evidence: Evidence, rules: GateRules, now: datetime) -> list[str]:
    del rules, now
    standing = evidence.standing_referral
    return [] if standing is None else ["REFERRED_UP", *standing.reasons]


Judge = Callable[[Evidence, GateRules, datetime], list[str]]
JUDGES: Mapping[Gate, Judge] = {
    Gate.STRUCTURED_NEED: _structured_need,
    Gate.WITHDRAWAL: _withdrawal,
    Gate.SUICIDE_RISK: _suicide_risk,
    Gate.PARTICIPATION: _attested(AttestationTopic.PARTICIPATION),
    Gate.SYMPTOMS_CONTROLLED: _attested(AttestationTopic.SYMPTOMS_CONTROLLED),
    Gate.MEDICAL_STABILITY: _attested(AttestationTopic.MEDICAL_STABILITY),
    Gate.PLACE: _place,
    Gate.LOCATION: _location,
    Gate.EMERGENCY_CONTACT: _emergency_contact,
    Gate.EMERGENCY_NUMBER: _emergency_number,
    Gate.PAYER: _payer,
    Gate.CONSENT: _consent,
    Gate.SIGNATURE: _signature,
    Gate.REFERRAL_UP: _referral_up,
}
