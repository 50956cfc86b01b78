"""Following logs: stored first, then read by number, then handed to every reader of this replica.

That is the only way from a writer to a reader, on this replica as on any other, so everyone gets
the same events in the same order. Wake-ups (a change stream, a local writer, a sweep) only say
that it is time to look.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, Protocol, TypeVar

from prometheus_client import Counter

from chassis.errors import HavenError
from chassis.log import failure, get_logger
from services.sessions.queries import Following

PAGE = 200

log = get_logger(__name__)
looks_failed = Counter("haven_sessions_log_reads_failed", "Reads of logs that did not succeed.")

Run = Callable[..., Awaitable[Any]]


class Kept:
    """A task that is started again should it ever fail: nobody waits for it and would notice."""

    def __init__(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._run = run
        self._task = self._started()

    def cancel(self) -> None:
        """End it."""
        self._task.cancel()

    def _started(self) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run())
        task.add_done_callback(self._ended)
        return task

    def _ended(self, done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            log.error("live.task-failed", **failure(error))
            self._task = self._started()


class Numbered(Protocol):
    """An event with its place in its log."""

    @property
    def number(self) -> int: ...


E = TypeVar("E", bound=Numbered)
Reader = Callable[[E], None]


class Tail(Generic[E]):
    """The end of one log as this replica knows it, and who wants to hear what follows."""

    def __init__(self, number: int, after: Callable[[int], Awaitable[list[E]]]) -> None:
        self.number = number
        self.readers: set[Reader[E]] = set()
        self._after = after
        self._wake = asyncio.Event()
        self._wake.set()  # something may have been written since the number was read

    def wake(self) -> None:
        """Time to look."""
        self._wake.set()

    async def run(self) -> None:
        """Hand on what is stored, until cancelled. A failed look is repeated by the next sweep."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._catch_up()
            except HavenError as error:
                looks_failed.inc()
                log.warning("tail.look-failed", **failure(error))

    async def _catch_up(self) -> None:
        while events := await self._after(self.number):
            for event in events:
                self._hand_on(event)
            if len(events) < PAGE:
                return

    def _hand_on(self, event: E) -> None:
        self.number = event.number
        for reader in tuple(self.readers):
            reader(event)


class Tails(Generic[E]):
    """The tails of one kind of log that somebody on this replica follows."""

    def __init__(self, log_: Following[E], run: Run) -> None:
        self._log, self._run = log_, run
        self._tails: dict[tuple[str, str], Tail[E]] = {}
        self._tasks: dict[tuple[str, str], Kept] = {}

    def follow(self, tenant_id: str, key: str, number: int, reader: Reader[E]) -> Tail[E]:
        """Hand every later event to the reader, from where the tail is or from `number` on."""
        place = (tenant_id, key)
        tail = self._tails.get(place)
        if tail is None:
            tail = Tail(number, lambda last: self.after(tenant_id, key, last))
            self._tails[place] = tail
            self._tasks[place] = Kept(tail.run)
        tail.readers.add(reader)
        return tail

    def unfollow(self, tenant_id: str, key: str, reader: Reader[E]) -> None:
        """No more; a tail without readers ends."""
        tail = self._tails[tenant_id, key]
        tail.readers.discard(reader)
        if not tail.readers:
            del self._tails[tenant_id, key]
            self._tasks.pop((tenant_id, key)).cancel()

    def written(self, tenant_id: str, key: str) -> None:
        """This replica has just stored something there."""
        if (tail := self._tails.get((tenant_id, key))) is not None:
            tail.wake()

    async def after(self, tenant_id: str, key: str, number: int) -> list[E]:
        """A page of stored events."""
        events: list[E] = await self._run(self._log.after, tenant_id, key, number, PAGE)
        return events

    async def look(self) -> None:
        """Wake the tails whose logs have grown; one question per tenant."""
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for tenant_id, key in self._tails:
            keys[tenant_id].append(key)
        for tenant_id, wanted in keys.items():
            heads: dict[str, int] = await self._run(self._log.heads, tenant_id, wanted)
            for key, head in heads.items():
                tail = self._tails.get((tenant_id, key))
                if tail is not None and head > tail.number:
                    tail.wake()


class Cursor(Generic[E]):
    """How far one reader has come in one log: nothing missing, nothing twice."""

    def __init__(
        self,
        number: int,
        after: Callable[[int], Awaitable[list[E]]],
        show: Callable[[E], Awaitable[None]],
    ) -> None:
        self.number = number
        self._after, self._show = after, show

    async def catch_up(self) -> None:
        """Show everything stored that this reader has not seen."""
        while events := await self._after(self.number):
            for event in events:
                await self._advance(event)
            if len(events) < PAGE:
                return

    async def take(self, event: E) -> None:
        """Show an event that was handed on, unless it was shown; fill what came before it."""
        if event.number > self.number + 1:
            await self.catch_up()
        if event.number == self.number + 1:
            await self._advance(event)

    async def _advance(self, event: E) -> None:
        self.number = event.number
        await self._show(event)
