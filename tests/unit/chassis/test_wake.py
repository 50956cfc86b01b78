"""Who is told of a committed event, and when the telling has a gap."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import create_autospec

import pytest
from haven.crisis.v1.events_pb2 import CaseOpened, PageRequested

from chassis.call import system_call
from chassis.clock import FixedClock
from chassis.outbox.wake import MOST_TOLD, Told, Wakes
from chassis.store.outbox_rows import OutboxRow, document_of
from chassis.store.watch import Watch
from chassis.topology import MessageClass
from tests.fakes.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(service="crisis", clock=FixedClock(datetime(2026, 3, 1, tzinfo=UTC)))


def committed(store: MemoryStore, message: CaseOpened | PageRequested) -> OutboxRow:
    call = system_call("alpha", service="crisis", action="test.commit")
    event_id = store.transact(
        call, lambda tx: tx.emit(message, aggregate_id="a1", aggregate_version=1)
    )
    rows = [row for each in MessageClass for row in store.pending(each, 1000)]
    return next(row for row in rows if row.event_id == event_id)


def listening() -> Told:
    """Told of everything from now on."""
    told = Told()
    told.take()
    return told


def test_a_committed_event_reaches_every_listener_of_its_class_and_no_other(
    store: MemoryStore,
) -> None:
    wakes = Wakes()
    crisis = [wakes.listen(MessageClass.CRISIS), wakes.listen(MessageClass.CRISIS)]
    clinical = wakes.listen(MessageClass.CLINICAL)
    for each in (*crisis, clinical):
        each.take()
    row = committed(store, PageRequested(page_id="p1"))

    wakes.committed(document_of(row))

    assert [each.event.is_set() for each in (*crisis, clinical)] == [True, True, False]
    assert [each.take() for each in (*crisis, clinical)] == [[row], [row], []]


def test_a_stream_that_opens_anew_wakes_everybody_and_says_that_something_may_be_missing() -> None:
    wakes = Wakes()
    told = [wakes.listen(each) for each in MessageClass]
    for each in told:
        each.take()

    wakes.committed({})

    assert all(each.event.is_set() for each in told)
    assert [each.take() for each in told] == [None] * len(told)


def test_before_the_first_telling_anything_may_be_missing() -> None:
    assert Told().take() is None


def test_rows_come_in_the_order_of_their_commits_and_once(store: MemoryStore) -> None:
    told, rows = listening(), [committed(store, CaseOpened()) for _ in range(3)]

    for row in rows:
        told.tell(row)

    assert told.take() == rows
    assert told.take() == []


def test_rows_around_a_gap_are_not_taken_for_all_of_them(store: MemoryStore) -> None:
    told, row = listening(), committed(store, CaseOpened())

    told.tell(row)
    told.tell(None)
    told.tell(row)

    assert told.take() is None
    told.tell(row)
    assert told.take() == [row]


def test_what_nobody_takes_does_not_pile_up(store: MemoryStore) -> None:
    told, row = listening(), committed(store, CaseOpened())

    for _ in range(MOST_TOLD + 1):
        told.tell(row)

    assert told._rows == []
    assert told.take() is None


def test_of_bulk_nobody_is_told_and_of_every_other_class_somebody_is() -> None:
    watch = create_autospec(Watch, instance=True)

    Wakes().follow(watch)

    (told,) = watch.listen.call_args.kwargs["only"].values()
    assert {*told} == {*MessageClass} - {MessageClass.BULK}


def test_nobody_is_told_all_before_a_watch_is_followed_and_current() -> None:
    wakes = Wakes()
    told = wakes.listen(MessageClass.CRISIS)
    assert not told.is_current()

    watch = create_autospec(Watch, instance=True)
    wakes.follow(watch)
    watch.is_current.return_value = False
    assert not told.is_current()

    watch.is_current.return_value = True
    assert told.is_current()
