"""A loop of due work looks where something may be due for it, and nowhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from chassis import timers
from chassis.call import Call, system_call
from chassis.clock import FixedClock
from chassis.due_work import DueWork, Ranking
from chassis.errors import Unavailable
from chassis.precedence import MANY, Precedence
from chassis.rest import Rest
from chassis.store.engine import Due, Timetable
from chassis.timers import DueLoop, DueRunner
from tests.fakes.memory_store import MemoryStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Stream:
    """What a process's watch is asked for, and says when the test says so."""

    def __init__(self) -> None:
        self.listeners: list[tuple[str, Any, Any]] = []
        self.is_live = True

    def is_current(self) -> bool:
        """As the test says."""
        return self.is_live

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
        self.is_excuse, self.is_ours = False, True

    def excuses(self, *_seconds: float) -> bool:
        """As the test says."""
        return self.is_excuse

    def hold(self) -> bool:
        """It is, unless the test says otherwise."""
        return self.is_ours

    def release(self) -> None:
        """Nobody else wants it."""


class NoLeases:
    """Nobody else asks for one."""

    def lease(self, _name: str) -> Held:
        """Ours."""
        return Held()


class CountingStore(MemoryStore):
    """Knows how often it was asked what is due; breaks when the test says so."""

    def __init__(self) -> None:
        super().__init__(service="crisis", clock=FixedClock(NOON))
        self.looks, self.is_away = 0, False
        self.meanwhile: Callable[[], object] = int

    def timetable(
        self, collection: str, field: str, *, limit: int, rank_field: str = ""
    ) -> Timetable:
        self.looks += 1
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "on purpose")
        found = super().timetable(collection, field, limit=limit, rank_field=rank_field)
        self.meanwhile()
        return found


class Desk:
    """One kind of due work, looked for once, beside a watch that is current."""

    def __init__(self) -> None:
        self.store, self.stream = CountingStore(), Stream()
        self.handled: list[str] = []
        work = DueWork(
            "calls", "charts", "early_time", lambda _, id: self.handled.append(id), threads=1
        )
        runner: Any = DueRunner(self.store, [work], self.stream, NoLeases(), Precedence())  # type: ignore[arg-type]
        (self.loop,) = runner._loops
        self.loop.turn()
        self.store.looks = 0

    def _handle(self, call: Call, chart_id: str) -> None:
        self.handled.append(chart_id)
        done = {"$set": {"early_time": None}}
        self.store.transact(call, lambda tx: tx.update_one("charts", {"_id": chart_id}, done))

    def schedule(self, chart_id: str, seconds: float, *, is_told: bool = True) -> None:
        """One is due so much later."""
        due_time = NOON + timedelta(seconds=seconds)
        call = system_call("t1", service="crisis", action="seed")
        row = {"_id": chart_id, "early_time": due_time}
        self.store.transact(call, lambda tx: tx.insert("charts", row))
        if is_told:
            self.stream.tells({"early_time": due_time})

    def turn(self) -> list[str]:
        """What is handled in one turn."""
        self.handled.clear()
        self.loop.turn()
        self.loop._pool.submit(int).result()
        return sorted(self.handled)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.loop.close()


@pytest.mark.parametrize(
    ("row", "woken"),
    [
        ({"early_time": NOON, "late_time": None}, ["early"]),
        ({"early_time": None, "late_time": NOON}, ["late"]),
        ({"late_time": NOON}, ["late"]),
        ({"early_time": None, "late_time": None}, []),
        ({"early_time": NOON + timedelta(seconds=0.1), "late_time": None}, ["early"]),
        ({"early_time": NOON + timedelta(hours=1), "late_time": None}, ["early"]),  # the next one
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
    for loop in runner._loops:
        loop.turn()

    stream.tells(row)

    assert [loop.work.name for loop in runner._loops if loop.wake.is_set()] == woken


def test_a_quiet_desk_asks_for_nothing_while_the_watch_is_current(desk: Desk) -> None:
    desk.schedule("c1", 60)
    desk.turn()
    for _ in range(10):
        desk.turn()

    assert desk.store.looks == 1, "to know when the next one is due"


def test_a_desk_whose_watch_fell_behind_sweeps(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.loop._sweeps, "_seconds", 0.0)
    desk.schedule("c1", 0, is_told=False)
    desk.stream.is_live = False

    assert desk.turn() == ["c1"]


def test_what_is_due_later_than_the_next_one_needs_no_look(desk: Desk) -> None:
    desk.schedule("next", 60)
    desk.turn()

    desk.schedule("later", 61)
    desk.turn()
    assert desk.store.looks == 1

    desk.schedule("sooner", 59)
    desk.turn()
    assert desk.store.looks == 2


def test_whoever_is_due_after_the_next_one_has_their_turn_too(desk: Desk) -> None:
    desk.schedule("next", 60)
    desk.turn()
    desk.schedule("later", 61)
    clock = cast(FixedClock, desk.store.clock)

    clock.advance(timedelta(seconds=60))
    assert desk.turn() == ["next"]

    clock.advance(timedelta(seconds=1))
    assert desk.turn() == ["later"]


def test_what_is_written_while_the_desk_looks_is_looked_for_again(desk: Desk) -> None:
    desk.schedule("first", 60)

    def another() -> None:
        desk.store.meanwhile = int
        desk.schedule("second", 0)

    desk.store.meanwhile = another

    assert desk.turn() == []
    assert desk.turn() == ["second"]


def test_a_desk_that_another_relay_serves_is_not_woken_and_looks_when_it_is_its_own_again(
    desk: Desk,
) -> None:
    desk.loop._lease.is_ours = False
    desk.turn()
    desk.schedule("c1", 0)
    assert not desk.loop.wake.is_set()
    assert desk.turn() == []
    assert desk.store.looks == 0

    desk.loop._lease.is_ours = True
    assert desk.turn() == ["c1"]


def test_a_look_that_failed_is_made_again_though_nothing_more_is_told(desk: Desk) -> None:
    desk.schedule("c1", 0)
    desk.store.is_away = True
    with pytest.raises(Unavailable):
        desk.turn()
    desk.store.is_away = False

    assert desk.turn() == ["c1"]


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

    assert not precedence.is_due("bulk")
    loop.close()


@pytest.mark.parametrize(
    ("allowance_seconds", "first"), [(15.0, []), (0.0, ["c1"])], ids=["hearing", "anything else"]
)
def test_what_is_due_because_nobody_could_be_heard_waits_and_is_done_then(
    allowance_seconds: float, first: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "SWEEP_SECONDS", 0.0)
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
