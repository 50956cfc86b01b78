"""Due work: at its time, once, and whoever else fails."""

from __future__ import annotations

import threading

import pytest
from prometheus_client import REGISTRY

from chassis import timers
from chassis.call import Call, Role
from chassis.due_work import DueWork, Ranking
from chassis.errors import Aborted, FailedPrecondition, HavenError
from chassis.store import Store, Tx
from tests.charts import CHARTS, a_call
from tests.due import RunningTimers
from tests.integration.chassis.store.conftest import MakeStore, StartRunner
from tests.integration.chassis.store.reviews import Reviews, in_seconds, schedule
from tests.waiting import eventually


@pytest.fixture
def no_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only hints and known times wake a loop."""
    monkeypatch.setattr(timers, "SWEEP_SECONDS", 600.0)


def handled(outcome: str) -> float:
    labels = {"job": "review", "outcome": outcome}
    return REGISTRY.get_sample_value("haven_timer_handled_total", labels) or 0.0


def test_what_is_due_is_handled_for_its_tenant_by_the_service_itself(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    schedule(store, "c1", -5, "t1")
    schedule(store, "c2", -5, "t2")
    start_runner(reviews.handle)
    eventually(lambda: reviews.done() == {"c1": 1, "c2": 1}, within=5)
    calls = {id: call for call, id in reviews.calls}
    assert {id: call.tenant_id for id, call in calls.items()} == {"c1": "t1", "c2": "t2"}
    assert calls["c1"].actor.roles == {Role.WORKLOAD}
    assert calls["c1"].action == "timer.review"


def test_what_is_not_due_waits_for_its_time_is_not_early_and_needs_no_sweep(
    store: Store, reviews: Reviews, start_runner: StartRunner, no_sweeps: None
) -> None:
    start_runner(reviews.handle)
    schedule(store, "never", 3600)
    for number in range(10):
        schedule(store, f"c{number}", 0.3 + number * 0.07)
    eventually(lambda: len(reviews.lateness) == 10, within=10)
    assert all(late >= 0 for late in reviews.lateness)
    assert reviews.times("never") == 0


def test_what_is_written_already_due_needs_no_sweep(
    store: Store, reviews: Reviews, start_runner: StartRunner, no_sweeps: None
) -> None:
    start_runner(reviews.handle)
    for number in range(5):
        schedule(store, f"c{number}", 0)
        eventually(lambda: len(reviews.done()) == sum(reviews.done().values()), within=5)


def test_a_time_that_is_moved_on_is_due_again_each_time(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    reviews.again = 0.05
    schedule(store, "c1", 0)
    start_runner(reviews.handle)
    eventually(lambda: reviews.done()["c1"] >= 8, within=10)


def test_one_that_fails_is_tried_again_and_does_not_hold_up_the_others(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    failing: dict[str, HavenError] = {
        "bad": FailedPrecondition("BROKEN"),
        "busy": Aborted("WRITE_CONFLICT"),
    }
    reviews.fails = failing.get
    before = {outcome: handled(outcome) for outcome in ("retried", "failed", "done")}
    for id in (*failing, *(f"c{number}" for number in range(20))):
        schedule(store, id, -1)
    start_runner(reviews.handle)
    eventually(lambda: sum(reviews.done().values()) == 20, within=10)
    eventually(lambda: reviews.times("busy") >= 3, within=10)
    assert reviews.times("bad") <= 3
    assert handled("retried") >= before["retried"] + 3
    assert handled("failed") >= before["failed"] + 1
    failing.clear()
    eventually(lambda: set(reviews.done().values()) == {1}, within=10)


def test_more_failing_ones_than_a_batch_do_not_hold_up_a_good_one(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    def insert(tx: Tx) -> None:
        for number in range(250):
            due = in_seconds(store, -100)
            tx.insert(CHARTS, {"_id": f"bad{number}", "patient_id": "p", "review_time": due})

    store.transact(a_call(), insert)
    reviews.fails = lambda id: FailedPrecondition("BROKEN") if id.startswith("bad") else None
    start_runner(reviews.handle)
    schedule(store, "good", 0)
    eventually(lambda: reviews.done()["good"] == 1, within=15)


def test_a_bug_in_a_handler_is_counted_and_does_not_stop_the_work(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    def buggy(call: Call, id: str) -> None:
        if id == "bug":
            raise KeyError("on purpose")
        reviews.handle(call, id)

    before = handled("failed")
    schedule(store, "bug", -2)
    schedule(store, "c1", -1)
    runner = start_runner(buggy)
    eventually(lambda: reviews.done()["c1"] == 1, within=5)
    eventually(lambda: handled("failed") > before, within=5)
    assert runner.is_alive()


def test_a_handler_that_leaves_its_document_due_does_not_spin(
    store: Store, start_runner: StartRunner
) -> None:
    calls: list[str] = []
    schedule(store, "c1", -1)

    def look_away(call: Call, id: str) -> None:
        del call
        calls.append(id)

    start_runner(look_away)
    eventually(lambda: len(calls) >= 4, within=10)
    assert len(calls) < 12


def test_slow_work_does_not_hold_up_other_work(
    store: Store, reviews: Reviews, start_runner: StartRunner
) -> None:
    release = threading.Event()
    schedule(store, "c1", -1)

    def hang(call: Call, id: str) -> None:
        del call, id
        release.wait(20)

    start_runner(hang, reviews.handle)
    eventually(lambda: reviews.done()["c1"] == 1, within=5)
    release.set()


def test_of_many_that_are_due_the_most_urgent_are_handled_first_and_unknown_urgency_before_all(
    store: Store, make_store: MakeStore
) -> None:
    handled_ids: list[str] = []
    for number in range(60):
        schedule(store, f"low{number}", -60 + number, mark="low")
    schedule(store, "high", -1, mark="high")
    schedule(store, "unmarked", -1)

    def handle(call: Call, id: str) -> None:
        handled_ids.append(id)
        store.transact(
            call, lambda tx: tx.update_one(CHARTS, {"_id": id}, {"$set": {"review_time": None}})
        )

    ranking = Ranking("mark", ("high", "low"))
    work = DueWork("ranked", CHARTS, "review_time", handle, ranking=ranking, threads=1)
    runner = RunningTimers(make_store(), [work])
    runner.start()
    eventually(lambda: len(handled_ids) >= 62, within=20)
    runner.stop()

    assert handled_ids[:2] == ["unmarked", "high"]
    assert sorted(handled_ids[2:]) == sorted(f"low{number}" for number in range(60))


def test_so_many_may_wait_for_somebodys_answer_before_one_more_waits_for_them(
    store: Store, make_store: MakeStore
) -> None:
    answered, begun, ended = threading.Event(), [], []

    def handle(call: Call, id: str) -> None:
        begun.append(id)
        if id != "well":
            assert answered.wait(20)
        store.transact(
            call, lambda tx: tx.update_one(CHARTS, {"_id": id}, {"$set": {"review_time": None}})
        )
        ended.append(id)

    for number in range(7):
        schedule(store, f"hanging{number}", -1)
    runner = RunningTimers(
        make_store(), [DueWork("patient", CHARTS, "review_time", handle, threads=8)]
    )
    runner.start()
    eventually(lambda: len(begun) == 7, within=20)
    schedule(store, "well", -1)
    eventually(lambda: ended == ["well"], within=20)
    answered.set()
    runner.stop()

    assert len(ended) == 8
