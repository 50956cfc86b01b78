"""An admission: what is decided on which evidence."""

from __future__ import annotations

from datetime import datetime

import pytest

from chassis.errors import FailedPrecondition, HavenError, InvalidArgument, NotFound
from services.intake.domain.admission import AdmissionState
from services.intake.domain.consent import ConsentScope
from services.intake.domain.episode import Episode
from services.intake.domain.evidence import (
    Attestation,
    AttestationTopic,
    Disposition,
    GateOverride,
    OverridePurpose,
)
from services.intake.domain.facts import (
    CarePlanWasActivated,
    ConsentWasRecorded,
    ConsentWasRevoked,
    EmergencyContactWasRecorded,
    LocationWasRecorded,
    PatientWasAdmitted,
)
from services.intake.domain.gates import Gate
from services.intake.domain.referral import Track
from services.intake.domain.tier import Tier
from tests.unit.intake.builders import (
    NOON,
    RULES,
    a_consent,
    a_contact,
    a_level_of_care,
    a_location,
    a_ready_episode,
    a_risk,
    after,
    an_episode,
)

WITHDRAWAL = a_level_of_care(
    minimum={"D1": "3.7"},
    recommended_level="3.7",
    actual_level="3.7",
    withdrawal_needs_management=True,
)


def an_override(gate: Gate) -> GateOverride:
    """A supervisor's name."""
    return GateOverride(gate.value, OverridePurpose.MANAGED_ELSEWHERE, "dr-may", NOON)


def refusal(error: pytest.ExceptionInfo[HavenError]) -> tuple[str, set[str]]:
    """The reason, and the fields that are named."""
    return error.value.reason, {each.field for each in error.value.violations}


def test_a_person_with_every_gate_met_is_admitted_and_others_are_told() -> None:
    episode = a_ready_episode()
    episode.admit(RULES, NOON)
    assert episode.state is AdmissionState.ADMITTED
    assert episode.events == [PatientWasAdmitted("ana", "episode", "VA", NOON)]


def test_the_gate_refuses_and_names_each_missing_gate() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        an_episode().admit(RULES, NOON)
    reason, fields = refusal(refused)
    assert reason == "ADMISSION_GATES_MISSING"
    assert fields == {f"gates.{gate.value}" for gate in Gate} - {"gates.payer", "gates.referral_up"}


def test_nobody_is_admitted_twice() -> None:
    episode = a_ready_episode()
    episode.admit(RULES, NOON)
    with pytest.raises(FailedPrecondition) as refused:
        episode.admit(RULES, NOON)
    assert refused.value.reason == "ALREADY_ADMITTED"


@pytest.mark.parametrize("verb", ["sign", "override", "refer_up"])
def test_after_admission_its_decisions_are_closed(verb: str) -> None:
    episode = a_ready_episode()
    episode.admit(RULES, NOON)
    acts = {
        "sign": lambda: episode.sign("dr-lee", NOON),
        "override": lambda: episode.override(an_override(Gate.PLACE), RULES, NOON),
        "refer_up": lambda: episode.refer_up(["UNSAFE_HOME"], RULES, clinician_id="x", now=NOON),
    }
    with pytest.raises(FailedPrecondition, match="admitted"):
        acts[verb]()


def test_a_person_who_needs_managed_withdrawal_is_referred_up_with_the_reasons_on_record() -> None:
    episode = a_ready_episode()
    episode.record_level_of_care(WITHDRAWAL, RULES)
    episode.refer_up(["UNSAFE_HOME"], RULES, clinician_id="dr-lee", now=NOON)
    assert episode.state is AdmissionState.REFERRED_UP
    assert episode.referral_up is not None
    assert episode.referral_up.reasons == (
        "UNSAFE_HOME",
        "WITHDRAWAL_NEEDS_MANAGEMENT",
        "MEDICALLY_MANAGED_LEVEL",
        "LEVEL_ABOVE_PROGRAM",
    )


def test_a_person_referred_up_cannot_be_admitted() -> None:
    episode = a_ready_episode()
    episode.refer_up(["MEDICALLY_UNSTABLE"], RULES, clinician_id="dr-lee", now=NOON)
    with pytest.raises(FailedPrecondition) as refused:
        episode.admit(RULES, NOON)
    assert refusal(refused) == ("ADMISSION_GATES_MISSING", {"gates.referral_up"})


def test_without_a_named_override_of_every_gate_concerned_withdrawal_keeps_the_gate_shut() -> None:
    episode = a_ready_episode()
    episode.record_level_of_care(WITHDRAWAL, RULES)
    episode.refer_up([], RULES, clinician_id="dr-lee", now=NOON)
    episode.sign("dr-lee", NOON)
    for gate in (Gate.WITHDRAWAL, Gate.STRUCTURED_NEED):
        episode.override(an_override(gate), RULES, NOON)
        with pytest.raises(FailedPrecondition):
            episode.admit(RULES, NOON)
    episode.override(an_override(Gate.REFERRAL_UP), RULES, NOON)
    episode.admit(RULES, NOON)
    assert episode.state is AdmissionState.ADMITTED
    assert {each.supervisor_id for each in episode.overrides.values()} == {"dr-may"}


