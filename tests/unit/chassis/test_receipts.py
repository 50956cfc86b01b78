"""Deliver is repeated until the receipt is stored or the event has expired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from haven.crisis.v1.events_pb2 import CaseAcknowledged, CaseOpened, PageRequested

from chassis.call import system_call
from chassis.clock import FixedClock
from chassis.errors import Unavailable
from chassis.outbox import receipts
from chassis.outbox.receipts import PAUSE_SECONDS, REPEAT_FIRST, REPEAT_MOST, ReceiptLoop
from chassis.store import OutboxRow
from chassis.store.outbox_rows import Awaited
from tests.fakes.memory_store import MemoryStore
from tests.unit.chassis.relay_stand import Unaware

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Lease:
    is_ours = True

    def hold(self) -> bool:
        return self.is_ours

    def release(self) -> None:
        self.is_ours = False


class CountingStore(MemoryStore):
    """Knows how often it was asked who waits for what; breaks when the test says so."""

    looks, is_away = 0, False

    def awaited(self, limit: int) -> list[Awaited]:
        self.looks += 1
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "on purpose")
        return super().awaited(limit)


class World:
    """A store, a loop, and a monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.clock, self.lease = FixedClock(NOW), Lease()
        self.store = CountingStore(service="crisis", clock=self.clock)
        self.started: list[tuple[str, str]] = []
        self.seconds, self.told = 0.0, Unaware()
        self.loop = ReceiptLoop(
            self.store,
            self._start,
            lease=self.lease,
            told=self.told,
            monotonic=lambda: self.seconds,
        )

    def page(self, *, expires_in: timedelta | None = None) -> str:
        expire_time = self.clock.now() + expires_in if expires_in else None
        call = system_call("alpha", service="crisis", action="test.commit")
        return self.store.transact(
            call,
            lambda tx: tx.emit(
                PageRequested(), aggregate_id="a", aggregate_version=1, expire_time=expire_time
            ),
        )

    def after(self, seconds: float) -> list[tuple[str, str]]:
        """What the loop starts in a turn that many seconds later."""
        self.seconds += seconds
        self.started.clear()
        self.loop.turn()
        return list(self.started)

    def _start(self, row: OutboxRow, consumer: str) -> None:
        self.started.append((row.event_id, consumer))


@pytest.fixture
def world() -> World:
    return World()


def test_the_committing_process_has_the_first_try(world: World) -> None:
    event_id = world.page()

    assert world.after(0) == []
    assert world.after(0.3) == [(event_id, "notify")]


def test_repeats_come_slower_up_to_one_a_second_and_never_end(world: World) -> None:
    world.page()
    world.after(0)
    world.after(0.3)

    pauses = []
    for _ in range(8):
        pause = 0.05
        while not world.after(0.05):
            pause += 0.05
        pauses.append(round(pause, 2))

    assert pauses[:4] == sorted(pauses[:4])
    assert pauses[0] <= REPEAT_FIRST + PAUSE_SECONDS + 0.05
    assert max(pauses) <= REPEAT_MOST + PAUSE_SECONDS + 0.05
    assert pauses[-1] == pytest.approx(pauses[-2], abs=PAUSE_SECONDS)


def test_while_the_watch_tells_of_nothing_nothing_is_asked_for(world: World) -> None:
    world.told.rows, world.told.is_live = [], True
    world.after(0)
    for _ in range(20):
        world.after(0.2)

    assert world.store.looks == 1


def test_what_the_watch_tells_of_is_repeated_until_its_receipt_is_there(world: World) -> None:
    world.told.rows, world.told.is_live = [], True
    world.after(0)
    event_id = world.page()
    world.told.rows = world.store.events({event_id})

    assert world.after(0.2) == []
    assert world.after(0.3) == [(event_id, "notify")]
    assert world.after(0.2) == [(event_id, "notify")]

    world.store.receipt([event_id], "notify")
    world.after(1)
    looks = world.store.looks
    for _ in range(10):
        world.after(0.2)
    assert world.store.looks == looks


def test_a_look_that_failed_is_made_again_though_the_page_is_told_no_more(world: World) -> None:
    world.told.rows, world.told.is_live = [], True
    world.after(0)
    event_id = world.page()
    world.told.rows = world.store.events({event_id})
    world.store.is_away = True
    with pytest.raises(Unavailable):
        world.after(0.2)
    world.store.is_away = False

    world.after(0.2)
    assert world.after(0.3) == [(event_id, "notify")]


def test_who_takes_the_lease_over_looks_though_nothing_is_told(world: World) -> None:
    world.told.rows, world.told.is_live = [], True
    world.after(0)
    event_id = world.page()
    world.lease.is_ours = False
    world.after(0.2)
    world.lease.is_ours = True

    world.after(0.2)
    assert world.after(0.3) == [(event_id, "notify")]


def test_a_receipt_ends_it(world: World) -> None:
    event_id = world.page()
    world.after(0)
    world.store.receipt([event_id], "notify")

    assert world.after(5) == []


def test_being_published_does_not_end_it(world: World) -> None:
    event_id = world.page()
    world.after(0)
    world.store.mark_published([event_id])

    assert world.after(5) == [(event_id, "notify")]


def test_an_event_that_has_expired_is_not_delivered_any_more(world: World) -> None:
    world.page(expires_in=timedelta(seconds=3))
    world.after(0)
    world.clock.advance(timedelta(seconds=3))

    assert world.after(5) == []
    assert world.store.awaiting_receipts(10) == []


def test_only_the_holder_of_the_lease_repeats(world: World) -> None:
    world.page()
    world.after(0)
    world.lease.is_ours = False

    assert world.after(5) == []


def test_classes_that_can_wait_are_left_to_the_broker(world: World) -> None:
    call = system_call("alpha", service="crisis", action="test.commit")
    world.store.transact(
        call, lambda tx: tx.emit(CaseOpened(), aggregate_id="a", aggregate_version=1)
    )
    world.after(0)

    assert world.after(5) == []


def test_events_that_nobody_takes_do_not_hide_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "LIMIT", 2)
    for _ in range(4):
        world.page()
        world.clock.advance(timedelta(seconds=1))
    newest = world.page()
    world.after(0)

    started = [event_id for event_id, _ in world.after(0.3)]

    assert newest in started
    assert len(started) == len(set(started)) == 4


def test_a_page_is_repeated_in_time_however_much_waits_for_others_who_are_away() -> None:
    world = World()
    page_id = world.page()
    call = system_call("alpha", service="crisis", action="test.commit")
    for _ in range(150):
        event_id = world.store.transact(
            call, lambda tx: tx.emit(CaseAcknowledged(), aggregate_id="a", aggregate_version=1)
        )
        world.store.receipt([event_id], "notify")
    times = [
        turn * PAUSE_SECONDS
        for turn in range(600)
        if (page_id, "notify") in world.after(PAUSE_SECONDS)
    ]

    assert times[0] <= 0.5
    assert max(later - earlier for earlier, later in pairwise(times)) <= REPEAT_MOST + 0.2
