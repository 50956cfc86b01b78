"""A relay publishes what it was told of without asking, and asks often enough to miss nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseContacted, CaseOpened

from chassis.call import system_call
from chassis.clock import FixedClock
from chassis.errors import Unavailable
from chassis.outbox.backlog import BATCH, REMEMBERED, SWEEP, Backlog
from chassis.outbox.relay import MARK_SECONDS, RelayLoop
from chassis.store.outbox_rows import OUTBOX, OutboxRow
from chassis.sweeps import QUIET_SECONDS
from chassis.topology import MessageClass
from tests.fakes.memory_store import MemoryStore
from tests.unit.chassis.relay_stand import Flag, ScriptedPublisher, Seconds, Unaware


class CountingStore(MemoryStore):
    """Knows how often it was asked what waits."""

    looks = 0

    def pending(
        self, message_class: MessageClass, limit: int, *, without: Collection[str] = ()
    ) -> list[OutboxRow]:
        self.looks += 1
        return super().pending(message_class, limit, without=without)


class Ward:
    """A relay loop of the clinical class that is told of every row, and has looked once."""

    def __init__(self) -> None:
        clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
        self.store = CountingStore(service="crisis", clock=clock)
        self.broker, self.lease = ScriptedPublisher(), Flag()
        self.told, self.seconds = Unaware(), Seconds()
        self.loop = RelayLoop(
            Backlog(MessageClass.CLINICAL, self.store, self.told, monotonic=self.seconds),
            publisher=self.broker,
            prepare=lambda _connection: None,
            lease=self.lease,
            monotonic=self.seconds,
        )
        self.loop.turn()
        self.told.rows, self.store.looks = [], 0

    def commit(self, message: Message, *, is_told: bool = True) -> str:
        call = system_call("alpha", service="crisis", action="test.commit")
        event_id = self.store.transact(
            call, lambda tx: tx.emit(message, aggregate_id="a1", aggregate_version=1)
        )
        if is_told:
            self.tell(event_id)
        return event_id

    def tell(self, event_id: str) -> None:
        rows = MemoryStore.pending(self.store, MessageClass.CLINICAL, 10_000)
        assert self.told.rows is not None
        self.told.rows += [row for row in rows if row.event_id == event_id]

    def pending(self) -> list[str]:
        rows = MemoryStore.pending(self.store, MessageClass.CLINICAL, 10_000)
        return [row.event_id for row in rows]

    @property
    def published(self) -> list[str]:
        return [message.id for message in self.broker.published]


@pytest.fixture
def ward() -> Ward:
    return Ward()


def test_what_was_told_is_published_and_marked_without_a_question(ward: Ward) -> None:
    event_id = ward.commit(CaseOpened(case_id="c1"))

    ward.loop.turn()
    ward.seconds.now += MARK_SECONDS
    ward.loop.turn()

    assert ward.published == [event_id]
    assert ward.pending() == []
    assert ward.store.looks == 0


def test_what_the_watch_did_not_tell_of_is_found_in_time_though_others_are_told_all_the_while(
    ward: Ward,
) -> None:
    missed = ward.commit(CaseOpened(), is_told=False)

    while ward.seconds.now < SWEEP:
        assert missed not in ward.published
        ward.commit(CaseContacted())
        ward.seconds.now += 0.1
        ward.loop.turn()

    assert missed in ward.published
    assert ward.store.looks == 1


def test_while_the_watch_is_current_nothing_is_asked_for(ward: Ward) -> None:
    ward.told.is_live = True
    told = []

    while ward.seconds.now < SWEEP:
        told.append(ward.commit(CaseContacted()))
        ward.seconds.now += 0.1
        assert ward.loop.turn() <= SWEEP
    assert ward.published == told
    assert ward.store.looks == 0

    by_hand = ward.commit(CaseOpened(), is_told=False)
    ward.seconds.now += QUIET_SECONDS
    ward.loop.turn()
    assert by_hand in ward.published


def test_a_watch_that_falls_behind_is_swept_for_at_once(ward: Ward) -> None:
    ward.told.is_live = True
    ward.seconds.now += SWEEP
    missed = ward.commit(CaseOpened(), is_told=False)
    ward.loop.turn()
    assert ward.published == []

    ward.told.is_live = False
    ward.loop.turn()

    assert ward.published == [missed]


def test_what_no_queue_took_is_tried_again_though_the_watch_tells_of_it_no_more(
    ward: Ward,
) -> None:
    ward.told.is_live = True
    ward.broker.unroutable.add("haven.crisis.v1.CaseOpened")
    event_id = ward.commit(CaseOpened())
    ward.loop.turn()
    ward.loop._held.release("haven.crisis.v1.CaseOpened")
    ward.broker.unroutable.clear()

    ward.seconds.now += SWEEP
    ward.loop.turn()

    assert ward.published == [event_id, event_id]


def test_what_came_while_its_type_stepped_aside_is_published_when_that_is_over(
    ward: Ward,
) -> None:
    ward.told.is_live = True
    ward.broker.unroutable.add("haven.crisis.v1.CaseOpened")
    first = ward.commit(CaseOpened())
    ward.loop.turn()
    second = ward.commit(CaseOpened())
    ward.loop.turn()
    ward.loop._held.release("haven.crisis.v1.CaseOpened")
    ward.broker.unroutable.clear()

    ward.seconds.now += SWEEP
    ward.loop.turn()

    assert ward.published == [first, first, second]


def test_the_pause_ends_when_it_is_time_to_look_again(ward: Ward) -> None:
    ward.seconds.now += 0.75 * SWEEP

    assert ward.loop.turn() == pytest.approx(0.25 * SWEEP)


def test_a_gap_in_the_telling_makes_the_relay_ask_at_once(ward: Ward) -> None:
    event_id = ward.commit(CaseOpened(), is_told=False)
    ward.told.rows = None

    ward.loop.turn()

    assert ward.published == [event_id]


def test_a_row_that_is_told_after_a_look_found_it_is_published_once(ward: Ward) -> None:
    event_id = ward.commit(CaseOpened(), is_told=False)
    ward.tell(event_id)
    late = [*(ward.told.rows or [])]
    ward.told.rows = None
    ward.loop.turn()
    ward.told.rows = [*late]
    ward.loop.turn()
    ward.seconds.now += MARK_SECONDS
    ward.loop.turn()
    assert ward.pending() == []

    ward.told.rows = late
    ward.loop.turn()

    assert ward.published == [event_id]


def test_a_row_that_somebody_wants_published_again_is(ward: Ward) -> None:
    event_id = ward.commit(CaseOpened())
    ward.loop.turn()
    ward.seconds.now += MARK_SECONDS
    ward.loop.turn()
    call = system_call("alpha", service="crisis", action="test.replay")
    again = {"$set": {"published": False}}
    ward.store.transact(call, lambda tx: tx.update_one(OUTBOX, {"_id": event_id}, again))

    ward.seconds.now += SWEEP
    ward.loop.turn()

    assert ward.published == [event_id, event_id]


def test_what_was_told_while_another_had_the_lease_is_asked_for_when_it_comes_back(
    ward: Ward,
) -> None:
    ward.lease.is_ours = False
    theirs = ward.commit(CaseOpened())
    ward.loop.turn()
    ward.store.mark_published([theirs])
    ours = ward.commit(CaseOpened(), is_told=False)
    ward.lease.is_ours = True

    ward.loop.turn()

    assert ward.published == [ours]


def test_after_a_failed_turn_nothing_is_taken_for_known(ward: Ward) -> None:
    event_id = ward.commit(CaseOpened())
    ward.broker.loses_connection_after = 0
    with pytest.raises(Unavailable) as failure:
        ward.loop.turn()
    ward.loop.failed(failure.value)
    ward.broker.loses_connection_after, ward.lease.is_ours = 10_000, True

    ward.loop.turn()

    assert ward.published == [event_id]


def test_a_told_type_that_no_queue_takes_steps_aside_too(ward: Ward) -> None:
    ward.broker.unroutable.add("haven.crisis.v1.CaseOpened")
    ward.commit(CaseOpened())
    ward.loop.turn()
    attempts = len(ward.published)

    ward.commit(CaseOpened())
    passing = ward.commit(CaseContacted())
    ward.loop.turn()

    assert ward.published[attempts:] == [passing]


def test_a_relay_far_behind_reads_batch_after_batch(ward: Ward) -> None:
    for _ in range(BATCH + 1):
        ward.commit(CaseOpened(), is_told=False)
    ward.told.rows = None

    assert ward.loop.turn() == 0.0
    ward.loop.turn()

    assert len(ward.published) == BATCH + 1
    assert ward.store.looks == 2


def test_only_the_last_marked_rows_are_remembered(ward: Ward) -> None:
    backlog = Backlog(MessageClass.CLINICAL, ward.store, ward.told)

    backlog.mark([f"event-{number}" for number in range(REMEMBERED)])
    backlog.mark(["one", "more"])

    assert len(backlog._marked) == REMEMBERED
    assert "event-1" not in backlog._marked
    assert "more" in backlog._marked