def test_a_referral_up_needs_a_reason_from_somebody_or_from_the_record() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_ready_episode().refer_up([], RULES, clinician_id="dr-lee", now=NOON)
    assert refused.value.reason == "REFERRAL_REASON_MISSING"


def test_nobody_is_referred_up_twice() -> None:
    episode = a_ready_episode()
    episode.refer_up(["UNSAFE_HOME"], RULES, clinician_id="dr-lee", now=NOON)
    with pytest.raises(FailedPrecondition) as refused:
        episode.refer_up(["UNSAFE_HOME"], RULES, clinician_id="dr-lee", now=NOON)
    assert refused.value.reason == "ALREADY_REFERRED_UP"


def test_a_newer_result_that_fits_brings_a_person_back() -> None:
    episode = a_ready_episode()
    episode.record_level_of_care(WITHDRAWAL, RULES)
    episode.refer_up([], RULES, clinician_id="dr-lee", now=NOON)
    episode.record_level_of_care(a_level_of_care(), RULES)
    episode.sign("dr-lee", NOON)
    assert episode.standing_referral is None
    episode.admit(RULES, NOON)


@pytest.mark.parametrize("gate", [Gate.SUICIDE_RISK, Gate.CONSENT, Gate.SIGNATURE, Gate.LOCATION])
def test_nobody_answers_for_danger_consent_signature_or_the_law_by_name(gate: Gate) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        an_episode().override(an_override(gate), RULES, NOON)
    assert refused.value.reason == "GATE_NOT_OVERRIDABLE"


def test_a_gate_that_is_met_needs_no_override() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_ready_episode().override(an_override(Gate.PLACE), RULES, NOON)
    assert refused.value.reason == "GATE_ALREADY_MET"


def test_new_evidence_ends_the_override_that_was_given_on_the_old() -> None:
    episode = a_ready_episode()
    episode.record_level_of_care(a_level_of_care(weekly_hours=6), RULES)
    episode.override(an_override(Gate.STRUCTURED_NEED), RULES, NOON)
    episode.record_level_of_care(WITHDRAWAL, RULES)
    assert episode.overrides == {}


@pytest.mark.parametrize("evidence", ["level", "attestation", "risk"])
def test_new_clinical_evidence_takes_the_signature_away(evidence: str) -> None:
    episode = a_ready_episode()
    if evidence == "level":
        episode.record_level_of_care(a_level_of_care(), RULES)
    elif evidence == "attestation":
        episode.attest([Attestation(AttestationTopic.PARTICIPATION, True, "dr-lee", NOON)])
    else:
        episode.note_risk(a_risk(Tier.LOW))
    assert episode.signature is None


def test_after_admission_the_signature_is_history_and_stays() -> None:
    episode = a_ready_episode()
    episode.admit(RULES, NOON)
    episode.note_risk(a_risk(Tier.LOW))
    assert episode.signature is not None


def test_every_result_and_attestation_is_kept_and_the_newest_stands() -> None:
    episode = a_ready_episode()
    episode.record_level_of_care(WITHDRAWAL, RULES)
    episode.attest([Attestation(AttestationTopic.PARTICIPATION, False, "dr-lee", NOON)])
    assert [each.recommended_level for each in episode.levels_of_care] == ["2.1", "3.7"]
    assert len(episode.all_attestations) == 4
    assert not episode.attestations[AttestationTopic.PARTICIPATION].holds


def test_a_higher_tier_of_the_same_screening_takes_the_place_of_the_lower() -> None:
    episode = an_episode()
    for tier in (Tier.LOW, Tier.MODERATE, Tier.HIGH):
        episode.note_risk(a_risk(tier))
    episode.note_risk(a_risk(Tier.LOW, screening_id="another"))
    assert [each.tier for each in episode.risks] == [Tier.HIGH, Tier.LOW]


def test_a_risk_that_a_clinician_decided_on_stays_on_record_when_it_rises() -> None:
    episode = an_episode()
    episode.note_risk(a_risk(Tier.MODERATE))
    decide(episode, "risk-screening-moderate", NOON)
    episode.note_risk(a_risk(Tier.HIGH))
    assert [each.is_cleared for each in episode.risks] == [True, False]


def test_the_same_risk_told_again_changes_nothing() -> None:
    episode = an_episode()
    episode.note_risk(a_risk())
    decide(episode, "risk-screening-high", NOON)
    episode.note_risk(a_risk())
    assert [each.is_cleared for each in episode.risks] == [True]


