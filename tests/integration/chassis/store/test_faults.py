"""MongoDB frozen, restarted or losing answers, and a client that dies inside a transaction."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis.call import EventOnce, RequestOnce
from chassis.clock import DatabaseClock
from chassis.errors import Aborted, DeadlineExceeded, Unavailable
from chassis.ids import new_id
from chassis.store import CHASSIS_INDEXES, AlreadyAnswered, AlreadyDone, Store, Tx, connect
from chassis.store.server import (
    TRANSACTION_LIFETIME_SECONDS,
    shorten_transaction_lifetime,
    transaction_lifetime,
)
from chassis.topology import MessageClass
from cli.servers import MongoServer
from tests.charts import CHARTS, INDEXES, Chart, a_call, a_chart, a_request, an_event, charts
from tests.waiting import eventually

# One attempt, its abort, and what a busy machine adds.
LEARNED_WITHIN = 4.0

DYING_CLIENT = """
import sys, time
from chassis.clock import DatabaseClock
from chassis.store import Store, connect
from tests.charts import CHARTS, a_call
client = connect(sys.argv[1], app_name="dying", pool_size=1)
store = Store(client, "own", service="crisis", clock=DatabaseClock(client))
def hold(tx):
    tx.update_one(CHARTS, {"_id": "c1"}, {"$inc": {"lines": 100}})
    print("locked", flush=True)
    time.sleep(60)
