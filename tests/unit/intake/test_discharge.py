"""The end of a program, as clients tell of it and as others hear of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources

from chassis.errors import FailedPrecondition, HavenError, InvalidArgument
from tests.unit.intake.house import (
    CLINICIAN,
    COORDINATOR,
    House,
    Person,
    a_placement,
    a_plan_for,
)


def discharge(patient: Person) -> wire.DischargePatientRequest:
    return wire.DischargePatientRequest(patient_id=patient.subject)


def reason(refused: HavenError) -> Any:
    assert isinstance(refused, FailedPrecondition)
    return refused.reason


def test_a_discharge_is_told_with_who_discharged_and_when() -> None:
    house = House()
    ana = house.admitted()

    told = house.ask(CLINICIAN, discharge(ana)).admission

    assert told.state == resources.ADMISSION_STATE_DISCHARGED
    assert told.HasField("admit_time")
    [heard] = house.emitted(events.PatientDischarged)
    assert (heard.patient_id, heard.clinician_id) == (ana.subject, CLINICIAN.subject)
    assert (heard.episode_id, heard.discharge_time) == (told.episode_id, told.discharge_time)
    assert not heard.HasField("first_appointment_time")


def test_the_first_appointment_elsewhere_is_told_too() -> None:
    house = House()
    ana = house.admitted()
    request = discharge(ana)
    request.first_appointment_time.FromDatetime(house.clock.now() + timedelta(days=5))

    house.ask(CLINICIAN, request)

    [heard] = house.emitted(events.PatientDischarged)
    assert heard.first_appointment_time == request.first_appointment_time


def test_an_appointment_that_has_passed_is_no_next_one() -> None:
    house = House()
    ana = house.admitted()
    request = discharge(ana)
    request.first_appointment_time.FromDatetime(house.clock.now() - timedelta(days=1))

    refused = house.refused(CLINICIAN, request)

    assert isinstance(refused, InvalidArgument)
    assert [(each.field, each.reason) for each in refused.violations] == [
        ("first_appointment_time", "APPOINTMENT_PAST")
    ]
    assert house.emitted(events.PatientDischarged) == []


def test_whoever_was_never_admitted_is_not_discharged() -> None:
    house = House()

    assert reason(house.refused(CLINICIAN, discharge(house.patient()))) == "PATIENT_NOT_ADMITTED"


def test_a_discharged_patient_is_neither_discharged_again_nor_admitted_nor_planned_for() -> None:
    house = House()
    ana = house.admitted()
    house.ask(CLINICIAN, discharge(ana))
    again = wire.AdmitPatientRequest(patient_id=ana.subject)
    up = wire.ReferPatientUpRequest(patient_id=ana.subject)

    assert reason(house.refused(CLINICIAN, discharge(ana))) == "ALREADY_DISCHARGED"
    assert reason(house.refused(COORDINATOR, again)) == "ALREADY_DISCHARGED"
    assert reason(house.refused(CLINICIAN, up)) == "ALREADY_DISCHARGED"
    assert len(house.emitted(events.PatientDischarged)) == 1


def test_a_plan_of_a_discharged_patient_is_not_activated() -> None:
    house = House()
    ana = house.admitted()
    plan = house.ask(CLINICIAN, a_plan_for(ana)).care_plan
    house.ask(CLINICIAN, discharge(ana))

    activate = wire.ActivateCarePlanRequest(care_plan_id=plan.care_plan_id)
    assert isinstance(house.refused(CLINICIAN, activate), FailedPrecondition)


def test_who_signed_the_admission_stays_on_record_after_the_discharge() -> None:
    house = House()
    ana = house.admitted()
    house.ask(CLINICIAN, discharge(ana))

    newer = wire.RecordLevelOfCareRequest(patient_id=ana.subject, level_of_care=a_placement())
    told = house.ask(CLINICIAN, newer).admission

    assert told.signer_id == CLINICIAN.subject
