"""The relay marks what the broker confirmed, and nothing else; what is not taken steps aside."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from google.protobuf.message import Message
from haven.crisis.v1.events_pb2 import CaseContacted, CaseOpened, PageRequested

from chassis.broker import Outgoing, Published
from chassis.call import system_call
from chassis.clock import FixedClock
from chassis.errors import Unavailable
from chassis.outbox.backlog import BULK_BATCH, SWEEP, Backlog
from chassis.outbox.relay import (
    BULK_RESTS,
    CRISIS_GATHER_SECONDS,
    GIVE_WAY_SECONDS,
    MARK_MOST,
    MARK_SECONDS,
    HeldTypes,
    RelayLoop,
)
from chassis.topology import MessageClass
from tests.fakes.memory_store import MemoryStore
from tests.unit.chassis.relay_stand import Flag, ScriptedPublisher, Seconds, Unaware


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(service="crisis", clock=FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))


@pytest.fixture
def broker() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture
def lease() -> Flag:
    return Flag()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def told() -> Unaware:
    return Unaware()


@pytest.fixture
def loop(
    store: MemoryStore, broker: ScriptedPublisher, lease: Flag, told: Unaware, seconds: Seconds
) -> RelayLoop:
    return RelayLoop(
        Backlog(MessageClass.CLINICAL, store, told, monotonic=seconds),
        publisher=broker,
        prepare=lambda _connection: None,
        lease=lease,
        monotonic=seconds,
    )


def commit(store: MemoryStore, message: Message) -> str:
    call = system_call("alpha", service="crisis", action="test.commit")
    return store.transact(call, lambda tx: tx.emit(message, aggregate_id="a1", aggregate_version=1))


def commit_bulk(store: MemoryStore) -> None:
    """An event of the lowest class; Haven publishes none yet."""
    specs = store.spec_of
    store.spec_of = lambda message: replace(specs(message), message_class=MessageClass.BULK)
    commit(store, CaseOpened())
    store.spec_of = specs


def pending(store: MemoryStore) -> list[str]:
    return [row.event_id for row in store.pending(MessageClass.CLINICAL, 1000)]


def turn_and_mark(loop: RelayLoop, seconds: Seconds) -> None:
    """A turn, and the one that comes after the moment in which marks are gathered."""
    loop.turn()
    seconds.now += MARK_SECONDS
    loop.turn()


def test_an_event_gives_way_while_people_in_danger_wait_and_goes_afterwards(
    store: MemoryStore, broker: ScriptedPublisher, told: Unaware, lease: Flag
) -> None:
    is_storm = True
    loop = RelayLoop(
        Backlog(MessageClass.CLINICAL, store, told),
        publisher=broker,
        prepare=lambda _connection: None,
        lease=lease,
        gives_way=lambda: is_storm,
    )
    event_id = commit(store, CaseOpened(case_id="c1"))
    assert loop.turn() == GIVE_WAY_SECONDS
    assert pending(store) == [event_id]
    is_storm = False
    loop.turn()
    loop.close()

    assert pending(store) == []


def test_a_confirmed_event_is_marked(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop, seconds: Seconds
) -> None:
    event_id = commit(store, CaseOpened(case_id="c1"))

    turn_and_mark(loop, seconds)

    assert [message.id for message in broker.published] == [event_id]
    assert broker.published[0].exchange == "crisis.events"
    assert broker.published[0].routing_key == "case.opened.v1"
    assert pending(store) == []


def test_marks_are_gathered_for_a_moment_and_nothing_is_published_twice_meanwhile(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop, seconds: Seconds
) -> None:
    first = commit(store, CaseOpened())
    assert loop.turn() == MARK_SECONDS
    second = commit(store, CaseOpened())
    assert loop.turn() == MARK_SECONDS
    assert pending(store) == [first, second]

    seconds.now += MARK_SECONDS
    assert loop.turn() == SWEEP

    assert pending(store) == []
    assert [message.id for message in broker.published] == [first, second]


def test_an_event_goes_at_once_though_another_has_just_gone(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop
) -> None:
    loop.turn()
    told = [commit(store, CaseOpened())]
    loop.turn()
    told += [commit(store, CaseOpened())]

    loop.turn()

    assert [message.id for message in broker.published] == told


def test_crisis_events_which_have_another_way_go_together_with_those_of_the_same_moment(
    store: MemoryStore, broker: ScriptedPublisher, told: Unaware, seconds: Seconds
) -> None:
    loop = RelayLoop(
        Backlog(MessageClass.CRISIS, store, told, monotonic=seconds),
        publisher=broker,
        prepare=lambda _connection: None,
        lease=Flag(),
        monotonic=seconds,
    )
    first = commit(store, PageRequested())
    loop.turn()
    rest = [commit(store, PageRequested()) for _ in range(3)]

    assert loop.turn() == CRISIS_GATHER_SECONDS
    assert [message.id for message in broker.published] == [first]
    seconds.now += CRISIS_GATHER_SECONDS
    loop.turn()

    assert [message.id for message in broker.published] == [first, *rest]


def test_many_confirmed_events_are_marked_at_once(store: MemoryStore, loop: RelayLoop) -> None:
    for _ in range(MARK_MOST):
        commit(store, CaseOpened())

    loop.turn()

    assert pending(store) == []


def test_a_relay_that_leaves_marks_what_was_confirmed(store: MemoryStore, loop: RelayLoop) -> None:
    commit(store, CaseOpened())
    loop.turn()

    loop.close()

    assert pending(store) == []


def test_the_topology_is_prepared_before_the_first_publish_of_every_connection(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop
) -> None:
    loop.turn()
    loop.turn()
    broker.close()
    loop.turn()

    assert broker.prepared == 2


def test_without_the_lease_nothing_is_published(
    store: MemoryStore, broker: ScriptedPublisher, lease: Flag, loop: RelayLoop
) -> None:
    commit(store, CaseOpened())
    lease.is_ours = False

    loop.turn()

    assert broker.published == []


def test_an_event_that_no_queue_takes_stays_pending_and_lets_others_pass(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop, seconds: Seconds
) -> None:
    broker.unroutable.add("haven.crisis.v1.CaseOpened")
    stuck = [commit(store, CaseOpened()) for _ in range(3)]
    loop.turn()
    passing = commit(store, CaseContacted())
    seconds.now += MARK_SECONDS

    turn_and_mark(loop, seconds)

    assert pending(store) == stuck
    assert broker.published[-1].id == passing


def test_a_refused_event_stays_pending(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop
) -> None:
    broker.refused.add("haven.crisis.v1.CaseOpened")
    event_id = commit(store, CaseOpened())

    loop.turn()

    assert pending(store) == [event_id]


def test_after_a_lost_connection_only_the_confirmed_are_marked(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop
) -> None:
    events = [commit(store, CaseOpened()) for _ in range(5)]
    broker.loses_connection_after = 2

    with pytest.raises(Unavailable):
        loop.turn()

    assert pending(store) == events[2:]


def test_an_event_that_finds_the_idle_connection_lost_waits_for_the_next_one(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop, seconds: Seconds
) -> None:
    loop.turn()
    event_id = commit(store, CaseOpened())
    broker.loses_connection_idle = True
    with pytest.raises(Unavailable):
        loop.turn()
    assert pending(store) == [event_id]
    broker.loses_connection_idle = False

    turn_and_mark(loop, seconds)

    assert pending(store) == []


def test_a_relay_that_lost_the_broker_leaves_the_lease_to_another(
    store: MemoryStore, broker: ScriptedPublisher, lease: Flag, loop: RelayLoop
) -> None:
    loop.failed(Unavailable("BROKER_UNAVAILABLE"))

    assert not lease.is_ours


def test_what_a_blocked_broker_holds_is_not_published_again_and_marked_when_it_confirms(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop, seconds: Seconds
) -> None:
    event_id = commit(store, CaseOpened())
    turn_and_mark(loop, seconds)
    second = commit(store, CaseOpened())
    broker.is_blocked = True
    broker.publish([])
    loop._publish(store.pending(MessageClass.CLINICAL, 10))
    assert pending(store) == [second]
    broker.is_blocked = False

    loop.turn()
    assert [message.id for message in broker.published] == [event_id], "it is still in flight"
    broker.late = [second]
    turn_and_mark(loop, seconds)

    assert pending(store) == []


def test_confirmed_events_are_marked_even_if_the_store_was_away_when_they_were(
    store: MemoryStore,
    broker: ScriptedPublisher,
    loop: RelayLoop,
    seconds: Seconds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit(store, CaseOpened())

    def away(_ids: object, *, at_once: bool) -> int:
        assert not at_once
        raise Unavailable("STORE_UNAVAILABLE")

    with monkeypatch.context() as patched:
        patched.setattr(store, "mark_published", away)
        with pytest.raises(Unavailable):
            turn_and_mark(loop, seconds)
    loop.turn()

    assert pending(store) == []
    assert len(broker.published) == 1, "published once: the confirm was not forgotten"


def test_more_is_waiting_only_after_a_full_batch(
    store: MemoryStore, broker: ScriptedPublisher, loop: RelayLoop
) -> None:
    for _ in range(501):
        commit(store, CaseOpened())

    assert loop.turn() == 0.0
    assert loop.turn() > 0.0


def test_bulk_rests_longer_than_it_works(
    store: MemoryStore, broker: ScriptedPublisher, lease: Flag, told: Unaware, seconds: Seconds
) -> None:
    class Slow(ScriptedPublisher):
        def publish(self, messages: Iterable[Outgoing], *, within: float = 1.0) -> Published:
            seconds.now += 0.1
            return super().publish(messages, within=within)

    broker = Slow()
    loop = RelayLoop(
        Backlog(MessageClass.BULK, store, told, monotonic=seconds),
        publisher=broker,
        prepare=lambda _connection: None,
        lease=lease,
        monotonic=seconds,
    )
    for _ in range(BULK_BATCH + 1):
        commit_bulk(store)

    assert loop.turn() == pytest.approx(0.1 * BULK_RESTS)
    assert loop.turn() == pytest.approx(0.1 * BULK_RESTS), "woken or not"
    assert len(broker.published) == BULK_BATCH
    seconds.now += 0.1 * BULK_RESTS
    loop.turn()
    loop.close()

    assert len(broker.published) == BULK_BATCH + 1
    assert store.pending(MessageClass.BULK, 1) == []


def test_a_type_steps_aside_longer_every_time_until_it_is_taken() -> None:
    held = HeldTypes()

    assert held.hold("t") is True
    assert held.hold("t") is False, "told once"
    assert held.now() == ["t"]
    held.release("t")
    assert held.now() == []


def test_a_crisis_type_never_steps_aside_for_more_than_a_second() -> None:
    held = HeldTypes.of(MessageClass.CRISIS)

    for _ in range(10):
        assert held.hold("t") is True
        pause = held._until["t"] - time.monotonic()
        held._until["t"] = 0.0

    assert 0.9 < pause <= 1.0
