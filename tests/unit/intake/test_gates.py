"""The admission gate: shut by whatever is missing, and saying what it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.intake.domain.consent import ConsentScope
from services.intake.domain.episode import Episode
from services.intake.domain.evidence import Attestation, AttestationTopic, Disposition
from services.intake.domain.gates import Gate, GateState, judge
from services.intake.domain.referral import Payer
from services.intake.domain.tier import Tier, Trigger
from tests.unit.intake.builders import (
    NOON,
    POLICY,
    RULES,
    a_consent,
    a_contact,
    a_level_of_care,
    a_location,
    a_place,
    a_ready_episode,
    a_risk,
    after,
    an_episode,
)


def missing(episode: Episode, at: timedelta = timedelta()) -> dict[Gate, tuple[str, ...]]:
    """The gates that are shut, with their reasons."""
    findings = judge(episode, RULES, NOON + at)
    return {each.gate: each.reasons for each in findings if each.state is GateState.MISSING}


def test_for_a_person_about_whom_nothing_is_known_only_the_payer_gate_is_open() -> None:
    shut = missing(an_episode())
    assert set(Gate) - shut.keys() == {Gate.PAYER, Gate.REFERRAL_UP}
    assert shut[Gate.STRUCTURED_NEED] == ("LEVEL_OF_CARE_MISSING",)
    assert shut[Gate.WITHDRAWAL] == ("WITHDRAWAL_NOT_ASSESSED",)
    assert shut[Gate.SUICIDE_RISK] == ("SAFETY_SCREENING_MISSING",)
    assert shut[Gate.CONSENT] == (
        "CONSENT_TREATMENT_MISSING",
        "CONSENT_TELEHEALTH_MISSING",
        "CONSENT_GROUP_PARTICIPATION_MISSING",
    )


def test_with_all_the_evidence_every_gate_is_met() -> None:
    assert missing(a_ready_episode()) == {}


def test_gates_are_shown_in_one_order() -> None:
    assert [each.gate for each in judge(an_episode(), RULES, NOON)] == list(Gate)


@pytest.mark.parametrize(
    ("spoil", "gate", "reason"),
    [
        (
            lambda e: e.record_level_of_care(a_level_of_care(weekly_hours=6), RULES),
            Gate.STRUCTURED_NEED,
            "WEEKLY_HOURS_BELOW_MINIMUM",
        ),
        (
            lambda e: e.record_level_of_care(
                a_level_of_care(minimum={"D4": "1.5"}, recommended_level="1.5", actual_level="1.5"),
                RULES,
            ),
            Gate.STRUCTURED_NEED,
            "LEVEL_BELOW_PROGRAM",
        ),
        (
            lambda e: e.record_level_of_care(a_level_of_care(minimum={"D2": "EVAL"}), RULES),
            Gate.STRUCTURED_NEED,
            "EVALUATION_PENDING",
        ),
        (
            lambda e: e.record_level_of_care(a_level_of_care(actual_level="2.5"), RULES),
            Gate.STRUCTURED_NEED,
            "ACTUAL_LEVEL_NOT_IN_PROGRAM",
        ),
        (
            lambda e: e.record_level_of_care(a_level_of_care(dimensions=()), RULES),
            Gate.WITHDRAWAL,
            "WITHDRAWAL_NOT_ASSESSED",
        ),
        (
            lambda e: e.record_level_of_care(
                a_level_of_care(withdrawal_needs_management=True), RULES
            ),
            Gate.WITHDRAWAL,
            "WITHDRAWAL_NEEDS_MANAGEMENT",
        ),
        (
            lambda e: e.attest(
                [Attestation(AttestationTopic.MEDICAL_STABILITY, False, "dr-lee", NOON)]
            ),
            Gate.MEDICAL_STABILITY,
            "ATTESTATION_NEGATIVE",
        ),
        (lambda e: e.check_place(a_place(is_private=False)), Gate.PLACE, "PLACE_NOT_PRIVATE"),
        (lambda e: e.check_place(a_place(is_driving=True)), Gate.PLACE, "PATIENT_DRIVING"),
        (
            lambda e: e.check_place(a_place(upload_kbps=1_499)),
            Gate.PLACE,
            "BANDWIDTH_BELOW_MINIMUM",
        ),
        (lambda e: e.locate(a_location("TX")), Gate.LOCATION, "STATE_OUTSIDE_PROGRAM"),
        (
            lambda e: e.locate(a_location(emergency_number=b"")),
            Gate.EMERGENCY_NUMBER,
            "EMERGENCY_NUMBER_MISSING",
        ),
        (
            lambda e: e.name_emergency_contact(a_contact(has_release=False)),
            Gate.EMERGENCY_CONTACT,
            "RELEASE_MISSING",
        ),
        (
            lambda e: e.revoke_consent("consent-telehealth", NOON),
            Gate.CONSENT,
            "CONSENT_TELEHEALTH_MISSING",
        ),
        (
            lambda e: setattr(e, "payer", Payer.MEDICARE),
            Gate.PAYER,
            "PAYER_EXCLUDES_VIRTUAL",
        ),
        (lambda e: e.note_pending("second"), Gate.SUICIDE_RISK, "SAFETY_SCREENING_UNFINISHED"),
        (lambda e: e.note_risk(a_risk()), Gate.SUICIDE_RISK, "HIGH_RISK_UNRESOLVED"),
    ],
)
def test_one_finding_shuts_its_gate_and_is_named(
    spoil: Callable[[Episode], None], gate: Gate, reason: str
) -> None:
    episode = a_ready_episode()
    spoil(episode)
    assert reason in missing(episode)[gate]


def test_a_consent_that_has_run_out_shuts_the_gate_by_itself() -> None:
    episode = a_ready_episode()
    episode.consent(a_consent(ConsentScope.TREATMENT, id="short", expire_time=after(days=1)), NOON)
    assert Gate.CONSENT not in missing(episode)
    assert missing(episode, timedelta(days=1))[Gate.CONSENT] == ("CONSENT_TREATMENT_MISSING",)


def test_a_tenant_that_names_no_state_treats_nowhere() -> None:
    rules = type(POLICY)().gate_rules()
    findings = {each.gate: each.reasons for each in judge(a_ready_episode(), rules, NOON)}
    assert findings[Gate.LOCATION] == ("STATE_OUTSIDE_PROGRAM",)


@pytest.mark.parametrize(
    ("disposition", "is_open"),
    [
        (Disposition.NO_IMMINENT_DANGER, True),
        (Disposition.SAFETY_PLAN_IN_PLACE, True),
        (Disposition.HIGHER_CARE_NEEDED, False),
        (Disposition.EMERGENCY_SERVICES_SENT, False),
    ],
)
def test_a_high_risk_opens_the_gate_only_by_a_disposition_that_ends_the_danger(
    disposition: Disposition, is_open: bool
) -> None:
    episode = a_ready_episode()
    episode.note_risk(a_risk())
    episode.resolve_risk("risk-screening-high", disposition, clinician_id="dr-lee", now=NOON)
    assert (Gate.SUICIDE_RISK not in missing(episode)) is is_open


def test_a_moderate_risk_from_the_screener_leaves_the_gate_to_the_clinician() -> None:
    episode = a_ready_episode()
    episode.note_risk(a_risk(Tier.MODERATE))
    assert Gate.SUICIDE_RISK not in missing(episode)


def test_item_nine_asks_for_the_screener_before_admission() -> None:
    episode = a_ready_episode()
    episode.note_risk(a_risk(Tier.MODERATE, trigger=Trigger.PHQ9_ITEM9, at=after(hours=1)))
    assert missing(episode)[Gate.SUICIDE_RISK] == ("RISK_UNCLARIFIED",)
    episode.note_ended("screener", after(hours=2))
    assert Gate.SUICIDE_RISK not in missing(episode)
