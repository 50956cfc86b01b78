"""Following logs: stored first, then handed to every reader of this replica, in order of numbers.

Whoever has stored or received the next events may hand them to the tail; where there is a gap, or
only a sign that there is more (a change stream, a local writer, a sweep), the tail reads by number.
A tail goes one number at a time whichever way an event comes, so everyone gets the same events in
the same order, on every replica.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Generic, Protocol, TypeVar

from prometheus_client import Counter

from chassis.errors import HavenError
from chassis.log import failure, get_logger

PAGE = 200
SOMEWHERE = 1 << 62  # a head where nobody knows how far: more than any log has

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
Reader = Callable[[Any], None]
Pack = Callable[[Sequence[E]], Any]


class Followed(Protocol[E]):
    """A kind of log, as it is stored."""

    def after(self, tenant_id: str, key: str, number: int, limit: int) -> list[E]: ...
    def heads(self, tenant_id: str, keys: Collection[str]) -> dict[str, int]: ...


class Hosting(Protocol):
    """Who wants to know which logs are followed here."""

    def host(self, tenant_id: str, key: str, /) -> None: ...
    def leave(self, tenant_id: str, key: str, /) -> None: ...


class Tail(Generic[E]):
    """The end of one log as this replica knows it, and who wants to hear what follows.

    Events that came together are handed on together, all readers get the same pack of them.
    """

    def __init__(
        self, number: int, after: Callable[[int], Awaitable[list[E]]], pack: Pack[E]
    ) -> None:
        self.number = number
        self.readers: set[Reader] = set()
        self._after, self._pack = after, pack
        self._head, self._wake = number, asyncio.Event()  # how far it goes, by what was told
        self.wake()  # something may have been written since the number was read

    def wake(self) -> None:
        """Time to look."""
        self.grown(SOMEWHERE)

    def grown(self, head: int) -> None:
        """Time to look, unless what is read by then goes as far: several ways tell the same."""
        if head > self.number:
            self._head = max(self._head, head)
            self._wake.set()

    def take(self, events: Sequence[E]) -> None:
        """Hand on stored events that follow each other; read what is missing before them."""
        new = [event for event in events if event.number > self.number]
        if not new:  # they came by another way meanwhile
            return
        if new[0].number > self.number + 1:
            self.grown(new[-1].number)
            return
        self.number = new[-1].number
        pack = self._pack(new)
        for reader in tuple(self.readers):
            reader(pack)

    async def run(self) -> None:
        """Hand on what is stored, until cancelled. A failed look is repeated by the next sweep."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            is_due, self._head = self._head > self.number, self.number
            try:
                if is_due:
                    await self._catch_up()
            except HavenError as error:
                looks_failed.inc()
                log.warning("tail.look-failed", **failure(error))

    async def _catch_up(self) -> None:
        while events := await self._after(self.number):
            self.take(events)
            if len(events) < PAGE:
                return


class Tails(Generic[E]):
    """The tails of one kind of log that somebody on this replica follows."""

    def __init__(
        self, log_: Followed[E], run: Run, *, pack: Pack[E], hosting: Hosting | None = None
    ) -> None:
        self._log, self._run, self._pack, self._hosting = log_, run, pack, hosting
        self._tails: dict[tuple[str, str], Tail[E]] = {}
        self._tasks: dict[tuple[str, str], Kept] = {}

    def follow(self, tenant_id: str, key: str, number: int, reader: Reader) -> Tail[E]:
        """Hand every later event to the reader, in packs; from where the tail is, or `number`."""
        place = (tenant_id, key)
        tail = self._tails.get(place)
        if tail is None:
            tail = Tail(number, lambda last: self.after(tenant_id, key, last), self._pack)
            self._tails[place] = tail
            self._tasks[place] = Kept(tail.run)
            if self._hosting is not None:
                self._hosting.host(*place)
        tail.readers.add(reader)
        return tail

    def unfollow(self, tenant_id: str, key: str, reader: Reader) -> None:
        """No more; a tail without readers ends."""
        tail = self._tails[tenant_id, key]
        tail.readers.discard(reader)
        if not tail.readers:
            del self._tails[tenant_id, key]
            self._tasks.pop((tenant_id, key)).cancel()
            if self._hosting is not None:
                self._hosting.leave(tenant_id, key)

    def written(self, tenant_id: str, key: str) -> None:
        """This replica has just stored something there."""
        self.grown(tenant_id, key, SOMEWHERE)

    def grown(self, tenant_id: str, key: str, head: int) -> None:
        """The log goes so far now; what is not here yet is read."""
        if (tail := self._tails.get((tenant_id, key))) is not None:
            tail.grown(head)

    def hand(self, tenant_id: str, key: str, events: Sequence[E]) -> None:
        """Stored events of one log that follow each other, from whoever has them already.

        Readers hear them at once. It may be any stretch of the log, and come twice or not at all:
        what was handed on is left out, what lies between is read.
        """
        if (tail := self._tails.get((tenant_id, key))) is not None:
            tail.take(events)

    def reached(self, tenant_id: str, key: str) -> int:
        """The last number that readers of a log were handed; 0 where nobody follows it."""
        tail = self._tails.get((tenant_id, key))
        return 0 if tail is None else tail.number

    async def after(self, tenant_id: str, key: str, number: int) -> list[E]:
        """A page of stored events."""
        events: list[E] = await self._run(self._log.after, tenant_id, key, number, PAGE)
        return events

    async def look(self) -> None:
        """Ask for all heads, and wake the tails whose logs have grown; one question per tenant."""
        keys: defaultdict[str, list[str]] = defaultdict(list)
        for tenant_id, key in self._tails:
            keys[tenant_id].append(key)
        for tenant_id, wanted in keys.items():
            heads: dict[str, int] = await self._run(self._log.heads, tenant_id, wanted)
            for key, head in heads.items():
                self.grown(tenant_id, key, head)


class Cursor(Generic[E]):
    """How far one reader has come in one log: nothing missing, nothing twice."""

    def __init__(
        self,
        number: int,
        after: Callable[[int], Awaitable[list[E]]],
        show: Callable[[Sequence[E]], Awaitable[None]],
    ) -> None:
        self.number = number
        self._after, self._show = after, show

    async def catch_up(self) -> None:
        """Show everything stored that this reader has not seen."""
        while events := await self._after(self.number):
            last = self.number = events[-1].number
            await self._show(events)
            if self.number != last or len(events) < PAGE:
                return

    async def reach(self, head: int) -> None:
        """The same, where there is anything up to this number that this reader has not seen."""
        if self.number < head:
            await self.catch_up()

    def step_back(self, number: int) -> None:
        """Nothing after this number was shown after all."""
        self.number = number

    async def take(self, events: Sequence[E]) -> Sequence[E]:
        """Which of these, that were handed on together, are to be shown now; all, as a rule.

        Shows before what was missing between the last and them.
        """
        if events[0].number > self.number + 1:
            await self.catch_up()
        new = [event for event in events if event.number > self.number]
        if new:
            self.number = new[-1].number
        return new
