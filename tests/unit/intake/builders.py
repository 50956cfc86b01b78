"""Fictional people and their evidence, sound unless a test says otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.intake.domain.care_plan import (
    CarePlan,
    Comparator,
    Goal,
    Intervention,
    Modality,
    Objective,
    Problem,
)
from services.intake.domain.consent import Consent, ConsentScope
from services.intake.domain.episode import Episode
from services.intake.domain.evidence import (
    Attestation,
    AttestationTopic,
    EmergencyContact,
    Location,
    PlaceCheck,
    Relationship,
    Risk,
)
from services.intake.domain.gates import GateRules
from services.intake.domain.level_of_care import Dimension, LevelOfCare
from services.intake.domain.policy import IntakePolicy
from services.intake.domain.referral import Payer, Track
from services.intake.domain.tier import Tier, Trigger

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)  # a Monday, noon in New York
POLICY = IntakePolicy(program_states=("VA", "MD"))
RULES: GateRules = POLICY.gate_rules()
PLAN_RULES = POLICY.plan_rules()


def after(**delta: float) -> datetime:
    """Later on."""
    return NOON + timedelta(**delta)


def a_level_of_care(*, minimum: dict[str, str] | None = None, **changes: Any) -> LevelOfCare:
    """A result of ASAM's 4th edition that asks for this program."""
    levels = {"D1": "0", "D2": "0", "D3": "ANY", "D4": "2.1", "D5": "0"} | (minimum or {})
    fields: dict[str, Any] = {
        "framework": "asam",
        "edition": "4",
        "dimensions": tuple(Dimension(code, "", level) for code, level in levels.items()),
        "recommended_level": "2.1",
        "actual_level": "2.1",
        "override_reason": "",
        "withdrawal_needs_management": False,
        "has_complicated_withdrawal_history": False,
        "weekly_hours": 9,
        "assessor_id": "dr-lee",
        "assess_time": NOON,
    }
    return LevelOfCare(**(fields | changes))


def a_place(**changes: Any) -> PlaceCheck:
    """A private room with a good line."""
    fields: dict[str, Any] = {
        "is_private": True,
        "is_stable": True,
        "has_headset": True,
        "has_camera": True,
        "is_driving": False,
        "download_kbps": 20_000,
        "upload_kbps": 5_000,
        "check_time": NOON,
    }
    return PlaceCheck(**(fields | changes))


def a_location(state: str = "VA", *, emergency_number: bytes = b"number") -> Location:
    """A known place."""
    return Location(state, b"address", b"callback", emergency_number, NOON)


def a_contact(*, has_release: bool = True) -> EmergencyContact:
    """Somebody to call."""
    return EmergencyContact(b"name", b"phone", Relationship.SIBLING, has_release, NOON)


def a_consent(scope: ConsentScope = ConsentScope.TREATMENT, **changes: Any) -> Consent:
    """A signed consent."""
    fields: dict[str, Any] = {
        "id": f"consent-{scope.value}",
        "scope": scope,
        "text_version": "2026-01",
        "recorder_id": "ana",
        "sign_time": NOON,
    }
    return Consent(**(fields | changes))


def a_risk(
    tier: Tier = Tier.HIGH,
    *,
    trigger: Trigger = Trigger.CSSRS_SCREENER,
    at: datetime = NOON,
    screening_id: str = "screening",
) -> Risk:
    """A raised risk."""
    return Risk(f"risk-{screening_id}-{tier.word}", screening_id, tier, trigger, at)


def an_episode(**changes: Any) -> Episode:
    """A referred person about whom nothing more is known."""
    fields: dict[str, Any] = {
        "id": "episode",
        "patient_id": "ana",
        "referral_id": "referral",
        "track": Track.MENTAL_HEALTH,
        "payer": Payer.COMMERCIAL,
        "time_zone": "America/New_York",
        "create_time": NOON,
    }
    return Episode(**(fields | changes))


def a_ready_episode(**changes: Any) -> Episode:
    """A person for whom every gate is met."""
    episode = an_episode(**changes)
    episode.note_ended("screener", NOON)
    episode.record_level_of_care(a_level_of_care(), RULES)
    episode.attest([Attestation(topic, True, "dr-lee", NOON) for topic in AttestationTopic])
    episode.check_place(a_place())
    episode.locate(a_location())
    episode.name_emergency_contact(a_contact())
    for scope in RULES.required_consents:
        episode.consent(a_consent(scope), NOON)
    episode.sign("dr-lee", NOON)
    episode.events.clear()
    return episode


def a_plan(**changes: Any) -> CarePlan:
    """A plan of nine hours a week with one measurable goal."""
    fields: dict[str, Any] = {
        "id": "plan",
        "patient_id": "ana",
        "is_part2_protected": False,
        "problems": (Problem("p1", "F33.1", 1),),
        "goals": (Goal("g1", "p1"),),
        "objectives": (an_objective(),),
        "interventions": (Intervention(Modality.GROUP, "counseling", 3, 180),),
        "weeks": 8,
        "create_time": NOON,
    }
    return CarePlan(**(fields | changes))


def an_objective(**changes: Any) -> Objective:
    """PHQ-9 from 18 to at most 9 within two months."""
    fields: dict[str, Any] = {
        "goal_id": "g1",
        "measure_code": "44261-6",
        "baseline": 18.0,
        "comparator": Comparator.AT_MOST,
        "target": 9.0,
        "due_date": date(2026, 5, 1),
        "owner_id": "dr-lee",
    }
    return Objective(**(fields | changes))
