"""Timers through takeovers and outages: what is due is still done, once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from chassis.errors import Aborted, Unavailable
from chassis.store import Store
from cli.servers import MongoServer
from tests.integration.chassis.store.conftest import MakeStore, StartRunner
from tests.integration.chassis.store.reviews import Reviews, in_seconds, schedule
from tests.waiting import eventually

HOLDER = """
import sys, threading
from chassis.clock import DatabaseClock
from chassis.store import Store, connect
from chassis.due_work import DueWork
from tests.due import RunningTimers
client = connect(sys.argv[1], app_name="holder", pool_size=10)
store = Store(client, sys.argv[2], service="crisis", clock=DatabaseClock(client))
def handle(call, id):
    print("handling", flush=True)
    threading.Event().wait(60)
RunningTimers(store, [DueWork("review", "charts", "review_time", handle)]).start()
threading.Event().wait(60)
"""


def test_two_relays_at_once_do_each_thing_once(
    store: Store, make_store: MakeStore, start_runner: StartRunner
) -> None:
    first, second = Reviews(make_store()), Reviews(make_store())
    start_runner(first.handle, store=first.store)
    start_runner(second.handle, store=second.store)
    for number in range(60):
        schedule(store, f"c{number}", (number % 10) / 10)
    eventually(lambda: Counter(first.done().values()) == {1: 60}, within=20)


def test_a_stopped_runner_hands_over_at_once(
    store: Store, make_store: MakeStore, start_runner: StartRunner
) -> None:
    first, second = Reviews(make_store()), Reviews(make_store())
    runner = start_runner(first.handle, store=first.store)
    schedule(store, "c1", 0)
    eventually(lambda: first.done()["c1"] == 1, within=5)
    start_runner(second.handle, store=second.store)
    runner.stop()
    assert not runner.is_alive()
    schedule(store, "c2", 0)
    eventually(lambda: second.done()["c2"] == 1, within=5)


def test_a_killed_holders_work_is_taken_over(
    store: Store, mongodb_uri: str, reviews: Reviews, start_runner: StartRunner
) -> None:
    schedule(store, "c1", -1)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, mongodb_uri, store.database.name],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"handling\n"
    start_runner(reviews.handle)
    holder.kill()
    holder.wait()
    eventually(lambda: reviews.done()["c1"] == 1, within=10)
    holder.stdout.close()


def test_work_goes_on_after_the_server_was_frozen_and_after_it_was_restarted(
    own_server: MongoServer, own_store: Store, start_runner: StartRunner
) -> None:
    reviews = Reviews(own_store)
    runner = start_runner(reviews.handle, store=own_store)
    schedule(own_store, "before", 0)
    eventually(lambda: reviews.done()["before"] == 1, within=5)
    schedule(own_store, "frozen", 1.0)
    long_past = in_seconds(own_store, 3.0)
    own_server.freeze()
    eventually(lambda: own_store.clock.now() > long_past, within=20)
    assert len(reviews.lateness) == 1
    own_server.thaw()
    eventually(lambda: reviews.is_done("frozen"), within=20)
    own_server.kill()
    own_server.start()
    eventually(lambda: scheduled(own_store, "after"), within=20)
    eventually(lambda: reviews.is_done("after"), within=20)
    assert reviews.done() == {"before": 1, "frozen": 1, "after": 1}
    assert runner.is_alive()


def scheduled(store: Store, id: str) -> bool:
    """True once a new document could be stored."""
    try:
        schedule(store, id, 0.1)
    except (Unavailable, Aborted):
        return False
    return True
