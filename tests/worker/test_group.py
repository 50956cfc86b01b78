"""Handlers are green threads, and a worker that ends kills them wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import eventlet
import pytest
from eventlet.event import Event

from chassis.call import EventOnce
from chassis.clock import FixedClock
from chassis.store import CHASSIS_INDEXES, Tx, group
from tests.charts import CHARTS, INDEXES, a_call, a_chart, charts
from tests.fakes.memory_store import MemoryStore

QUEUE = "crisis.on-chart-closed"


class Queue:
    """Events of one queue, a green thread each, of which one group at a time is committed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(group, "TURNS", 1)
        clock = FixedClock(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
        indexes = [*CHASSIS_INDEXES, *INDEXES]
        self.store = MemoryStore(service="crisis", clock=clock, indexes=indexes)
        self._count = 0

    def come(self, fn: Callable[[Tx], Any]) -> Any:
        self._count += 1
        call = a_call(once=EventOnce(QUEUE, f"e{self._count}"))
        thread = eventlet.spawn(self.store.transact, call, fn)
        eventlet.sleep(0)
        return thread

    def add(self, chart_id: str) -> Any:
        """One that opens somebody's chart."""
        chart = a_chart(chart_id, patient_id=chart_id)
        return self.come(lambda tx: charts(self.store).insert(tx, chart))

    @property
    def charts(self) -> set[str]:
        return {chart["_id"] for chart in self.store.documents(CHARTS)}


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    return Queue(monkeypatch)


def ended(*threads: Any) -> None:
    with eventlet.Timeout(10):
        for thread in threads:
            thread.wait()


def test_who_is_killed_while_committing_for_all_takes_nobody_along(queue: Queue) -> None:
    first_may_end, leading = Event(), Event()

    def hang(_: Tx) -> None:
        leading.send()
        Event().wait()

    first = queue.come(lambda _: first_may_end.wait())
    leader = queue.come(hang)
    others = [queue.add("c2"), queue.add("c3")]
    first_may_end.send()
    ended(first)
    leading.wait()

    leader.kill()

    ended(*others)
    assert queue.charts == {"c2", "c3"}


def test_who_is_killed_while_others_are_waited_for_leaves_them_the_turn(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LINGER_SECONDS", 1.0)
    monkeypatch.setattr(group, "CROWD_SECONDS", 600.0)
    first_may_end = Event()
    crowd = [queue.come(lambda _: first_may_end.wait()), queue.add("c1"), queue.add("c2")]
    first_may_end.send()
    ended(*crowd)

    gatherer, other = queue.add("c3"), queue.add("c4")
    gatherer.kill()

    ended(other)
    assert queue.charts == {"c1", "c2", "c4"}


def test_who_is_killed_while_waiting_is_not_waited_for(queue: Queue) -> None:
    first_may_end = Event()
    first, killed = queue.come(lambda _: first_may_end.wait()), queue.add("c1")
    killed.kill()
    last = queue.add("c2")
    first_may_end.send()

    ended(first, last)
    assert queue.charts == {"c2"}
