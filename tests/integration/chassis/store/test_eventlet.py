"""The worker's green threads use the same store: many at once, none of them blocks the hub."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

from chassis.store import Store
from tests.charts import a_call, charts

GREEN = """
import eventlet
eventlet.monkey_patch()
import json, sys
from chassis.clock import DatabaseClock
from chassis.errors import Unavailable
from chassis.store import AlreadyDone, Store, connect
from tests.charts import Chart, a_call, a_chart, a_request, an_event, charts

client = connect(sys.argv[1], app_name="green", pool_size=10)
store = Store(client, sys.argv[2], service="crisis", clock=DatabaseClock(client))
charts(store).add(a_call(once=a_request()), a_chart("c1"))

beats = []
def beat():
    while True:
        beats.append(1)
        eventlet.sleep(0)
eventlet.spawn(beat)

waits = []
def take(number):
    before = len(beats)
    try:
        return took(number)
    finally:
        waits.append(len(beats) - before)

def took(number):
    try:
        charts(store).update(a_call(once=an_event(f"e{number % 20}")), "c1", Chart.alarm)
    except AlreadyDone:
        return "done"
    return "taken"

pool = eventlet.GreenPool(10)
outcomes = list(pool.imap(take, range(60)))
print(json.dumps({
    "taken": outcomes.count("taken"), "done": outcomes.count("done"), "waits": waits,
    "patched": eventlet.patcher.is_monkey_patched("socket"), "grpc": "grpc" in sys.modules,
}))
"""


def test_green_threads_take_each_event_once_and_leave_the_hub_running(
    store: Store, mongodb_uri: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GREEN, mongodb_uri, store.database.name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[4],
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["taken"], said["done"]) == (20, 40)
    assert said["patched"]
    assert not said["grpc"]  # a worker never imports it
    # Others ran while the store waited for the server: a store that blocks the hub lets nobody.
    assert statistics.median(said["waits"]) > 0
    assert charts(store).get(a_call(), "c1").lines == 20
