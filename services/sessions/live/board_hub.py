"""Who follows a board on this replica; what others wrote is read by number, then shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Protocol

from chassis.errors import HavenError, Unavailable
from chassis.log import failure, get_logger
from services.sessions.domain.board import BoardEvent
from services.sessions.domain.parting import Parting
from services.sessions.live.hub import FAREWELL_SECONDS, SWEEP_SECONDS
from services.sessions.live.tail import Kept, Run, Tails, looks_failed
from services.sessions.queries import Following

Watch = Callable[[Callable[[], None]], None]  # calls, from any thread, as boards may have grown

log = get_logger(__name__)


class Follower(Protocol):
    """A stream, as the hub sees it."""

    def close(self, parting: Parting) -> None: ...


class BoardHub:
    """One per api process."""

    def __init__(self, board_log: Following[BoardEvent], *, run: Run) -> None:
        self.tails = Tails(board_log, run, pack=tuple)
        self._followers: set[Follower] = set()
        self._wake, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._is_draining = False

    @asynccontextmanager
    async def running(self, watch: Watch) -> AsyncIterator[None]:
        """Look for what others wrote, as long as this lasts."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(self._wake.set)

        watch(wake)
        looking = Kept(self._look)
        try:
            yield
        finally:
            looking.cancel()

    @contextmanager
    def attached(self, follower: Follower) -> Iterator[None]:
        """Known here as long as this lasts."""
        self._followers.add(follower)
        self._empty.clear()
        if self._is_draining:
            follower.close(Parting.RESUME_ELSEWHERE)
        try:
            yield
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._empty.set()

    def require_serving(self) -> None:
        """Nobody begins on a replica that is leaving."""
        if self._is_draining:
            raise Unavailable("SERVER_DRAINING", "come again; another replica answers")

    async def drain(self) -> None:
        """Send everybody elsewhere, and wait a little for their last frames."""
        self._is_draining = True
        for follower in list(self._followers):
            follower.close(Parting.RESUME_ELSEWHERE)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._empty.wait()

    async def _look(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.tails.look()
            except HavenError as error:
                looks_failed.inc()
                log.warning("board-hub.look-failed", **failure(error))
