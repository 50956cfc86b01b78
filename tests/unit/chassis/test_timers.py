"""A loop of due work looks where something may be due for it, and nowhere else."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.call import system_call
from chassis.clock import FixedClock
from chassis.precedence import MANY, Precedence
from chassis.rest import Rest
from chassis.store.engine import Due
from chassis.timers import DueLoop, DueRunner, DueWork, Ranking
from tests.fakes.memory_store import MemoryStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Stream:
    """What a process's watch is asked for, and says when the test says so."""

    def __init__(self) -> None:
        self.listeners: list[tuple[str, Any, Any]] = []

    def listen(self, collection: str, wake: Any, *, fields: Any) -> None:
        """Somebody wants to know."""
        self.listeners.append((collection, wake, fields))

    def tells(self, row: dict[str, Any]) -> None:
        """Something was written."""
        for _, wake, _ in self.listeners:
            wake(row)


class Held:
    """A lease that is ours."""

    def __init__(self) -> None:
        self.is_excuse = False

    def excuses(self, *_seconds: float) -> bool:
        """As the test says."""
        return self.is_excuse

    def hold(self) -> bool:
        """It is."""
        return True

    def release(self) -> None:
        """Nobody else wants it."""


class NoLeases:
    """Nobody asks for one."""

    def lease(self, name: str) -> str:
        """Its name."""
        return name


@pytest.mark.parametrize(
    ("row", "woken"),
    [
        ({"early_time": NOON, "late_time": None}, ["early"]),
        ({"early_time": None, "late_time": NOON}, ["late"]),
        ({"late_time": NOON}, ["late"]),
        ({"early_time": None, "late_time": None}, []),
        ({"early_time": NOON + timedelta(seconds=0.1), "late_time": None}, ["early"]),
        ({"early_time": NOON + timedelta(hours=1), "late_time": None}, []),  # a sweep finds it
        ({"early_time": "tomorrow", "late_time": None}, ["early"]),  # by hand, and by mistake
        ({}, ["early", "late"]),  # nobody knows what was written
    ],
)
def test_a_write_wakes_the_loops_for_which_it_has_a_time(
    row: dict[str, Any], woken: list[str]
) -> None:
    stream, leases = Stream(), NoLeases()
    store = MemoryStore(service="crisis", clock=FixedClock(NOON))
    works = [
        DueWork(name, "charts", f"{name}_time", lambda _call, _id: None)
        for name in ("early", "late")
    ]
    runner: Any = DueRunner(store, works, stream, leases, Precedence())  # type: ignore[arg-type]
    assert [fields for _, _, fields in stream.listeners] == [["early_time"], ["late_time"]]

    stream.tells(row)

    assert [loop.work.name for loop in runner._loops if loop.wake.is_set()] == woken


def test_a_page_that_rests_between_its_tries_is_no_storm() -> None:
    """A provider that is away must not hold other events up as many people in danger do."""
    store = MemoryStore(service="crisis", clock=FixedClock(NOON))
    precedence = Precedence()
    ranking = Ranking("mark", ("high",))
    work = DueWork("pages", "charts", "early_time", lambda _call, _id: None, ranking=ranking)
    loop = DueLoop(store, work, lease=Held(), precedence=precedence)  # type: ignore[arg-type]
    resting = [Due("t1", f"c{number}", NOON) for number in range(MANY)]
    loop._resting = {due: Rest(1, time.monotonic() + 600) for due in resting}

    loop.turn()

    assert not precedence.is_due()
    loop.close()


@pytest.mark.parametrize(
    ("allowance_seconds", "first"), [(15.0, []), (0.0, ["c1"])], ids=["hearing", "anything else"]
)
def test_what_is_due_because_nobody_could_be_heard_waits_and_is_done_then(
    allowance_seconds: float, first: list[str]
) -> None:
    store = MemoryStore(service="crisis", clock=FixedClock(NOON))
    call = system_call("t1", service="crisis", action="seed")
    store.transact(call, lambda tx: tx.insert("charts", {"_id": "c1", "early_time": NOON}))
    handled: list[str] = []
    work = DueWork(
        "silences",
        "charts",
        "early_time",
        lambda _call, chart_id: handled.append(chart_id),
        threads=1,
        allowance_seconds=allowance_seconds,
    )
    lease = Held()
    lease.is_excuse = True
    loop = DueLoop(store, work, lease=lease, precedence=Precedence())  # type: ignore[arg-type]

    loop.turn()
    loop._pool.submit(int).result()  # after what was started before
    assert handled == first

    lease.is_excuse = False
    loop.turn()
    loop.close()
    assert "c1" in handled
