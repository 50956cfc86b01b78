"""What must happen after a case, a screening and a plan, and until when."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from chassis.settings import SettingsError
from chassis.tenants import Tenants
from services.crisis.domain.aftercare import AftercarePolicy, Cause, after_case
from services.crisis.domain.follow_up import (
    CLINICIANS,
    SUPERVISORS,
    CancelReason,
    Kind,
    Outcome,
    Owner,
)
from services.crisis.domain.follow_up import State as FollowUpState
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.domain.signal import Severity
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House

HIGH, MODERATE, LOW = (
    intake_pb2.RISK_TIER_HIGH,
    intake_pb2.RISK_TIER_MODERATE,
    intake_pb2.RISK_TIER_LOW,
)


def planned(tier: Any) -> Counter[Kind]:
    house = House().staffed()
    house.closed_case(tier=tier)
    return Counter(each.kind for each in house.follow_ups())


def test_after_high_severity_everything_follows() -> None:
    assert planned(HIGH) == {
        Kind.CONTACT: 2,
        Kind.REASSESS: 1,
        Kind.CARING_CONTACT: 8,
        Kind.CRISIS_NOTE: 1,
        Kind.SUPERVISOR_REVIEW: 1,
        Kind.SAFETY_PLAN_REVIEW: 1,
        Kind.SUPERVISOR_NOTICE: 1,
        Kind.MEDICAL_NOTICE: 1,
        Kind.LEVEL_OF_CARE_REVIEW: 1,
        Kind.INCIDENT_REPORT: 1,
    }


def test_after_moderate_severity_a_contact_a_reassessment_and_the_reviews_follow() -> None:
    assert planned(MODERATE) == {
        Kind.CONTACT: 1,
        Kind.REASSESS: 1,
        Kind.CRISIS_NOTE: 1,
        Kind.SUPERVISOR_REVIEW: 1,
        Kind.SAFETY_PLAN_REVIEW: 1,
        Kind.SUPERVISOR_NOTICE: 1,
    }


def test_after_low_severity_the_plan_the_note_and_a_reassessment_follow() -> None:
    assert planned(LOW) == {
        Kind.REASSESS: 1,
        Kind.CRISIS_NOTE: 1,
        Kind.SAFETY_PLAN_REVIEW: 1,
    }


def test_contacts_are_within_a_day_and_again_not_before_but_within_two() -> None:
    house = House().staffed()
    house.closed_case()

    first, second = house.follow_ups(Kind.CONTACT)
    assert (first.start_time, first.due_time) == (None, after(hours=24))
    assert (second.start_time, second.due_time) == (after(hours=24), after(hours=48))


@pytest.mark.parametrize(
    "kind",
    [
        Kind.SUPERVISOR_NOTICE,
        Kind.MEDICAL_NOTICE,
        Kind.LEVEL_OF_CARE_REVIEW,
        Kind.INCIDENT_REPORT,
    ],
)
def test_what_the_first_day_after_high_severity_asks_escalates_when_it_is_over(kind: Kind) -> None:
    house = House().staffed()
    house.closed_case()
    asked = house.follow_up(kind)
    assert (asked.due_time, asked.owner) == (after(hours=24), Owner("dr-one"))

    house.time_passes(hours=24)

    missed = [
        (event.recipient_id, event.kind)
        for event in house.store.emitted(events_pb2.FollowUpMissed)
        if event.kind == kind.value
    ]
    assert missed == [("dr-one", kind.value)]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (Kind.SUPERVISOR_NOTICE, Outcome.NOTIFIED),
        (Kind.MEDICAL_NOTICE, Outcome.NOTIFIED),
        (Kind.LEVEL_OF_CARE_REVIEW, Outcome.REVIEWED),
        (Kind.INCIDENT_REPORT, Outcome.WRITTEN),
    ],
)
def test_each_is_closed_by_what_it_asks_for_and_by_nothing_else(
    kind: Kind, outcome: Outcome
) -> None:
    house = House().staffed()
    house.closed_case()
    asked = house.follow_up(kind)

    with pytest.raises(InvalidArgument):
        house.complete(asked, Outcome.REACHED)

    assert house.complete(asked, outcome).state is FollowUpState.DONE


def test_caring_contacts_come_on_their_days_at_the_close_of_work() -> None:
    house = House().staffed()
    house.closed_case()

    caring = house.follow_ups(Kind.CARING_CONTACT)
    days = [round((each.due_time - NOON) / timedelta(days=1)) for each in caring]
    assert days == [1, 7, 30, 60, 90, 180, 270, 365]
    assert [each.number for each in caring] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(("tier", "days"), [(HIGH, 7), (MODERATE, 14), (LOW, 30)])
def test_the_reassessment_comes_sooner_the_worse_it_was(tier: Any, days: int) -> None:
    house = House().staffed()
    house.closed_case(tier=tier)

    due = house.follow_up(Kind.REASSESS).due_time
    assert after(days=days - 1) <= due <= after(days=days)


def test_who_had_the_case_owns_what_follows_and_the_supervisors_the_review() -> None:
    house = House().staffed()
    house.closed_case()

    owners = {each.kind: each.owner for each in house.follow_ups()}
    assert owners.pop(Kind.SUPERVISOR_REVIEW) == SUPERVISORS
    assert set(owners.values()) == {Owner("dr-one")}


def test_a_worrying_screening_is_to_be_clarified_within_a_day_by_any_clinician() -> None:
    house = House()
    house.screening("p-1", LOW)

    clarify = house.follow_up(Kind.CLARIFY_SCREEN)
    assert (clarify.due_time, clarify.owner) == (after(hours=24), CLINICIANS)
    assert (clarify.screening_id, clarify.case_id) == ("s-1", "")


def test_a_calm_screening_asks_for_nothing() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_NONE)

    assert house.follow_ups() == []


@pytest.mark.parametrize("tier", [intake_pb2.RISK_TIER_UNSPECIFIED, 99])
def test_a_screening_of_which_nobody_can_say_is_to_be_clarified(tier: Any) -> None:
    house = House()
    house.screening("p-1", tier)

    assert len(house.follow_ups(Kind.CLARIFY_SCREEN)) == 1


def test_the_same_screening_heard_twice_is_clarified_once() -> None:
    house = House()
    for version in (1, 2):
        house.screening("p-1", HIGH, version=version)

    assert len(house.follow_ups()) == 1


def test_a_second_case_of_high_severity_begins_the_caring_contacts_anew() -> None:
    house = House().staffed()
    first = house.closed_case()
    house.time_passes(days=2)
    second = house.closed_case()

    states = Counter((each.case_id, each.state) for each in house.follow_ups(Kind.CARING_CONTACT))
    assert states[first, FollowUpState.CANCELLED] == 8
    assert states[second, FollowUpState.OPEN] == 8
    reasons = {each.cancel_reason for each in house.follow_ups() if each.case_id == first}
    assert reasons == {None, CancelReason.SUPERSEDED}


def test_a_second_case_leaves_the_contacts_of_the_first_to_be_made() -> None:
    house = House().staffed()
    first = house.closed_case()
    house.closed_case()

    contacts = [each for each in house.follow_ups(Kind.CONTACT) if each.case_id == first]
    assert {each.state for each in contacts} == {FollowUpState.OPEN}


def test_the_case_s_end_and_what_follows_are_one_transaction() -> None:
    house = House().staffed()
    house.risk()
    case_id = house.only_case()
    house.acknowledge(case_id)
    house.contact(case_id)

    def away(*_: Any) -> None:
        raise RuntimeError("died")

    house.crisis.cases._aftercare.after_case = away  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError):
        house.resolve(case_id)

    assert house.cases[0]["state"] == "contacted"


@given(severity=st.sampled_from(Severity), hours=st.integers(0, 24 * 366))
def test_whatever_the_hour_everything_that_follows_is_still_to_come(
    severity: Severity, hours: int
) -> None:
    anchor = NOON + timedelta(hours=hours)
    cause = Cause("p-1", "c-1", anchor, Owner("dr-one"), case_id="c-1", severity=severity)

    made = after_case(cause, severity, AftercarePolicy())

    assert all(anchor < each.due_time <= anchor + timedelta(days=366) for each in made)
    assert all(each.start_time is None or each.start_time < each.due_time for each in made)
    assert all(each.escalate_time == each.due_time for each in made)
    keys = Counter((each.origin_id, each.kind, each.number) for each in made)
    assert set(keys.values()) == {1}


def test_a_tenant_sets_its_own_numbers() -> None:
    aftercare = {"caring_days": [2, 3], "time_zone": "America/Denver", "close_hour": 16}
    tenants = Tenants({"river": {"crisis": {"aftercare": aftercare}}})

    policy = tenants.policy("river", "crisis", CrisisPolicy).aftercare

    assert (policy.caring_days, policy.office.time_zone) == ((2, 3), "America/Denver")


@pytest.mark.parametrize(
    "numbers",
    [
        {"close_hour": 24},
        {"time_zone": "Nowhere/City"},
        {"reassess_days_low": 1},
        {"most_escalations": 0},
        {"mistyped": 1},
        {"caring_days": [0, 7]},
        {"contact_seconds_high": [48.0, 24.0]},
    ],
)
def test_a_number_that_cannot_work_stops_the_start(numbers: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        Tenants({"river": {"crisis": {"aftercare": numbers}}}).check("crisis", CrisisPolicy)
