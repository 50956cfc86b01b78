"""From evidence to admission, as clients do it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.errors import Aborted, FailedPrecondition, InvalidArgument, NotFound
from services.intake.domain.instruments.cssrs import CSSRS, Q1, Q4
from services.intake.domain.instruments.phq9 import ITEM_9
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    SUPERVISOR,
    TENANT,
    House,
    MirrorCipher,
    Person,
    a_placement,
    a_submission,
    evidence_for,
)

CALM = {item.code: 0 for item in CSSRS.items}


def admission_of(house: House, patient: Person) -> resources.Admission:
    """As the clinician sees it."""
    request = wire.GetAdmissionRequest(patient_id=patient.subject)
    found: resources.Admission = house.ask(CLINICIAN, request).admission
    return found


def shut(admission: resources.Admission) -> set[str]:
    """The gates that are missing."""
    return {
        resources.AdmissionGate.Name(each.gate).removeprefix("ADMISSION_GATE_")
        for each in admission.gates
        if each.state == resources.GATE_STATE_MISSING
    }


def admit(patient: Person, **changes: Any) -> wire.AdmitPatientRequest:
    return wire.AdmitPatientRequest(patient_id=patient.subject, **changes)


def test_the_gate_refuses_and_names_each_missing_gate_until_everything_is_there() -> None:
    house = House()
    ana = house.patient()
    refused = house.refused(CLINICIAN, admit(ana))
    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "ADMISSION_GATES_MISSING"
    named = {each.field for each in refused.violations}
    assert {"gates.consent", "gates.emergency_contact", "gates.location", "gates.signature"} < named
    house.ready(ana)
    admitted = house.ask(COORDINATOR, admit(ana)).admission
    assert admitted.state == resources.ADMISSION_STATE_ADMITTED
    assert shut(admitted) == set()
    [told] = house.emitted(events.PatientAdmitted)
    assert (told.patient_id, told.episode_id, told.state) == (
        ana.subject,
        admitted.episode_id,
        "VA",
    )


@pytest.mark.parametrize("left_out", range(9))
def test_without_any_one_piece_of_evidence_nobody_is_admitted(left_out: int) -> None:
    house = House()
    ana = house.patient()
    for place, (person, request) in enumerate(evidence_for(ana)):
        if place != left_out:
            house.ask(person, request)
    house.ask(CLINICIAN, wire.SignAdmissionRequest(patient_id=ana.subject))
    assert house.refused(CLINICIAN, admit(ana)).reason == "ADMISSION_GATES_MISSING"
    assert house.emitted(events.PatientAdmitted) == []


def test_a_refused_admission_leaves_the_patient_as_it_was() -> None:
    house = House()
    ana = house.patient()
    before = house.documents("episodes")
    house.refused(CLINICIAN, admit(ana))
    assert house.documents("episodes") == before


def test_an_admission_judged_on_an_older_view_is_refused() -> None:
    house = House()
    ana = house.patient()
    house.ready(ana)
    seen = admission_of(house, ana)
    house.ask(ana, a_submission(ana, "c-ssrs-screener", CALM))
    refused = house.refused(COORDINATOR, admit(ana, etag=seen.etag))
    assert isinstance(refused, Aborted)
    assert refused.reason == "ETAG_STALE"


def test_a_patient_who_needs_managed_withdrawal_goes_up_and_is_not_admitted_without_a_name() -> (
    None
):
    house = House()
    ana = house.patient()
    house.ready(ana)
    placed = house.ask(
        CLINICIAN,
        wire.RecordLevelOfCareRequest(
            patient_id=ana.subject, level_of_care=a_placement("3.7", withdrawal=True)
        ),
    ).admission
    assert set(placed.referral_up_reasons) == {
        "WITHDRAWAL_NEEDS_MANAGEMENT",
        "MEDICALLY_MANAGED_LEVEL",
        "LEVEL_ABOVE_PROGRAM",
    }
    up = house.ask(CLINICIAN, wire.ReferPatientUpRequest(patient_id=ana.subject)).admission
    assert up.state == resources.ADMISSION_STATE_REFERRED_UP
    house.ask(CLINICIAN, wire.SignAdmissionRequest(patient_id=ana.subject))
    refused = house.refused(CLINICIAN, admit(ana))
    assert {each.field for each in refused.violations} == {
        "gates.withdrawal",
        "gates.structured_need",
        "gates.referral_up",
    }
    for gate in ("WITHDRAWAL", "STRUCTURED_NEED", "REFERRAL_UP"):
        house.ask(SUPERVISOR, override(ana, gate))
    assert house.ask(CLINICIAN, admit(ana)).admission.state == resources.ADMISSION_STATE_ADMITTED


def override(patient: Person, gate: str) -> wire.OverrideAdmissionGateRequest:
    return wire.OverrideAdmissionGateRequest(
        patient_id=patient.subject,
        gate=resources.AdmissionGate.Value(f"ADMISSION_GATE_{gate}"),
        purpose=resources.OVERRIDE_PURPOSE_MANAGED_ELSEWHERE,
    )


def test_an_override_is_a_supervisors_and_stands_in_the_trail_with_gate_and_purpose() -> None:
    house = House()
    ana = house.patient()
    assert house.refused(CLINICIAN, override(ana, "PLACE")).reason == "ROLE_NOT_ALLOWED"
    [given] = house.ask(SUPERVISOR, override(ana, "PLACE")).admission.overrides
    assert (given.supervisor_id, given.gate) == ("dr-may", resources.ADMISSION_GATE_PLACE)
    entry = house.documents("audit_entries")[-1]
    assert (entry["actor_id"], entry["action"], entry["purpose"]) == (
        "dr-may",
        "admission.gate.override",
        "place:managed_elsewhere",
    )


@pytest.mark.parametrize(
    ("gate", "reason"), [("CONSENT", "GATE_NOT_OVERRIDABLE"), ("PAYER", "GATE_ALREADY_MET")]
)
def test_an_override_that_cannot_be_is_refused(gate: str, reason: str) -> None:
    house = House()
    assert house.refused(SUPERVISOR, override(house.patient(), gate)).reason == reason


def test_a_high_screener_keeps_the_gate_shut_until_a_clinician_decides_the_same_day() -> None:
    house = House()
    ana = house.patient()
    for person, request in evidence_for(ana):
        house.ask(person, request)
    house.ask(ana, a_submission(ana, "c-ssrs-screener", CALM | {Q1: 1, Q4: 1}))
    house.ask(CLINICIAN, wire.SignAdmissionRequest(patient_id=ana.subject))
    refused = house.refused(CLINICIAN, admit(ana))
    assert [(each.field, each.reason) for each in refused.violations] == [
        ("gates.suicide_risk", "HIGH_RISK_UNRESOLVED")
    ]
    [risk] = admission_of(house, ana).risks
    decided = wire.ResolveRiskRequest(
        patient_id=ana.subject,
        risk_id=risk.risk_id,
        disposition=resources.RISK_DISPOSITION_SAFETY_PLAN_IN_PLACE,
    )
    house.clock.advance(timedelta(days=1))
    late = house.refused(CLINICIAN, decided)
    assert late.reason == "RISK_DISPOSITION_NOT_SAME_DAY"
    house.ask(ana, a_submission(ana, "c-ssrs-screener", CALM))
    decided.request_id = ""
    [resolved] = house.ask(CLINICIAN, decided).admission.risks
    assert (resolved.clinician_id, resolved.disposition) == ("dr-lee", decided.disposition)
    house.ask(CLINICIAN, admit(ana))


def test_a_screener_under_way_keeps_the_gate_shut_until_it_ends() -> None:
    house = House()
    ana = house.patient()
    house.ready(ana)
    screening_id = house.ask(
        ana,
        wire.StartScreeningRequest(
            patient_id=ana.subject, instrument="c-ssrs-screener", instrument_version="1"
        ),
    ).screening.screening_id
    assert shut(admission_of(house, ana)) == set()
    house.ask(
        ana,
        wire.RecordAnswersRequest(
            screening_id=screening_id, answers=[resources.Answer(item_code=Q1, value=0)]
        ),
    )
    assert shut(admission_of(house, ana)) == {"SUICIDE_RISK"}
    rest = [
        resources.Answer(item_code=item.code, value=0) for item in CSSRS.items if item.code != Q1
    ]
    house.ask(ana, wire.RecordAnswersRequest(screening_id=screening_id, answers=rest))
    house.ask(ana, wire.CompleteScreeningRequest(screening_id=screening_id))
    assert shut(admission_of(house, ana)) == set()


def test_item_nine_after_the_screener_asks_for_another_screener() -> None:
    house = House()
    ana = house.patient()
    house.ready(ana)
    house.clock.advance(timedelta(hours=1))
    house.ask(ana, a_submission(ana, "phq-9", {ITEM_9: 1}))
    assert shut(admission_of(house, ana)) == {"SUICIDE_RISK", "SIGNATURE"}
    house.clock.advance(timedelta(minutes=5))
    house.ask(ana, a_submission(ana, "c-ssrs-screener", CALM))
    assert shut(admission_of(house, ana)) == {"SIGNATURE"}


def test_the_assessor_and_the_time_are_the_callers_and_now() -> None:
    house = House()
    ana = house.patient()
    sent = a_placement()
    sent.assessor_id = "somebody-else"
    request = wire.RecordLevelOfCareRequest(patient_id=ana.subject, level_of_care=sent)
    record = house.ask(CLINICIAN, request).admission.level_of_care
    assert record.assessor_id == "dr-lee"
    assert record.assess_time.seconds == int(house.clock.now().timestamp())


@pytest.mark.parametrize(
    ("spoil", "field", "reason"),
    [
        (lambda r: r.ClearField("framework"), "level_of_care.framework", "UNSPECIFIED"),
        (
            lambda r: r.ClearField("withdrawal_needs_management"),
            "level_of_care.withdrawal_needs_management",
            "REQUIRED",
        ),
        (
            lambda r: r.ClearField("has_complicated_withdrawal_history"),
            "level_of_care.has_complicated_withdrawal_history",
            "REQUIRED",
        ),
        (lambda r: r.ClearField("dimensions"), "level_of_care.dimensions", "REQUIRED"),
        (
            lambda r: setattr(r, "recommended_level", "9.9"),
            "level_of_care.recommended_level",
            "LEVEL_UNKNOWN",
        ),
        (lambda r: setattr(r, "edition", "7"), "level_of_care.edition", "EDITION_UNKNOWN"),
        (lambda r: setattr(r, "weekly_hours", 169), "level_of_care.weekly_hours", "OUT_OF_RANGE"),
    ],
)
def test_a_placement_result_at_fault_is_refused_by_field(
    spoil: Any, field: str, reason: str
) -> None:
    house = House()
    sent = a_placement()
    spoil(sent)
    request = wire.RecordLevelOfCareRequest(patient_id=house.patient().subject, level_of_care=sent)
    refused = house.refused(CLINICIAN, request)
    assert isinstance(refused, InvalidArgument)
    assert (field, reason) in {(each.field, each.reason) for each in refused.violations}


def test_whether_somebody_is_driving_must_be_answered() -> None:
    house = House()
    ana = house.patient()
    request = wire.RecordPlaceCheckRequest(
        patient_id=ana.subject, place_check=resources.PlaceCheck(is_private=True)
    )
    refused = house.refused(ana, request)
    assert [(each.field, each.reason) for each in refused.violations] == [
        ("place_check.is_driving", "REQUIRED")
    ]


def test_an_emergency_contact_is_told_as_ciphertext() -> None:
    house = House()
    ana = house.patient()
    house.ready(ana)
    [told] = house.emitted(events.EmergencyContactRecorded)
    assert (told.patient_id, told.has_release) == (ana.subject, True)
    assert MirrorCipher().reveal(TENANT, told.name_ciphertext) == "Planted Contact"
    assert told.HasField("record_time")


def test_every_decision_about_another_tenants_patient_is_not_found() -> None:
    house = House()
    ana = house.patient()
    for person, request in (
        (SUPERVISOR, override(ana, "PLACE")),
        (CLINICIAN, wire.SignAdmissionRequest(patient_id=ana.subject)),
        (COORDINATOR, admit(ana)),
        (CLINICIAN, wire.ReferPatientUpRequest(patient_id=ana.subject)),
    ):
        assert isinstance(house.refused(person.elsewhere(), request), NotFound)
