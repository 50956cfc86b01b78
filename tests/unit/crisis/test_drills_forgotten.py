"""A drill that was kept for long enough goes with all that is its own, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from services.crisis.domain.policy import CrisisPolicy
from services.crisis.handlers.drills import WATCH_SECONDS, Drills
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.drilling import (
    LATE,
    PERIOD,
    a_house,
    drills,
    hand_over,
    raise_signal,
    runner_of,
    value,
)
from tests.unit.crisis.house import TENANT, House


def run_one(house: House, runner: Drills, *, is_helped: bool = True) -> str:
    """The next drill, from its time to its end; the id of its case."""
    house.clock.advance(after(seconds=PERIOD) - NOON)
    runner.advance(TENANT)
    raise_signal(house)
    if is_helped:
        hand_over(house)
    else:
        house.clock.advance(after(seconds=LATE) - NOON)
    runner.advance(TENANT)
    return str(house.cases[-1]["_id"])


def forget_all(runner: Drills) -> None:
    while runner.advance(TENANT) == WATCH_SECONDS:
        continue


def left(house: House, case_id: str) -> list[Any]:
    """Whatever is stored of a case."""
    acts = [each for each in house.store.documents("case_acts") if each["case_id"] == case_id]
    return [*acts, *(each for each in house.cases if each["_id"] == case_id)]


def test_a_drill_and_its_case_go_after_a_week_and_its_pages_are_named_for_notify() -> None:
    house = a_house()
    runner = runner_of(house)
    old, page = run_one(house, runner), house.pages[-1]
    house.clock.advance(after(days=6, hours=23) - NOON)
    young = run_one(house, runner)
    forget_all(runner)
    assert left(house, old)

    house.clock.advance(after(hours=2) - NOON)
    newest = run_one(house, runner)
    forget_all(runner)

    assert left(house, old) == []
    assert left(house, young)
    assert left(house, newest)
    assert drills(house) == ["passed", "passed"]
    (told,) = house.store.emitted(crisis_pb2.DrillForgotten)
    assert (told.case_id, list(told.page_ids)) == (old, [page.page_id])


def test_a_drill_whose_signal_was_lost_goes_too_and_is_named_for_sessions() -> None:
    house = a_house()
    runner = runner_of(house)
    runner.advance(TENANT)
    house.clock.advance(after(seconds=LATE) - NOON)
    runner.advance(TENANT)
    raise_signal(house)
    (lost,) = house.store.documents("drills")
    assert lost["state"] == "failed"
    house.clock.advance(after(days=8) - NOON)
    run_one(house, runner)
    forget_all(runner)

    assert left(house, lost["case_id"]) == []
    assert drills(house) == ["passed"]
    (told,) = house.store.emitted(crisis_pb2.DrillForgotten)
    assert (told.drill_id, told.case_id) == (lost["_id"], lost["case_id"])


def test_only_drills_are_ever_forgotten() -> None:
    house = a_house()
    runner = runner_of(house)
    run_one(house, runner)
    house.risk()
    real = str(house.cases[-1]["_id"])
    (drill,) = house.store.documents("drills")
    house.store.engine.tables["drills"][drill["_id"]]["case_id"] = real
    before = left(house, real)
    house.clock.advance(after(days=8) - NOON)
    run_one(house, runner)
    forget_all(runner)

    assert left(house, real) == before
    assert house.store.emitted(crisis_pb2.DrillForgotten) == []


def test_the_last_success_is_kept_for_as_long_as_no_help_comes() -> None:
    house = a_house()
    runner = runner_of(house)
    run_one(house, runner)
    at = value("haven_crisis_drill_last_success_timestamp_seconds")
    for _ in range(3):
        house.clock.advance(after(days=5) - NOON)
        run_one(house, runner, is_helped=False)
        forget_all(runner)

    assert drills(house) == ["passed", "failed", "failed"]
    runner_of(house).advance(TENANT)
    assert value("haven_crisis_drill_last_success_timestamp_seconds") == at


def test_a_drill_with_a_long_timeline_goes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.crisis.store.drills.MOST_ACTS", 3)
    house = a_house()
    runner = runner_of(house)
    old, page = run_one(house, runner), house.pages[-1]
    house.clock.advance(after(days=8) - NOON)
    run_one(house, runner)
    assert runner.advance(TENANT) == WATCH_SECONDS
    assert left(house, old)
    forget_all(runner)

    assert left(house, old) == []
    told = house.store.emitted(crisis_pb2.DrillForgotten)
    assert len(told) > 1
    assert {id for each in told for id in each.page_ids} == {page.page_id}


def test_while_a_drill_runs_nothing_is_forgotten() -> None:
    house = a_house()
    runner = runner_of(house)
    old = run_one(house, runner)
    house.clock.advance(after(days=8) - NOON)
    for _ in range(3):
        runner.advance(TENANT)

    assert drills(house) == ["passed", "running"]
    assert left(house, old)


@pytest.mark.parametrize("kept", [PERIOD, 300])
def test_a_drill_cannot_be_kept_for_less_than_its_pages_are_of_use(kept: float) -> None:
    with pytest.raises(ValueError, match="drill_kept_seconds"):
        CrisisPolicy(drill_period_seconds=PERIOD, drill_kept_seconds=kept)
