"""The platform calls for help itself, and knows whether help came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.notify.v1 import events_pb2 as notify_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from chassis.ids import new_id
from services.crisis.bootstrap import bootstrap_audit
from services.crisis.domain.drill import Drill, DrillState, Step
from services.crisis.domain.policy import CrisisPolicy
from services.crisis.handlers.drills import WATCH_SECONDS, Drills
from services.crisis.store import FOLLOW_UPS
from services.crisis.timers import Census
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import TENANT, House

PERIOD, LATE = 120, 40


def a_house() -> House:
    """A drill tenant: its supervisor is the drill's responder, and it needs no ladder."""
    return House(
        is_drill=True,
        drill_period_seconds=PERIOD,
        drill_late_seconds=LATE,
        supervisor_id="drill-responder",
    )


def runner_of(house: House) -> Drills:
    """A runner as a process makes one, which remembers nothing of the one before."""
    made = bootstrap_audit(house.crisis, store=house.store, policy_of=lambda _: house.numbers)
    return made.drills


def raise_signal(house: House) -> None:
    """Sessions heard of the newest drill and raised its signal, which came by both ways."""
    drill_id = house.store.emitted(crisis_pb2.DrillStarted)[-1].drill_id
    for _ in range(2):
        house.hear(sessions_pb2.SafetySignalRaised(safety_signal_id=drill_id, patient_id=drill_id))


def begin(house: House) -> Drills:
    """A drill whose signal has come, and whoever runs it."""
    runner = runner_of(house)
    runner.advance(TENANT)
    raise_signal(house)
    return runner


def hand_over(house: House) -> None:
    """Notify gave the newest page to a provider and said so."""
    page = house.pages[-1]
    house.hear(
        notify_pb2.MessageDelivered(
            message_id=new_id(), page_id=page.page_id, recipient_id=page.recipient_id
        )
    )


def drills(house: House) -> list[str]:
    found = sorted(house.store.documents("drills"), key=lambda each: each["start_time"])
    return [each["state"] for each in found]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


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


def run_one(house: House, runner: Drills, *, is_helped: bool = True) -> str:
    """The next drill, from its time to its end; the id of its case."""
    house.clock.advance(after(seconds=PERIOD) - NOON)
    runner.advance(TENANT)
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
