"""The parts of a live room, each alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.errors import Unavailable
from services.sessions.domain.parting import Parting
from services.sessions.live import turns as turns_module
from services.sessions.live.mailbox import Closing, Mailbox
from services.sessions.live.tail import PAGE, Cursor, Kept, Tail, Tails
from services.sessions.live.turns import Turns

SOON = 5.0


@dataclass(frozen=True)
class Numbered:
    number: int


class Book:
    """A log in a list, with a reader that can fail."""

    def __init__(self, size: int = 0) -> None:
        self.events = [Numbered(at) for at in range(1, size + 1)]
        self.failures = 0
        self.has_failed = asyncio.Event()
        self.reads = 0
        self.is_asked, self.may_answer = asyncio.Event(), asyncio.Event()
        self.may_answer.set()

    def write(self, count: int = 1) -> None:
        for _ in range(count):
            self.events.append(Numbered(len(self.events) + 1))

    async def after(self, number: int) -> list[Numbered]:
        if self.failures:
            self.failures -= 1
            self.has_failed.set()
            raise Unavailable("STORE_UNAVAILABLE", "away")
        self.reads += 1
        found = self.events[number : number + PAGE]
        if not self.may_answer.is_set():
            self.is_asked.set()
            await self.may_answer.wait()
        return found


class Reader:
    """Keeps the numbers that it was shown."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.is_shown = asyncio.Event()

    def __call__(self, events: Sequence[Numbered]) -> None:
        self.numbers += [event.number for event in events]
        self.is_shown.set()

    async def show(self, events: Sequence[Numbered]) -> None:
        self(events)

    async def until(self, number: int) -> None:
        async with asyncio.timeout(SOON):
            while number not in self.numbers:
                self.is_shown.clear()
                await self.is_shown.wait()


async def test_items_are_taken_in_the_order_in_which_they_were_put() -> None:
    box: Mailbox[int] = Mailbox(10)
    for item in (1, 2, 3):
        box.put(item)
    assert [await box.take(within=SOON) for _ in range(3)] == [1, 2, 3]


async def test_an_empty_box_gives_nothing_in_time() -> None:
    assert await Mailbox[int](10).take(within=0.01) is None


async def test_one_item_too_many_closes_the_box_with_resume() -> None:
    box: Mailbox[int] = Mailbox(2)
    for item in (1, 2, 3):
        box.put(item)
    assert await box.take(within=SOON) == Closing(Parting.RESUME)
    assert box.closed.is_set()


async def test_the_first_reason_to_part_is_the_one_that_is_told() -> None:
    box: Mailbox[int] = Mailbox(2)
    box.close(Parting.REPLACED)
    box.close(Parting.LEFT)
    box.put(1)
    assert await box.take(within=SOON) == Closing(Parting.REPLACED)
    assert await box.take(within=SOON) == Closing(Parting.REPLACED)


async def test_a_tail_hands_on_what_is_stored_and_nothing_before_it() -> None:
    book, reader = Book(size=3), Reader()
    tail = Tail(2, book.after, tuple)
    tail.readers.add(reader)
    following = Kept(tail.run)
    await reader.until(3)
    book.write(2)
    tail.wake()
    await reader.until(5)
    following.cancel()
    assert reader.numbers == [3, 4, 5]


async def test_a_tail_reads_more_than_one_page() -> None:
    book, reader = Book(size=2 * PAGE + 1), Reader()
    tail = Tail(0, book.after, tuple)
    tail.readers.add(reader)
    following = Kept(tail.run)
    await reader.until(2 * PAGE + 1)
    following.cancel()
    assert reader.numbers == list(range(1, 2 * PAGE + 2))


async def test_a_tail_whose_read_failed_looks_again_when_it_is_woken() -> None:
    book, reader = Book(size=1), Reader()
    book.failures = 1
    tail = Tail(0, book.after, tuple)
    tail.readers.add(reader)
    following = Kept(tail.run)
    async with asyncio.timeout(SOON):
        await book.has_failed.wait()
    tail.wake()
    await reader.until(1)
    following.cancel()


async def following_from(tail: Tail[Numbered], number: int) -> tuple[Kept, Reader]:
    """A reader of the tail that has come so far."""
    reader = Reader()
    tail.readers.add(reader)
    kept = Kept(tail.run)
    await reader.until(number)
    return kept, reader


async def test_what_is_handed_to_a_tail_is_heard_at_once_and_not_read_again() -> None:
    book = Book(size=1)
    tail = Tail(0, book.after, tuple)
    kept, reader = await following_from(tail, 1)
    book.write(2)
    reads = book.reads
    tail.take(book.events[1:])
    assert reader.numbers == [1, 2, 3]
    tail.take(book.events)  # it may come by another way as well
    assert (reader.numbers, book.reads) == ([1, 2, 3], reads)
    kept.cancel()


