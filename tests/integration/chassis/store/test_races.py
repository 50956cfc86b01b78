"""Many at once: one effect, one answer, and nobody's change lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, NetworkTimeout, OperationFailure

from chassis.errors import Aborted, AlreadyExists, HavenError, Unavailable
from chassis.store import AlreadyAnswered, AlreadyDone, Document, OutboxRow, Store, Tx, mongo
from chassis.topology import MessageClass
from tests.charts import CHARTS, ONE_OPEN, Chart, a_call, a_chart, a_request, an_event, charts
from tests.integration.chassis.store.conftest import MakeStore
from tests.waiting import eventually

THREADS = 16


def at_once(act: Callable[[int], Any], *, times: int = THREADS) -> list[Any]:
    """What each of many simultaneous acts returned or raised; who lost too often insists."""
    barrier = threading.Barrier(times)

    def one(number: int) -> Any:
        barrier.wait()
        while True:
            try:
                return act(number)
            except Aborted as error:
                last: Any = error
            except (HavenError, AlreadyAnswered, AlreadyDone) as error:
                return error
            if last.reason != "WRITE_CONFLICT":
                return last

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def kinds(outcomes: list[Any]) -> Counter[str]:
    return Counter(type(outcome).__name__ for outcome in outcomes)


def everything(store: Store) -> list[Document]:
    found: list[Document] = store.read(a_call(action=""), lambda reader: reader.find(CHARTS, {}))
    return found


def test_the_same_request_sent_many_times_at_once_has_one_effect_and_one_answer(
    store: Store,
) -> None:
    request = a_request()
    outcomes = at_once(
        lambda number: charts(store).add(
            a_call(once=request), a_chart(f"c{number}", patient_id=f"p{number}")
        )
    )
    assert kinds(outcomes) == {"Chart": 1, "AlreadyAnswered": THREADS - 1}
    (kept,) = everything(store)
    answers = {each.answer.decode() for each in outcomes if isinstance(each, AlreadyAnswered)}
    assert answers == {kept["_id"]}


def test_the_same_request_competing_for_one_document_has_one_effect(store: Store) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    request = a_request()
    outcomes = at_once(lambda _: charts(store).update(a_call(once=request), "c1", Chart.alarm))
    assert kinds(outcomes) == {"Chart": 1, "AlreadyAnswered": THREADS - 1}
    assert charts(store).get(a_call(), "c1").lines == 1
    assert len(store.pending(MessageClass.CRISIS, 100)) == 1


def test_the_same_event_on_every_way_at_once_has_one_effect(store: Store) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    outcomes = at_once(lambda _: charts(store).update(a_call(once=an_event()), "c1", Chart.alarm))
    assert kinds(outcomes) == {"Chart": 1, "AlreadyDone": THREADS - 1}
    assert charts(store).get(a_call(), "c1").lines == 1
    assert store.database["inbox"].count_documents({"tenant_id": "t1"}) == 1


def test_only_one_open_chart_of_a_patient_can_win(store: Store) -> None:
    outcomes = at_once(lambda number: charts(store).add(a_call(), a_chart(f"c{number}")))
    assert kinds(outcomes) == {"Chart": 1, "AlreadyExists": THREADS - 1}
    refused = [each for each in outcomes if isinstance(each, AlreadyExists)]
    assert all(each.metadata == {"index": ONE_OPEN} for each in refused)


def test_all_who_find_then_insert_end_up_with_the_same_one(store: Store) -> None:
    def open_or_join(number: int) -> str:
        def act(tx: Tx) -> str:
            if (known := tx.find_one(CHARTS, {"patient_id": "p1", "state": "open"})) is not None:
                return str(known["_id"])
            return charts(store).insert(tx, a_chart(f"c{number}")).id

        return store.transact(a_call(), act)

    outcomes = at_once(open_or_join)
    assert set(outcomes) == {everything(store)[0]["_id"]}


def test_concurrent_changes_of_one_aggregate_all_count(store: Store) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    outcomes = at_once(lambda _: charts(store).update(a_call(), "c1", Chart.alarm))
    assert kinds(outcomes) == {"Chart": THREADS}
    chart = charts(store).get(a_call(), "c1")
    assert (chart.lines, chart.version) == (THREADS, THREADS + 1)
    versions = [row.aggregate_version for row in store.pending(MessageClass.CRISIS, 100)]
    assert sorted(versions) == list(range(2, THREADS + 2))


def test_an_aggregate_made_outside_keeps_its_events_through_every_repeat(store: Store) -> None:
    """Sixteen inserts meet on one hot document, so that most of them run more than once."""
    charts(store).add(a_call(), a_chart("hot", patient_id="hot"))
    runs = Counter[int]()

    def add(number: int) -> Chart:
        mine = a_chart(f"c{number}", patient_id=f"p{number}")
        mine.alarm(store.now())

        def act(tx: Tx) -> Chart:
            runs[number] += 1
            charts(store).insert(tx, mine)
            tx.update_one(CHARTS, {"_id": "hot"}, {"$inc": {"lines": 1}})
            return mine

        return store.transact(a_call(), act)

    assert kinds(at_once(add)) == {"Chart": THREADS}
    assert max(runs.values()) > 1
    assert len(store.pending(MessageClass.CRISIS, 100)) == THREADS


def test_who_loses_again_and_again_goes_on_while_the_caller_has_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo, "LONGEST_PAUSE", 0.0)
    losses = iter(range(150))

    def unlucky(tx: Tx) -> str:
        if next(losses, None) is not None:
            raise OperationFailure("", 112, {"errorLabels": ["TransientTransactionError"]})
        tx.insert(CHARTS, {"_id": "c1", "patient_id": "p1"})
        return "won"

    assert store.transact(a_call(seconds=30), unlucky) == "won"


def test_a_database_that_stops_answering_after_a_lost_connection_is_told_at_once(
    store: Store,
) -> None:
    attempts = 0

    def away(_: Tx) -> None:
        nonlocal attempts
        attempts += 1
        labels = {"errorLabels": ["TransientTransactionError"]}
        raise AutoReconnect("", labels) if attempts == 1 else NetworkTimeout("", labels)

    with pytest.raises(Unavailable):
        store.transact(a_call(seconds=30), away)
    assert attempts == 2


def test_a_database_that_is_given_up_after_a_long_wait_is_not_waited_for_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo, "CLOSED_WITHIN", 0.05)
    attempts = 0

    def away(_: Tx) -> None:
        nonlocal attempts
        attempts += 1
        threading.Event().wait(0.1)
        raise AutoReconnect("", {"errorLabels": ["TransientTransactionError"]})

    with pytest.raises(Unavailable):
        store.transact(a_call(seconds=30), away)
    assert attempts == 1


def test_a_conflict_that_does_not_end_is_given_back_to_the_caller(
    store: Store, make_store: MakeStore
) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    entered, done = threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        tx.update_one(CHARTS, {"_id": "c1"}, {"$inc": {"lines": 1}})
        entered.set()
        done.wait(10)

    holder = threading.Thread(target=make_store().transact, args=(a_call(seconds=30), hold))
    holder.start()
    entered.wait(5)
    with pytest.raises(Aborted) as caught:
        charts(store).update(a_call(seconds=0.7), "c1", Chart.note)
    assert caught.value.reason == "WRITE_CONFLICT"
    done.set()
    holder.join()


def test_crisis_rows_are_announced_once_and_only_after_the_commit(store: Store) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    told: list[OutboxRow] = []

    def announce(rows: Any) -> None:
        for row in rows:
            assert store.database["outbox"].find_one({"_id": row.event_id, "tenant_id": "t1"})
        told.extend(rows)

    store.after_commit = announce
    at_once(lambda _: charts(store).update(a_call(), "c1", Chart.alarm))
    charts(store).update(a_call(), "c1", Chart.close)  # not of the crisis class
    charts(store).update(a_call(once=an_event()), "c1", Chart.alarm)
    with pytest.raises(AlreadyDone):
        charts(store).update(a_call(once=an_event()), "c1", Chart.alarm)
    eventually(lambda: len(told) > THREADS, within=5)
    store.close()
    assert len({row.event_id for row in told}) == len(told) == THREADS + 1


def test_an_announcement_that_fails_does_not_reach_the_caller(store: Store) -> None:
    def fail(rows: Any) -> None:
        raise RuntimeError("on purpose")

    store.after_commit = fail
    charts(store).add(a_call(), a_chart("c1"))
    assert charts(store).update(a_call(), "c1", Chart.alarm).lines == 1
    store.close()
