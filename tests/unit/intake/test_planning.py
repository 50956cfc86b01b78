"""Care plans as clients make, sign and activate them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from google.type.date_pb2 import Date
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.call import Role
from chassis.errors import Aborted, NotFound, PermissionDenied
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    SUPERVISOR,
    House,
    Person,
    a_person,
    a_plan_for,
)

PATIENT_SIGNS = resources.SIGNER_ROLE_PATIENT
CLINICIAN_SIGNS = resources.SIGNER_ROLE_PRIMARY_CLINICIAN
SUPERVISOR_SIGNS = resources.SIGNER_ROLE_SUPERVISOR


def sign(plan_id: str, role: Any, **changes: Any) -> wire.SignCarePlanRequest:
    return wire.SignCarePlanRequest(care_plan_id=plan_id, signer_role=role, **changes)


def activate(plan_id: str, **changes: Any) -> wire.ActivateCarePlanRequest:
    return wire.ActivateCarePlanRequest(care_plan_id=plan_id, **changes)


def signed(house: House, patient: Person) -> str:
    """A plan that everybody has signed."""
    plan_id = str(house.ask(CLINICIAN, a_plan_for(patient)).care_plan.care_plan_id)
    house.ask(patient, sign(plan_id, PATIENT_SIGNS))
    house.ask(CLINICIAN, sign(plan_id, CLINICIAN_SIGNS))
    house.ask(SUPERVISOR, sign(plan_id, SUPERVISOR_SIGNS))
    return plan_id


def test_a_signed_plan_of_an_admitted_patient_works_and_its_dose_is_told() -> None:
    house = House()
    ana = house.admitted()
    plan_id = signed(house, ana)
    active = house.ask(CLINICIAN, activate(plan_id)).care_plan
    assert active.state == resources.CARE_PLAN_STATE_ACTIVE
    [told] = house.emitted(events.CarePlanActivated)
    assert (told.patient_id, told.care_plan_id) == (ana.subject, plan_id)
    assert (told.weekly_minutes, told.weeks) == (540, 8)
    episode = house.ask(ana, wire.GetEpisodeRequest(patient_id=ana.subject)).episode
    assert (episode.active_care_plan_id, episode.weekly_minutes) == (plan_id, 540)


def test_a_newer_plan_takes_the_place_of_the_active_one_and_is_told_as_newer() -> None:
    house = House()
    ana = house.admitted()
    first, second = signed(house, ana), signed(house, ana)
    house.ask(CLINICIAN, activate(first))
    house.ask(CLINICIAN, activate(second))
    plans = house.ask(ana, wire.ListCarePlansRequest(patient_id=ana.subject)).care_plans
    states = {each.care_plan_id: each.state for each in plans}
    assert states == {
        first: resources.CARE_PLAN_STATE_SUPERSEDED,
        second: resources.CARE_PLAN_STATE_ACTIVE,
    }
    rows = [row for row in house.store.outbox() if row.type.endswith("CarePlanActivated")]  # type: ignore[attr-defined]
    # One aggregate for both: a copy that takes only newer versions takes the second.
    assert rows[0].aggregate_id == rows[1].aggregate_id
    assert rows[0].aggregate_version < rows[1].aggregate_version


def test_a_plan_waits_for_every_signature_and_names_the_missing() -> None:
    house = House()
    ana = house.admitted()
    plan_id = house.ask(CLINICIAN, a_plan_for(ana)).care_plan.care_plan_id
    house.ask(ana, sign(plan_id, PATIENT_SIGNS))
    refused = house.refused(CLINICIAN, activate(plan_id))
    assert refused.reason == "CARE_PLAN_SIGNATURES_MISSING"
    assert [each.field for each in refused.violations] == [
        "signatures.primary_clinician",
        "signatures.supervisor",
    ]


def test_a_plan_of_somebody_who_is_not_admitted_does_not_work() -> None:
    house = House()
    ana = house.patient()
    refused = house.refused(CLINICIAN, activate(signed(house, ana)))
    assert refused.reason == "PATIENT_NOT_ADMITTED"


def test_everybody_signs_in_a_role_that_they_hold() -> None:
    house = House()
    ana, ben = house.admitted(), house.admitted()
    plan_id = house.ask(CLINICIAN, a_plan_for(ana)).care_plan.care_plan_id
    for person, role in ((CLINICIAN, SUPERVISOR_SIGNS), (SUPERVISOR, PATIENT_SIGNS)):
        refused = house.refused(person, sign(plan_id, role))
        assert isinstance(refused, PermissionDenied)
        assert refused.reason == "SIGNER_ROLE_NOT_HELD"
    assert isinstance(house.refused(ben, sign(plan_id, PATIENT_SIGNS)), NotFound)
    both = a_person("dr-who-is-also-a-patient", Role.CLINICIAN, Role.PATIENT)
    assert house.refused(both, sign(plan_id, PATIENT_SIGNS)).reason == "SIGNER_ROLE_NOT_HELD"


def test_a_plan_is_signed_as_it_was_read() -> None:
    house = House()
    ana = house.admitted()
    plan = house.ask(CLINICIAN, a_plan_for(ana)).care_plan
    house.ask(CLINICIAN, sign(plan.care_plan_id, CLINICIAN_SIGNS, etag=plan.etag))
    refused = house.refused(ana, sign(plan.care_plan_id, PATIENT_SIGNS, etag=plan.etag))
    assert isinstance(refused, Aborted)


def test_the_patients_own_words_are_read_back_by_who_may_and_kept_as_ciphertext() -> None:
    house = House()
    ana = house.admitted()
    answer = house.ask(CLINICIAN, a_plan_for(ana))
    assert "Planted" not in str(answer)
    assert "Planted" not in str(house.documents("care_plans"))
    read = house.ask(ana, wire.GetCarePlanRequest(care_plan_id=answer.care_plan.care_plan_id))
    assert [(each.goal_id, each.text) for each in read.goal_statements] == [
        ("g1", "Planted words of a goal")
    ]


def test_a_coordinator_reads_no_plan_and_another_patient_finds_none() -> None:
    house = House()
    ana, ben = house.admitted(), house.admitted()
    plan_id = house.ask(CLINICIAN, a_plan_for(ana)).care_plan.care_plan_id
    request = wire.GetCarePlanRequest(care_plan_id=plan_id)
    assert house.refused(COORDINATOR, request).reason == "ROLE_NOT_ALLOWED"
    assert isinstance(house.refused(ben, request), NotFound)
    assert isinstance(house.refused(CLINICIAN.elsewhere(), request), NotFound)


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"weeks": 0}, "weeks", "OUT_OF_RANGE"),
        ({"goals": []}, "goals", "REQUIRED"),
        ({"interventions": []}, "interventions", "REQUIRED"),
        (
            {"problems": [resources.Problem(problem_id="p1", diagnosis_code="sad", priority=1)]},
            "problems[0].diagnosis_code",
            "MALFORMED",
        ),
        (
            {"goal_statements": [resources.GoalStatement(goal_id="g7", text="words")]},
            "goal_statements[0].goal_id",
            "KEY_UNKNOWN",
        ),
        (
            {"goal_statements": [resources.GoalStatement(goal_id="g1", text="words")] * 2},
            "goal_statements[1].goal_id",
            "KEY_REPEATED",
        ),
    ],
)
def test_a_plan_request_at_fault_is_refused_by_field(
    changes: dict[str, Any], field: str, reason: str
) -> None:
    house = House()
    refused = house.refused(CLINICIAN, a_plan_for(house.patient(), **changes))
    assert refused.reason == "FIELDS_INVALID"
    assert (field, reason) in {(each.field, each.reason) for each in refused.violations}
    assert house.documents("care_plans") == []


def an_objective(**changes: Any) -> resources.Objective:
    fields: dict[str, Any] = {
        "goal_id": "g1",
        "measure_code": "44261-6",
        "baseline": 18,
        "comparator": resources.COMPARATOR_AT_MOST,
        "target": 9,
        "due_date": Date(year=2026, month=5, day=1),
        "owner_id": "dr-lee",
    }
    return resources.Objective(**(fields | changes))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_measures_nothing(value: float) -> None:
    house = House()
    request = a_plan_for(house.patient(), objectives=[an_objective(target=value)])
    refused = house.refused(CLINICIAN, request)
    assert [each.field for each in refused.violations] == ["objectives[0].target"]


def test_a_plan_below_nine_hours_a_week_is_refused() -> None:
    house = House()
    short = resources.Intervention(
        modality=resources.MODALITY_GROUP, discipline="counseling", times_per_week=2, minutes=180
    )
    refused = house.refused(CLINICIAN, a_plan_for(house.patient(), interventions=[short]))
    assert refused.reason == "PLAN_MINUTES_BELOW_LEVEL"


def test_a_due_date_is_judged_on_the_patients_own_day() -> None:
    house = House()
    ana = house.patient(time_zone="Pacific/Auckland")  # there it is 3 March already
    request = a_plan_for(ana, objectives=[an_objective(due_date=Date(year=2026, month=3, day=2))])
    assert house.refused(CLINICIAN, request).reason == "DUE_DATE_PAST"