async def test_what_lies_between_is_read_before_what_is_handed_over() -> None:
    book = Book(size=1)
    tail = Tail(0, book.after, tuple)
    kept, reader = await following_from(tail, 1)
    book.write(4)
    tail.take(book.events[3:])
    assert reader.numbers == [1]
    await reader.until(5)
    kept.cancel()
    assert reader.numbers == [1, 2, 3, 4, 5]


async def test_what_is_handed_over_while_the_same_is_read_is_heard_once() -> None:
    book = Book(size=1)
    tail = Tail(0, book.after, tuple)
    kept, reader = await following_from(tail, 1)
    book.write(2)
    book.may_answer.clear()
    tail.wake()
    async with asyncio.timeout(SOON):
        await book.is_asked.wait()
    tail.take(book.events[1:])
    book.write()
    book.may_answer.set()
    tail.wake()
    await reader.until(4)
    kept.cancel()
    assert reader.numbers == [1, 2, 3, 4]


class Shelf:
    """Logs by tenant and key, that count how often they are asked for events and for heads."""

    def __init__(self, **sizes: int) -> None:
        self.sizes, self.read, self.asked = sizes, list[str](), 0

    def after(self, tenant_id: str, key: str, number: int, limit: int) -> list[Numbered]:
        del tenant_id
        self.read.append(key)
        return [Numbered(at) for at in range(number + 1, self.sizes[key] + 1)][:limit]

    def heads(self, tenant_id: str, keys: Collection[str]) -> dict[str, int]:
        del tenant_id
        self.asked += 1
        return {key: self.sizes[key] for key in keys}


async def at_once(fn: Callable[..., Any], *args: Any) -> Any:
    return fn(*args)


async def test_only_the_log_that_is_said_to_have_grown_is_read() -> None:
    shelf, one, two = Shelf(one=1, two=1), Reader(), Reader()
    tails = Tails(shelf, at_once, pack=tuple)
    tails.follow("north", "one", 0, one)
    tails.follow("north", "two", 0, two)
    await one.until(1)
    await two.until(1)
    shelf.read.clear()
    shelf.sizes = {"one": 2, "two": 2}
    tails.grown("north", "two", 2)
    tails.grown("north", "elsewhere", 5)
    await two.until(2)
    tails.grown("north", "two", 2)  # the sign of it comes again, and late
    await asyncio.sleep(0)
    assert (shelf.read, shelf.asked) == (["two"], 0)
    await tails.look()
    await one.until(2)
    tails.unfollow("north", "one", one)
    tails.unfollow("north", "two", two)


async def test_what_nobody_follows_here_is_handed_to_nobody() -> None:
    tails = Tails(Shelf(), at_once, pack=tuple)
    tails.hand("north", "one", [Numbered(1)])
    tails.grown("north", "one", 1)


async def test_a_cursor_shows_nothing_twice() -> None:
    book, reader = Book(size=3), Reader()
    cursor = Cursor(0, book.after, reader.show)
    await cursor.catch_up()
    assert [await cursor.take([event]) for event in book.events] == [[], [], []]
    book.write(2)
    assert await cursor.take(book.events[1:]) == book.events[3:]
    assert (reader.numbers, cursor.number) == ([1, 2, 3], 5)


async def test_a_cursor_fills_what_came_before_an_event() -> None:
    book, reader = Book(size=5), Reader()
    cursor = Cursor(1, book.after, reader.show)
    new = await cursor.take(book.events[3:4])
    assert (reader.numbers, new) == ([2, 3, 4, 5], [])


async def test_a_box_that_is_empty_takes_whatever_comes_and_counts_it() -> None:
    box: Mailbox[str] = Mailbox(3)
    box.put("five", size=5)
    assert await box.take(within=SOON) == "five"
    box.put("two", size=2)
    box.put("one")
    box.put("one more")
    assert await box.take(within=SOON) == Closing(Parting.RESUME)


async def test_writers_of_one_room_take_turns_and_those_of_others_do_not_wait() -> None:
    turns, order = Turns(), list[str]()
    first_is_in, first_may_go = asyncio.Event(), asyncio.Event()

    async def write(name: str, key: str) -> None:
        async with turns.take("north", key):
            order.append(name)
            if name == "first":
                first_is_in.set()
                await first_may_go.wait()

    first = asyncio.create_task(write("first", "s-1"))
    await first_is_in.wait()
    second = asyncio.create_task(write("second", "s-1"))
    await write("elsewhere", "s-2")
    assert order == ["first", "elsewhere"]
    first_may_go.set()
    await asyncio.gather(first, second)
    assert order == ["first", "elsewhere", "second"]


async def test_a_writer_that_is_stuck_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0.01)
    turns = Turns()
    async with turns.take("north", "s-1"), asyncio.timeout(SOON), turns.take("north", "s-1"):
        pass


async def test_a_task_that_fails_is_started_again() -> None:
    starts, is_again = 0, asyncio.Event()

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise RuntimeError("a bug")
        is_again.set()
        await asyncio.Event().wait()

    kept = Kept(run)
    async with asyncio.timeout(SOON):
        await is_again.wait()
    kept.cancel()
    assert starts == 2
