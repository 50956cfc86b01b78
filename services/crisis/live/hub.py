"""Everybody who watches on this replica, and the one feed that all of them read."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Protocol

from haven.crisis.v1 import board_pb2
from prometheus_client import Counter, Gauge

from chassis.errors import HavenError, ResourceExhausted, Unavailable
from chassis.log import failure, get_logger
from chassis.store import Document
from chassis.store.feed import Change, Follower, Place
from services.crisis.codec import board as codec
from services.crisis.codec.board import Goodbye
from services.crisis.domain.case import Case
from services.crisis.live.tape import Entry, Tape
from services.crisis.queries import BoardQueries

SWEEP_SECONDS = 1.0
BEGIN_SECONDS = 2.0  # for the feed to open; without a database the process serves all the same
STALE_SECONDS = 5.0  # a feed that has said nothing for so long is swept for
FAREWELL_SECONDS = 5.0  # for the last frames of a drain

log = get_logger(__name__)
readers_here = Gauge("haven_crisis_board_readers", "People who watch the board on this replica.")
swept = Counter(
    "haven_crisis_board_swept",
    "Changes that a sweep found because the feed was silent; 0 while change streams work.",
)
unreadable = Counter(
    "haven_crisis_board_changes_unreadable",
    "Changes of a form that this release does not know; their watchers were sent elsewhere.",
)
sweeps_failed = Counter("haven_crisis_board_sweeps_failed", "Sweeps that did not succeed.")

Run = Callable[..., Awaitable[Any]]


class Following(Protocol):
    """What tells of commits, from a thread of its own."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def age(self) -> float: ...


OpenFeed = Callable[[Follower], Following]


class Watcher(Protocol):
    """A stream, as the hub sees it."""

    tenant_id: str

    def wake(self) -> None: ...
    def close(self, reason: Goodbye) -> None: ...
    def missed(self, versions: dict[str, int]) -> list[str]: ...
    def take_swept(self, entries: list[Entry]) -> None: ...


class Hub:
    """One per api process."""

    def __init__(self, queries: BoardQueries, run: Run, *, tape_limit: int, most: int) -> None:
        self.tape: Tape | None = None
        self._queries, self._run = queries, run
        self._tape_limit, self._most = tape_limit, most
        self._watchers: defaultdict[str, set[Watcher]] = defaultdict(set)
        self._empty = asyncio.Event()
        self._empty.set()
        self._has_begun = asyncio.Event()
        self._is_draining = False
        self._feed: Following | None = None

    @asynccontextmanager
    async def running(self, open_feed: OpenFeed) -> AsyncIterator[None]:
        """Follow what is committed, as long as this lasts."""
        feed = self._feed = open_feed(_OnLoop(self, asyncio.get_running_loop()))
        feed.start()
        sweeping = asyncio.create_task(self._sweep_again_and_again())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEGIN_SECONDS):
                    await self._has_begun.wait()
            yield
        finally:
            sweeping.cancel()
            await asyncio.to_thread(feed.stop)

    @contextmanager
    def attached(self, watcher: Watcher) -> Iterator[None]:
        """Known here as long as this lasts; ResourceExhausted where too many watch already."""
        if sum(map(len, self._watchers.values())) >= self._most:
            raise ResourceExhausted("READERS_TOO_MANY", "too many watch here; try another replica")
        mine = self._watchers[watcher.tenant_id]
        mine.add(watcher)
        self._empty.clear()
        readers_here.inc()
        try:
            yield
        finally:
            readers_here.dec()
            mine.discard(watcher)
            if not mine:
                del self._watchers[watcher.tenant_id]
            if not self._watchers:
                self._empty.set()

    def require_serving(self) -> None:
        """Nobody begins on a replica that is leaving."""
        if self._is_draining:
            raise Unavailable("SERVER_DRAINING", "come again; another replica answers")

    async def drain(self) -> None:
        """Send everybody elsewhere, and wait a little for their last frames."""
        self._is_draining = True
        self._close_all(Goodbye.RESUME_ELSEWHERE)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._empty.wait()

    def begun(self, place: Place) -> None:
        """The feed begins here. Whoever watched before cannot know what lies between."""
        self._close_all(Goodbye.NEW_SNAPSHOT)
        self.tape = Tape(place, limit=self._tape_limit)
        self._has_begun.set()

    def take(self, change: Change) -> None:
        """A case was committed."""
        assert self.tape is not None  # a feed begins before it tells
        tenant_id = change.document["tenant_id"]
        self.tape.add(tenant_id, _entry(change))
        for watcher in tuple(self._watchers.get(tenant_id, ())):
            watcher.wake()

    def reached(self, place: Place) -> None:
        """Nothing was committed up to here that is not on the tape."""
        if self.tape is not None:
            self.tape.reach(place)

    async def sweep(self) -> None:
        """Look at what is stored, for watchers whom a silent feed tells nothing."""
        for tenant_id, watchers in list(self._watchers.items()):
            versions: dict[str, int] = await self._run(self._queries.versions, tenant_id)
            wanted = {id for each in tuple(watchers) for id in each.missed(versions)}
            if not wanted:
                continue
            cases: list[Case] = await self._run(self._queries.cases, tenant_id, sorted(wanted))
            swept.inc(len(cases))
            entries = [_entry_of(case) for case in cases]
            for watcher in tuple(watchers):
                watcher.take_swept(entries)

    async def _sweep_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self._feed is None or self._feed.age() < STALE_SECONDS:
                continue
            try:
                await self.sweep()
            except HavenError as error:
                sweeps_failed.inc()
                log.warning("board.sweep-failed", **failure(error))

    def _close_all(self, reason: Goodbye) -> None:
        for watchers in list(self._watchers.values()):
            for watcher in tuple(watchers):
                watcher.close(reason)


class _OnLoop:
    """From the feed's thread to the loop, in order."""

    def __init__(self, hub: Hub, loop: asyncio.AbstractEventLoop) -> None:
        self._hub, self._loop = hub, loop

    def begun(self, place: Place) -> None:
        self._tell(self._hub.begun, place)

    def take(self, change: Change) -> None:
        self._tell(self._hub.take, change)

    def reached(self, place: Place) -> None:
        self._tell(self._hub.reached, place)

    def _tell(self, what: Callable[..., None], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody watches any more
            self._loop.call_soon_threadsafe(what, *values)


def _entry(change: Change) -> Entry:
    document = change.document
    return Entry(
        place=change.place,
        case_id=document["_id"],
        patient_id=document.get("patient_id", ""),
        version=document["version"],
        is_open=bool(document.get("is_open", True)),
        encode=partial(_message, document),
    )


def _message(document: Document) -> board_pb2.BoardCase | None:
    """Where nobody watches a storm of cases must not cost their encoding."""
    try:
        return codec.board_case_from(document)
    except (KeyError, ValueError, TypeError) as error:  # a newer release wrote it
        unreadable.inc()
        log.warning("board.change-unreadable", **failure(error))
        return None


def _entry_of(case: Case) -> Entry:
    """A case as a sweep found it: it stands nowhere in the order of commits."""
    encode = partial(codec.board_case, case)
    return Entry(Place(0, 0, -1), case.id, case.patient_id, case.version, case.is_open, encode)
