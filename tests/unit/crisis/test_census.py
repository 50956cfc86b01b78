"""Operators see how many people wait, and that nobody waits without a deadline."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import Unavailable
from services.crisis.domain.follow_up import Kind, Outcome
from services.crisis.domain.jurisdiction import NumberKind
from services.crisis.timers import Census, due_work
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import TENANT, House


def census_of(house: House) -> Any:
    families = Census(house.crisis, [TENANT, "harbor"]).collect()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_unresolved_cases_of_all_tenants_are_counted_by_severity() -> None:
    house = House().staffed()
    house.risk("p-1")
    house.risk("p-2", intake_pb2.RISK_TIER_LOW)
    house.risk("p-1", tenant_id="harbor")

    told = census_of(house)
    assert {name: value for name, value in told.items() if "cases" in name[0]} == {
        ("haven_crisis_open_cases", "low"): 1,
        ("haven_crisis_open_cases", "moderate"): 0,
        ("haven_crisis_open_cases", "high"): 2,
        ("haven_crisis_cases_without_deadline",): 0,
    }


def test_a_resolved_case_no_longer_waits() -> None:
    house = House().staffed()
    house.risk()
    case_id = house.only_case()
    house.acknowledge(case_id)
    house.contact(case_id)
    house.resolve(case_id)

    assert set(census_of(house).values()) == {0}


def test_a_case_that_lost_its_deadline_shows() -> None:
    house = House().staffed()
    house.risk()
    house.store.engine.tables["cases"][house.only_case()]["next_deadline_time"] = None

    assert census_of(house)["haven_crisis_cases_without_deadline",] == 1


def test_counting_reads_nobodys_chart() -> None:
    house = House().staffed()
    house.risk()
    before = len(house.store.documents("audit_entries"))
    census_of(house)

    assert len(house.store.documents("audit_entries")) == before


def test_while_the_database_is_away_nothing_is_claimed() -> None:
    house = House().staffed()

    def away(*_: Any) -> None:
        raise Unavailable("STORE_UNAVAILABLE", "away")

    house.store.read = away

    assert census_of(house) == {}


def test_a_state_where_a_patient_was_and_no_number_is_known_shows_by_kind() -> None:
    house = House()
    for patient_id in ("p-1", "p-2"):
        place = sessions_pb2.LocationAttested(
            location_id=f"l-{patient_id}", patient_id=patient_id, state="VA"
        )
        house.hear(place)

    told = census_of(house)
    assert told["haven_crisis_jurisdictions_without_number", "psap"] == 1

    house.put_numbers("VA", NumberKind.PSAP, verified_on=NOON.date())
    told = census_of(house)
    assert told["haven_crisis_jurisdictions_without_number", "psap"] == 0
    assert told["haven_crisis_jurisdictions_without_number", "mobile_crisis"] == 1


def test_a_number_that_grew_old_counts_as_none() -> None:
    house = House()
    house.hear(sessions_pb2.LocationAttested(location_id="l-1", patient_id="p-1", state="VA"))
    house.put_numbers("VA", NumberKind.PSAP, verified_on=after(days=-91).date())

    assert census_of(house)["haven_crisis_jurisdictions_without_number", "psap"] == 1


def test_a_missed_follow_up_shows_until_somebody_closes_it() -> None:
    house = House()
    house.screening("p-1", intake_pb2.RISK_TIER_HIGH)
    house.time_passes(hours=25)
    assert census_of(house)["haven_crisis_follow_ups_overdue", "clarify_screen"] == 1

    house.complete(house.follow_up(Kind.CLARIFY_SCREEN), Outcome.RISK_LOWER)
    assert census_of(house)["haven_crisis_follow_ups_overdue", "clarify_screen"] == 0


def test_somebody_whom_a_group_could_not_take_shows_until_they_were_reached() -> None:
    house = House().staffed()
    name = ("haven_crisis_oldest_individual_contact_timestamp_seconds",)
    assert census_of(house)[name] == 0
    house.time_passes(minutes=3)
    house.hear(sessions_pb2.PatientHeld(hold_id="h-1", session_id="s-1", patient_id="p-1"))
    house.time_passes(minutes=30)
    assert census_of(house)[name] == after(minutes=3).timestamp()

    house.complete(house.follow_up(Kind.INDIVIDUAL_CONTACT), Outcome.REACHED)
    assert census_of(house)[name] == 0


def test_cases_follow_ups_and_people_who_wait_are_all_the_due_work() -> None:
    works = due_work(House().crisis)

    assert [(work.collection, work.field) for work in works] == [
        ("cases", "next_deadline_time"),
        ("follow_ups", "escalate_time"),
        ("person_requests", "act_time"),
        ("cases", "next_hand_off_time"),
        ("coverage_checks", "plan_change_time"),
        ("coverage_checks", "next_check_time"),
    ]
