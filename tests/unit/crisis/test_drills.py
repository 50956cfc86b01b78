"""The platform calls for help itself, and knows whether help came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from chassis.errors import Unavailable
from services.crisis.domain.drill import Drill, DrillState, Step
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.handlers.drills import Drills
from services.crisis.store import FOLLOW_UPS
from services.crisis.timers import Census
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.drilling import (
    LATE,
    PERIOD,
    a_house,
    begin,
    drills,
    hand_over,
    raise_signal,
    runner_of,
    value,
)
from tests.unit.crisis.house import TENANT


def test_a_drill_whose_page_is_handed_over_is_answered_and_passes() -> None:
    house = a_house()
    runner = runner_of(house)
    before = value("haven_crisis_drill_seconds_count", step="resolved")
    runner.advance(TENANT)
    house.clock.advance(after(seconds=1) - NOON)
    raise_signal(house)
    house.clock.advance(after(seconds=1) - NOON)
    hand_over(house)

    runner.advance(TENANT)

    (case,) = house.cases
    assert (case["state"], case["source"]) == ("resolved", "drill")
    assert (case["owner_id"], case["resolver_id"]) == ("drill-responder", "drill-reviewer")
    assert drills(house) == ["passed"]
    assert value("haven_crisis_drill_seconds_count", step="resolved") == before + 1
    (drill,) = house.store.documents("drills")
    assert drill["reached"]["heard"] == drill["start_time"] + timedelta(seconds=1)
    now = house.clock.now().timestamp()
    assert value("haven_crisis_drill_last_success_timestamp_seconds") == now


def test_nothing_is_acknowledged_before_a_provider_has_the_page() -> None:
    house = a_house()
    runner = begin(house)

    for _ in range(3):
        runner.advance(TENANT)

    (case,) = house.cases
    assert case["state"] == "open"
    assert house.woken == ["drill-responder"]


def test_the_next_drill_waits_for_its_time() -> None:
    house = a_house()
    runner = begin(house)
    hand_over(house)
    runner.advance(TENANT)

    assert runner.advance(TENANT) == PERIOD
    assert len(house.cases) == 1
    house.clock.advance(after(seconds=PERIOD) - NOON)
    runner.advance(TENANT)
    raise_signal(house)

    assert len(house.cases) == 2
    assert drills(house) == ["passed", "running"]


def test_a_drill_without_help_is_late_counted_once_and_its_case_is_closed() -> None:
    house = a_house()
    before = value("haven_crisis_drill_failures_total")
    runner = begin(house)
    house.clock.advance(after(seconds=LATE) - NOON)

    for _ in range(3):
        runner.advance(TENANT)

    assert drills(house) == ["failed"]
    assert value("haven_crisis_drill_failures_total") == before + 1
    assert [case["state"] for case in house.cases] == ["resolved"]


def test_the_call_for_help_is_made_by_sessions_and_not_by_the_runner() -> None:
    house = a_house()
    runner = runner_of(house)

    for _ in range(3):
        runner.advance(TENANT)

    (started,) = house.store.emitted(crisis_pb2.DrillStarted)
    (row,) = house.store.outbox()
    assert row.awaiting == ("sessions",), "it goes both ways, as all of its class"
    assert row.expire_time == NOON + timedelta(seconds=LATE)
    assert started.drill_id == house.store.documents("drills")[0]["_id"]
    assert house.cases == []


@pytest.mark.parametrize("has_died", [False, True], ids=["one runner", "a runner that dies"])
def test_a_drill_whose_signal_is_lost_is_late_and_one_that_comes_after_it_opens_no_case(
    has_died: bool,
) -> None:
    house = a_house()
    runner = runner_of(house)
    before = value("haven_crisis_drill_failures_total")
    runner.advance(TENANT)
    house.clock.advance(after(seconds=LATE) - NOON)
    if has_died:
        _dies_at(runner, "take", has_effect=False)
        with pytest.raises(Unavailable):
            runner.advance(TENANT)
        runner = runner_of(house)

    for _ in range(3):
        runner.advance(TENANT)
    raise_signal(house)

    assert drills(house) == ["failed"]
    assert value("haven_crisis_drill_failures_total") == before + 1
    assert [case["state"] for case in house.cases] == ["resolved"]


def test_help_that_comes_after_the_bound_is_no_success() -> None:
    house = a_house()
    before = value("haven_crisis_drill_failures_total")
    runner = begin(house)
    house.clock.advance(after(seconds=LATE + 1) - NOON)
    hand_over(house)

    runner.advance(TENANT)

    assert drills(house) == ["failed"]
    assert value("haven_crisis_drill_failures_total") == before + 1


def test_after_the_way_is_mended_the_next_drill_passes() -> None:
    house = a_house()
    runner = begin(house)
    house.clock.advance(after(seconds=LATE) - NOON)
    runner.advance(TENANT)
    house.clock.advance(after(seconds=PERIOD) - NOON)
    runner.advance(TENANT)
    raise_signal(house)
    hand_over(house)

    runner.advance(TENANT)

    assert drills(house) == ["failed", "passed"]


@pytest.mark.parametrize("verb", ["acknowledge", "record_contact", "resolve"])
def test_another_runner_goes_on_where_one_died(verb: str) -> None:
    """It dies at each verb, once before and once after the verb has had its effect."""
    for has_effect in (False, True):
        house = a_house()
        runner = runner_of(house)
        _dies_at(runner, verb, has_effect=has_effect)
        for _ in range(2):
            try:
                runner.advance(TENANT)
                raise_signal(house)
                hand_over(house)
            except Unavailable:
                break

        other = runner_of(house)
        other.advance(TENANT)

        assert drills(house) == ["passed"], (verb, has_effect)
        assert [case["state"] for case in house.cases] == ["resolved"]


def _dies_at(runner: Drills, verb: str, *, has_effect: bool) -> None:
    verbs = runner._verbs
    real = getattr(verbs, verb)

    def dying(*arguments: Any) -> Any:
        if has_effect:
            real(*arguments)
        raise Unavailable("STORE_UNAVAILABLE", "away")

    object.__setattr__(verbs, verb, dying)


def test_two_runners_run_one_drill() -> None:
    house = a_house()
    first, second = runner_of(house), runner_of(house)
    first.advance(TENANT)
    second.advance(TENANT)

    assert len(house.store.emitted(crisis_pb2.DrillStarted)) == 1
    assert drills(house) == ["running"]


def test_a_new_runner_knows_the_last_success_and_raises_no_alarm() -> None:
    house = a_house()
    runner = begin(house)
    hand_over(house)
    runner.advance(TENANT)
    at = value("haven_crisis_drill_last_success_timestamp_seconds")
    house.clock.advance(after(seconds=5) - NOON)

    runner_of(house).advance(TENANT)

    assert value("haven_crisis_drill_last_success_timestamp_seconds") == at


def test_drills_move_no_clinical_number() -> None:
    house = a_house()
    pages = value("haven_crisis_pages_requested_total", severity="high")
    answers = value("haven_crisis_time_to_acknowledge_seconds_count", severity="high")
    contacts = value("haven_crisis_time_to_contact_seconds_count", severity="high")
    runner = begin(house)
    hand_over(house)
    runner.advance(TENANT)

    assert value("haven_crisis_pages_requested_total", severity="high") == pages
    assert value("haven_crisis_time_to_acknowledge_seconds_count", severity="high") == answers
    assert value("haven_crisis_time_to_contact_seconds_count", severity="high") == contacts


def test_nothing_must_follow_a_drill() -> None:
    house = a_house()
    runner = begin(house)
    hand_over(house)
    runner.advance(TENANT)

    assert drills(house) == ["passed"]
    assert house.store.documents(FOLLOW_UPS) == []


def test_the_census_counts_the_tenants_that_it_is_given_and_no_drill() -> None:
    house = a_house()
    begin(house)

    families = Census(house.crisis, []).collect()

    assert all(sample.value == 0 for family in families for sample in family.samples)


def test_a_drill_is_passed_only_whole_and_in_time() -> None:
    whole = dict.fromkeys(Step, after(seconds=1))
    for reached, now, state in (
        (whole, after(seconds=LATE), DrillState.PASSED),
        (whole, after(seconds=LATE + 1), DrillState.FAILED),
        ({Step.RESOLVED: NOON}, NOON, DrillState.FAILED),
    ):
        drill = Drill("d-1", NOON, after(seconds=LATE))
        drill.end(reached, now)
        assert drill.state is state


def test_a_drill_that_may_take_as_long_as_its_period_is_refused() -> None:
    with pytest.raises(ValueError, match="drill_period_seconds"):
        CrisisPolicy(drill_period_seconds=60, drill_late_seconds=60)
