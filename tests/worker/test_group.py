"""Handlers are green threads, and a worker that ends kills them wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import eventlet
from eventlet.event import Event

from chassis.call import EventOnce
from chassis.clock import FixedClock
from chassis.store import CHASSIS_INDEXES, Tx
from tests.charts import CHARTS, INDEXES, a_call, a_chart, charts
from tests.fakes.memory_store import MemoryStore

QUEUE = "crisis.on-chart-closed"


def test_who_is_killed_while_committing_for_all_takes_nobody_along() -> None:
    clock = FixedClock(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    store = MemoryStore(service="crisis", clock=clock, indexes=[*CHASSIS_INDEXES, *INDEXES])
    first_may_end, leading = Event(), Event()

    def come(event_id: str, fn: Callable[[Tx], Any]) -> Any:
        call = a_call(once=EventOnce(QUEUE, event_id))
        thread = eventlet.spawn(store.transact, call, fn)
        eventlet.sleep(0)
        return thread

    def add(chart_id: str) -> Callable[[Tx], Any]:
        return lambda tx: charts(store).insert(tx, a_chart(chart_id, patient_id=chart_id))

    def hang(_: Tx) -> None:
        leading.send()
        Event().wait()

    first = come("e0", lambda _: first_may_end.wait())
    leader = come("e1", hang)
    others = [come(f"e{number}", add(f"c{number}")) for number in (2, 3)]
    first_may_end.send()
    first.wait()
    leading.wait()

    leader.kill()

    for thread in others:
        thread.wait()
    assert {chart["_id"] for chart in store.documents(CHARTS)} == {"c2", "c3"}
