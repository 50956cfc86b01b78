"""Operators see how many people wait, and that nobody waits without a deadline."""

from __future__ import annotations

from typing import Any

from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.errors import Unavailable
from services.crisis.timers import Census, due_work
from tests.unit.crisis.house import TENANT, House


def census_of(house: House) -> Any:
    families = Census(house.crisis, [TENANT, "harbor"]).collect()
    return {
        (sample.name, sample.labels.get("severity", "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_unresolved_cases_of_all_tenants_are_counted_by_severity() -> None:
    house = House().staffed()
    house.risk("p-1")
    house.risk("p-2", intake_pb2.RISK_TIER_LOW)
    house.risk("p-1", tenant_id="harbor")

    assert census_of(house) == {
        ("haven_crisis_open_cases", "low"): 1,
        ("haven_crisis_open_cases", "moderate"): 0,
        ("haven_crisis_open_cases", "high"): 2,
        ("haven_crisis_cases_without_deadline", ""): 0,
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

    assert census_of(house)["haven_crisis_cases_without_deadline", ""] == 1


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


def test_what_is_due_lies_in_four_stored_times() -> None:
    assert [(work.collection, work.field) for work in due_work(House().crisis)] == [
        ("cases", "next_deadline_time"),
        ("cases", "next_hand_off_time"),
        ("coverage_checks", "plan_change_time"),
        ("coverage_checks", "next_check_time"),
    ]
