"""Copies of other services' facts: the newest counts, whatever the order of arrival."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FailedPrecondition
from services.scheduling.domain.patient import Patient, Plan, Source
from tests.unit.scheduling.builders import NOW, after, reason_of

PLAN = Plan("plan-1", 540, 8)


def test_a_patient_of_whom_no_admission_is_known_may_not_be_booked() -> None:
    patient = Patient("p-1")
    patient.activate_plan(Source("plan-1", 1, NOW), PLAN)
    with pytest.raises(FailedPrecondition) as error:
        patient.require_admitted()
    assert reason_of(error) == "PATIENT_NOT_ADMITTED"


def test_a_patient_without_a_plan_has_no_dose() -> None:
    patient = Patient("p-1")
    patient.admit(Source("episode-1", 1, NOW), state="VA", admit_time=NOW)
    patient.require_admitted()
    with pytest.raises(FailedPrecondition) as error:
        patient.require_plan()
    assert reason_of(error) == "PLAN_NOT_ACTIVE"


def test_the_admission_says_where_the_patient_sits_until_a_later_attestation_does() -> None:
    patient = Patient("p-1")
    assert patient.admit(Source("episode-1", 1, NOW), state="VA", admit_time=NOW)
    assert not patient.attend("VA", after(hours=1))
    assert patient.attend("NC", after(hours=2))
    assert patient.attending_state == "NC"


def test_an_older_attestation_that_arrives_late_changes_nothing() -> None:
    patient = Patient("p-1")
    patient.attend("NC", after(hours=2))
    assert not patient.attend("VA", after(hours=1))
    assert not patient.admit(Source("episode-1", 1, NOW), state="VA", admit_time=NOW)
    assert patient.attending_state == "NC"
    patient.require_admitted()


def test_a_repeated_admission_changes_nothing() -> None:
    patient = Patient("p-1")
    source = Source("episode-1", 1, NOW)
    patient.admit(source, state="VA", admit_time=NOW)
    assert not patient.admit(source, state="MD", admit_time=after(hours=1))
    assert patient.attending_state == "VA"


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (Source("plan-1", 3, NOW), Source("plan-1", 2, after(hours=1))),
        (Source("plan-2", 1, after(hours=1)), Source("plan-1", 9, NOW)),
    ],
)
def test_versions_order_one_plan_and_times_order_two(newer: Source, older: Source) -> None:
    for first, second in permutations([newer, older]):
        patient = Patient("p-1")
        patient.activate_plan(first, Plan(first.aggregate_id, first.version, 8))
        patient.activate_plan(second, Plan(second.aggregate_id, second.version, 8))
        assert patient.require_plan() == Plan(newer.aggregate_id, newer.version, 8)


@given(st.permutations([("VA", 0), ("NC", 1), ("MD", 2), ("VA", 3), ("DC", 4)]))
def test_in_every_order_of_arrival_the_patient_sits_where_last_attested(
    arrivals: list[tuple[str, int]],
) -> None:
    patient = Patient("p-1")
    for state, hour in arrivals:
        patient.attend(state, after(hours=hour))
    assert patient.attending_state == "DC"