def decide(episode: Episode, risk_id: str, now: datetime) -> None:
    """A clinician finds no imminent danger."""
    episode.resolve_risk(risk_id, Disposition.NO_IMMINENT_DANGER, clinician_id="dr-lee", now=now)


def test_a_risk_is_decided_on_the_patients_own_day() -> None:
    episode = an_episode()  # New York: the UTC day ends seven hours after the raise
    episode.note_risk(a_risk(at=NOON))
    decide(episode, "risk-screening-high", after(hours=11))
    assert episode.risks[0].clinician_id == "dr-lee"


def test_a_disposition_on_another_day_is_refused() -> None:
    episode = an_episode()
    episode.note_risk(a_risk(at=NOON))
    with pytest.raises(FailedPrecondition) as refused:
        decide(episode, "risk-screening-high", after(hours=12))
    assert refused.value.reason == "RISK_DISPOSITION_NOT_SAME_DAY"


def test_a_newer_screener_lets_an_older_risk_be_decided_today() -> None:
    episode = an_episode()
    episode.note_risk(a_risk(at=NOON))
    episode.note_ended("second", after(days=2))
    decide(episode, "risk-screening-high", after(days=2, hours=1))
    assert episode.risks[0].is_cleared


def test_a_decided_risk_is_not_decided_again() -> None:
    episode = an_episode()
    episode.note_risk(a_risk())
    decide(episode, "risk-screening-high", NOON)
    with pytest.raises(FailedPrecondition) as refused:
        decide(episode, "risk-screening-high", NOON)
    assert refused.value.reason == "RISK_RESOLVED"


def test_sent_to_the_hospital_is_not_the_end_of_it() -> None:
    episode = an_episode()
    episode.note_risk(a_risk())
    sent = Disposition.EMERGENCY_SERVICES_SENT
    episode.resolve_risk("risk-screening-high", sent, clinician_id="dr-lee", now=NOON)
    decide(episode, "risk-screening-high", after(hours=3))
    assert episode.risks[0].is_cleared


def test_a_risk_of_somebody_else_does_not_exist_here() -> None:
    with pytest.raises(NotFound) as refused:
        decide(an_episode(), "risk-of-another", NOON)
    assert refused.value.reason == "RISK_UNKNOWN"


def test_a_newer_consent_supersedes_the_older_of_its_scope_and_both_stay_on_record() -> None:
    episode = an_episode()
    episode.consent(a_consent(id="first"), NOON)
    episode.consent(a_consent(ConsentScope.MESSAGING, id="other"), NOON)
    episode.consent(a_consent(id="second", sign_time=after(hours=1)), after(hours=1))
    standing = {each.id: each.is_in_force(after(hours=2)) for each in episode.consents}
    assert standing == {"first": False, "other": True, "second": True}


def test_a_revoked_consent_is_out_of_force_at_once_and_others_are_told() -> None:
    episode = an_episode()
    episode.consent(a_consent(), NOON)
    revoked = episode.revoke_consent("consent-treatment", after(hours=1))
    assert not revoked.is_in_force(after(hours=1))
    assert episode.events[1:] == [ConsentWasRevoked("ana", revoked, after(hours=1))]


def test_a_patient_who_signs_is_heard_by_others_and_one_who_may_not_is_not() -> None:
    episode = an_episode()
    episode.consent(a_consent(), NOON)
    with pytest.raises(InvalidArgument):
        episode.consent(a_consent(expire_time=NOON), NOON)
    assert episode.events == [ConsentWasRecorded("ana", a_consent())]


def test_whom_to_call_is_told_to_those_who_call() -> None:
    episode = an_episode()
    episode.name_emergency_contact(a_contact())
    assert episode.events == [EmergencyContactWasRecorded("ana", a_contact())]


def test_where_the_patient_sits_is_told_to_those_who_send_help() -> None:
    episode = an_episode()
    episode.locate(a_location())
    assert episode.events == [LocationWasRecorded("ana", a_location())]


def test_only_an_admitted_person_follows_a_plan() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        an_episode().activate_plan("plan", weekly_minutes=540, weeks=8)
    assert refused.value.reason == "PATIENT_NOT_ADMITTED"


def test_the_active_plan_is_told_with_its_dose() -> None:
    episode = a_ready_episode()
    episode.admit(RULES, NOON)
    episode.activate_plan("plan", weekly_minutes=540, weeks=8)
    assert episode.events[-1] == CarePlanWasActivated("ana", "plan", 540, 8)


@pytest.mark.parametrize(
    ("track", "is_protected"),
    [(Track.MENTAL_HEALTH, False), (Track.SUBSTANCE_USE, True), (Track.CO_OCCURRING, True)],
)
def test_substance_use_care_is_under_part_2_from_the_first_write(
    track: Track, is_protected: bool
) -> None:
    assert an_episode(track=track).is_part2_protected is is_protected