store.transact(a_call(seconds=60), hold)
"""


class LosingServer(MongoServer):
    """A MongoDB that can be told to lose answers."""

    def _command(self) -> list[str]:
        return [*super()._command(), "--setParameter=enableTestCommands=1"]


@pytest.fixture(scope="module")
def losing_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    server = LosingServer(tmp_path_factory.mktemp("losing")).start()
    with connect(server.uri, app_name="tests", pool_size=4) as client:
        store = Store(client, "own", service="crisis", clock=DatabaseClock(client))
        store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
        yield store
    server.stop()


def fail(store: Store, command: str, *, times: int = 1, **how: Any) -> None:
    """Let the server fail the next commands of a kind."""
    store.database.client.admin.command(
        {
            "configureFailPoint": "failCommand",
            "mode": {"times": times},
            "data": {"failCommands": [command], **how},
        }
    )


def seconds_to_fail(store: Store, act: Any) -> float:
    started = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        act(store)
    assert caught.value.reason == "STORE_UNAVAILABLE"
    return time.monotonic() - started


def test_a_frozen_server_is_learned_in_bounded_time_and_served_again_after(
    own_server: MongoServer, own_store: Store
) -> None:
    charts(own_store).add(a_call(), a_chart("c1"))
    own_server.freeze()
    acts = (
        lambda store: charts(store).update(a_call(seconds=60), "c1", Chart.alarm),
        lambda store: charts(store).get(a_call(seconds=60), "c1"),
        lambda store: store.pending(MessageClass.CRISIS, 10),
        lambda store: store.due(CHARTS, "review_time", limit=1),
    )
    for act in acts:
        assert seconds_to_fail(own_store, act) < LEARNED_WITHIN
    own_server.thaw()

    def works_again() -> bool:
        try:
            return charts(own_store).update(a_call(), "c1", Chart.note).version > 1
        except (Unavailable, Aborted):
            return False

    assert eventually(works_again, within=10)


def test_a_frozen_server_costs_an_impatient_caller_no_more_than_its_patience(
    own_server: MongoServer, own_store: Store
) -> None:
    charts(own_store).add(a_call(), a_chart("c1"))
    own_server.freeze()
    patient = a_call(seconds=0.4)
    taken = seconds_to_fail(
        own_store, lambda store: charts(store).update(patient, "c1", Chart.note)
    )
    assert taken < 1.5


def test_a_restarted_server_keeps_what_was_answered_and_is_found_again(
    own_server: MongoServer, own_store: Store
) -> None:
    request = a_request()
    charts(own_store).add(a_call(once=request), a_chart("c1"))
    own_server.kill()
    assert seconds_to_fail(own_store, lambda store: charts(store).get(a_call(), "c1")) < (
        LEARNED_WITHIN
    )
    own_server.start()

    def first_answer() -> bytes:
        try:
            charts(own_store).add(a_call(once=request), a_chart("c2"))
        except AlreadyAnswered as answered:
            return answered.answer
        except Unavailable:
            return b""
        return b"twice"

    assert eventually(first_answer, within=10) == b"c1"


def test_a_client_killed_inside_a_transaction_frees_its_documents_soon(
    own_server: MongoServer, own_store: Store
) -> None:
    assert transaction_lifetime(own_store.database.client) == TRANSACTION_LIFETIME_SECONDS
    charts(own_store).add(a_call(), a_chart("c1"))
    dying = subprocess.Popen(
        [sys.executable, "-c", DYING_CLIENT, own_server.uri],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    assert dying.stdout is not None
    assert dying.stdout.readline() == b"locked\n"
    dying.kill()
    dying.wait()
    started = time.monotonic()
    # One call competes for as long as the dead one's locks live.
    assert charts(own_store).update(a_call(), "c1", Chart.note).lines == 1
    assert time.monotonic() - started < 3
    dying.stdout.close()


def test_an_operator_can_shorten_how_long_dead_locks_live(losing_store: Store) -> None:
    client = losing_store.database.client
    client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 60})
    shorten_transaction_lifetime(client)
    assert transaction_lifetime(client) == TRANSACTION_LIFETIME_SECONDS


@pytest.mark.parametrize(
    ("times", "how"),
    [
        (2, {"closeConnection": True}),
        (1, {"errorCode": 91}),
        (1, {"writeConcernError": {"code": 91, "errmsg": "shutting down"}}),
    ],
)
def test_a_commit_whose_answer_is_lost_is_asked_again_and_counts_once(
    losing_store: Store, times: int, how: dict[str, Any]
) -> None:
    chart = charts(losing_store).add(a_call(), a_chart(patient_id=str(how)))
    fail(losing_store, "commitTransaction", times=times, **how)
    changed = charts(losing_store).update(a_call(once=a_request()), chart.id, Chart.alarm)
    assert charts(losing_store).get(a_call(), chart.id).lines == changed.lines == 1


def test_a_commit_that_stays_unknown_is_unavailable_and_the_repeat_tells(
    losing_store: Store,
) -> None:
    request, chart = a_request(), a_chart(patient_id="unknown")
    lost = {"writeConcernError": {"code": 91, "errmsg": "shutting down"}}
    fail(losing_store, "commitTransaction", times=10_000, **lost)
    with pytest.raises(Unavailable):
        charts(losing_store).add(a_call(once=request), chart)
    losing_store.database.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    with pytest.raises(AlreadyAnswered):
        charts(losing_store).add(a_call(once=request), chart)


def test_a_connection_lost_in_the_middle_is_tried_again(losing_store: Store) -> None:
    fail(losing_store, "insert", closeConnection=True)
    assert charts(losing_store).add(a_call(), a_chart(patient_id="lost")).version == 1


def test_a_server_that_keeps_losing_connections_is_unavailable(losing_store: Store) -> None:
    fail(losing_store, "insert", times=50, closeConnection=True)
    with pytest.raises(Unavailable):
        charts(losing_store).add(a_call(), a_chart(patient_id="lost often"))
    losing_store.database.client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_a_write_conflict_of_the_server_is_tried_again(losing_store: Store) -> None:
    conflict = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}
    fail(losing_store, "insert", times=5, **conflict)
    assert charts(losing_store).add(a_call(), a_chart(patient_id="conflict")).version == 1


@contextmanager
def second_copy_away(store: Store) -> Iterator[None]:
    """A member of the replica set that does not answer: others see what would be lost with this."""
    admin = store.database.client.admin
    alone = admin.command("replSetGetConfig")["config"]
    absent = {"_id": 1, "host": "127.0.0.1:1", "priority": 0}
    # The one that is there stays the primary for longer than the test takes.
    patient = {**alone["settings"], "electionTimeoutMillis": 60_000}
    both = {**alone, "members": [*alone["members"], absent], "settings": patient}
    admin.command({"replSetReconfig": both, "force": True})
    try:
        yield
    finally:
        version = admin.command("replSetGetConfig")["config"]["version"] + 1
        admin.command({"replSetReconfig": {**alone, "version": version}, "force": True})
        # What one member has is known to be safe with the next write.
        charts(store).add(a_call(), a_chart(patient_id=new_id()))


@pytest.mark.parametrize(
    "told",
    [
        [a_request(encode=lambda _: b"")],
        [an_event("alone")],
        [an_event("beside"), an_event("each other")],
    ],
)
def test_what_came_before_counts_as_done_when_a_failover_cannot_undo_it(
    losing_store: Store, told: list[RequestOnce | EventOnce]
) -> None:
    """Else the second of two deliveries would be acknowledged for an effect that is lost."""
    patient_id, seen = new_id(), losing_store.database.client["own"][CHARTS]

    def tell(seconds: float) -> list[Exception | None]:
        def add(tx: Tx) -> None:
            tx.insert(CHARTS, {"_id": new_id(), "patient_id": patient_id, "state": "closed"})

        calls = [a_call(once=once, seconds=seconds) for once in told]
        return losing_store.transact_all([losing_store.prepare(call, add) for call in calls])

    def count() -> int:
        return seen.count_documents({"patient_id": patient_id})

    with ThreadPoolExecutor(1) as somebody, second_copy_away(losing_store):
        somebody.submit(tell, 60.0)
        assert eventually(lambda: count() == len(told), within=10)
        assert {type(outcome) for outcome in tell(1.0)} <= {Unavailable, DeadlineExceeded}
    assert {type(outcome) for outcome in tell(5.0)} <= {AlreadyAnswered, AlreadyDone}
    assert count() == len(told)
