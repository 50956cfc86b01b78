"""Which rooms a replica is known to have, what it tells of them, and how little it reads for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from services.sessions.domain.log import RoomEventKind
from services.sessions.live import hub as hub_module
from services.sessions.live.hub import Hub, Tell
from services.sessions.live.tail import PAGE, Kept, Tail
from tests.unit.sessions.lobby import Alone, Replica, in_thread, replica
from tests.unit.sessions.test_live_parts import SOON, Numbered, Reader
from tests.unit.sessions.ward import TENANT, Ward, by_facilitator, by_patient


class Book:
    """A log in a list that counts how often it is read, and can take its time."""

    def __init__(self, size: int = 0) -> None:
        self.size, self.reads = size, 0
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    async def after(self, number: int) -> list[Numbered]:
        self.reads += 1
        found = [Numbered(each) for each in range(number + 1, self.size + 1)][:PAGE]
        self.is_asked.set()
        await self.may_answer.wait()
        return found


async def test_a_log_that_several_ways_say_has_grown_is_read_once() -> None:
    book, reader = Book(size=1), Reader()
    tail = Tail(0, book.after, tuple)
    tail.readers.add(reader)
    following = Kept(tail.run)
    await reader.until(1)
    for number in range(2, 6):
        book.size += 1
        book.is_asked.clear()
        book.may_answer.clear()
        tail.grown(number)
        async with asyncio.timeout(SOON):
            await book.is_asked.wait()
        tail.grown(number)  # while it is being read
        book.may_answer.set()
        await reader.until(number)
        tail.grown(number)  # and afterwards
    following.cancel()
    assert book.reads == 5


async def test_what_was_written_while_the_log_was_read_is_read_too() -> None:
    book, reader = Book(size=1), Reader()
    tail = Tail(0, book.after, tuple)
    tail.readers.add(reader)
    book.may_answer.clear()
    following = Kept(tail.run)
    async with asyncio.timeout(SOON):
        await book.is_asked.wait()
    book.size += 1  # after what is being read was looked at
    tail.wake()
    book.may_answer.set()
    await reader.until(2)
    following.cancel()


async def test_a_head_that_the_log_does_not_have_costs_one_read() -> None:
    book = Book(size=1)
    tail, reader = Tail(0, book.after, tuple), Reader()
    tail.readers.add(reader)
    following = Kept(tail.run)
    await reader.until(1)
    reads = book.reads
    tail.grown(10**17)
    for number in range(2, 5):
        book.size += 1
        tail.grown(number)
        await reader.until(number)
        tail.grown(number)
    following.cancel()
    assert book.reads - reads <= 1 + 3


async def test_a_hint_of_what_is_handed_over_anyway_reads_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The change stream may tell of a commit before its own writer has heard of it."""
    tells: list[Tell] = []
    ward = Ward({"heartbeat_seconds": 30.0, "silence_seconds": 90.0})
    ward.opens()
    log = ward.sessions.room_log
    hub = Hub(log, ward.sessions.private_log, run=in_thread, neighbours=Alone())
    monkeypatch.setattr(hub_module, "SWEEP_SECONDS", 600.0)
    monkeypatch.setattr(hub_module, "HINT_SECONDS", 0.3)
    ward.enters(by_patient("p-1"))
    (joined,) = [each for each in ward.room() if each.kind is RoomEventKind.JOINED]
    reads: list[int] = []
    after = log.after

    def counted(*asked: Any) -> Any:
        reads.append(asked[2])
        return after(*asked)

    monkeypatch.setattr(log, "after", counted)
    async with hub.running(lambda *both: tells.extend(both)):
        heard: list[object] = []
        hub.rooms.follow(TENANT, "s-1", joined.number, lambda pack: heard.extend(pack.events))
        await seen(lambda: reads)
        reads.clear()

        said = replace(joined, number=joined.number + 1)
        tells[0]({"tenant_id": TENANT, "log_key": "s-1", "last_number": said.number})
        for _ in range(10):
            await asyncio.sleep(0)
        hub.rooms.hand(TENANT, "s-1", [said])
        await asyncio.sleep(2 * hub_module.HINT_SECONDS)
        assert (heard, reads) == ([said], [])

        # What nobody hands over is read, a moment later.
        tells[0]({"tenant_id": TENANT, "log_key": "s-1", "last_number": said.number + 1})
        await seen(lambda: reads)


async def seen(attempt: Callable[[], object]) -> None:
    """Until it is true."""
    async with asyncio.timeout(SOON):
        while not attempt():  # noqa: ASYNC110  # what is waited for happens on another thread
            await asyncio.sleep(0.01)


async def test_what_is_said_is_told_to_other_replicas_with_its_number() -> None:
    async with room() as here:
        ana = await here.joins(by_patient("p-1"))
        ana.say("good morning")
        event = await ana.hears("good morning")
    assert (TENANT, "s-1", event.number) in here.neighbours.told


async def test_a_room_is_known_from_its_first_to_its_last_attendee() -> None:
    async with room() as here:
        assert here.neighbours.hosted == []
        first = await here.joins(by_patient("p-1"))
        second = await here.joins(by_facilitator())
        assert here.neighbours.hosted == [(TENANT, "s-1")]
        for client, left in ((first, [(TENANT, "s-1")]), (second, [])):
            client.leave()
            await client.end()
            assert here.neighbours.hosted == left


def room() -> AbstractAsyncContextManager[Replica]:
    """A replica before a session that has begun."""
    ward = Ward({"heartbeat_seconds": 30.0, "silence_seconds": 90.0})
    ward.opens()
    return replica(ward)
