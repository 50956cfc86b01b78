"""Everybody who is connected to this replica, and the logs that they follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol

from chassis.errors import HavenError, Unavailable
from chassis.log import failure, get_logger
from services.sessions.domain.log import PrivateEvent, RoomEvent
from services.sessions.domain.parting import Parting
from services.sessions.domain.signal import SafetySignal
from services.sessions.live.shown import Shown
from services.sessions.live.tail import SOMEWHERE, Kept, Run, Tails, looks_failed
from services.sessions.live.turns import Turns
from services.sessions.queries import Following

SWEEP_SECONDS = 0.5  # what a lost wake-up costs at most
HINT_SECONDS = 0.05  # for what is on its way by another way, before the store is asked
FAREWELL_SECONDS = 5.0  # for the last frames of a drain

log = get_logger(__name__)


Tell = Callable[[Mapping[str, Any]], None]  # a head as it was written; {} = look at all of them
# Has one called for rooms' logs and one for private ones, from any thread, as they may have grown.
Watch = Callable[[Tell, Tell], None]


class Neighbours(Protocol):
    """Other replicas, as far as they can be told and heard at this moment."""

    def start(self, grown: Callable[[str, str, int], None], look: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...
    def host(self, tenant_id: str, session_id: str) -> None: ...
    def leave(self, tenant_id: str, session_id: str) -> None: ...
    def tell(self, tenant_id: str, session_id: str, number: int) -> None: ...


class Attendee(Protocol):
    """A connection, as others on this replica see it."""

    tenant_id: str
    session_id: str
    person_id: str
    is_staff: bool

    def close(self, parting: Parting) -> None: ...
    def whisper(self, event: PrivateEvent) -> None: ...


class Hub:
    """One per api process."""

    def __init__(
        self,
        room_log: Following[RoomEvent],
        private_log: Following[PrivateEvent],
        *,
        run: Run,
        neighbours: Neighbours,
    ) -> None:
        self._neighbours = neighbours
        self.rooms = Tails(room_log, run, pack=Shown, hosting=neighbours)
        self.private = Tails(private_log, run, pack=tuple)
        self.turns = Turns()
        self._attendees: dict[tuple[str, str, str], Attendee] = {}
        self._wake, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        self._is_draining = False

    @asynccontextmanager
    async def running(self, watch: Watch) -> AsyncIterator[None]:
        """Look for what others wrote, as long as this lasts."""
        loop = asyncio.get_running_loop()

        def telling(tails: Tails[Any]) -> Tell:
            def tell(head: Mapping[str, Any]) -> None:
                loop.call_soon_threadsafe(self._grown, tails, head)

            return tell

        watch(telling(self.rooms), telling(self.private))
        self._neighbours.start(self.rooms.grown, self._wake.set)
        looking = Kept(self._look)
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.to_thread(self._neighbours.stop)

    def attach(self, attendee: Attendee) -> None:
        """One connection per person and room: the newer one goes on."""
        key = _key(attendee)
        if (older := self._attendees.get(key)) is not None:
            older.close(Parting.REPLACED)
        self._attendees[key] = attendee
        self._empty.clear()
        if self._is_draining:
            attendee.close(Parting.RESUME_ELSEWHERE)

    def detach(self, attendee: Attendee) -> None:
        """The connection is over."""
        if self._attendees.get(_key(attendee)) is attendee:
            del self._attendees[_key(attendee)]
        if not self._attendees:
            self._empty.set()

    def stored(self, tenant_id: str, session_id: str, number: int = SOMEWHERE) -> None:
        """This replica has written to a room, up to this number: everybody here hears it at once,
        and other replicas are told."""
        self.rooms.grown(tenant_id, session_id, number)
        self._neighbours.tell(tenant_id, session_id, number)

    def require_serving(self) -> None:
        """Nobody begins on a replica that is leaving."""
        if self._is_draining:
            raise Unavailable("SERVER_DRAINING", "come again; another replica answers")

    def whisper(self, tenant_id: str, signal: SafetySignal) -> None:
        """Tell what could not be stored yet: to who pressed, and to the staff of their room."""
        alarm, event = signal.alarm, PrivateEvent(signal, signal.raise_time)
        near = [each for each in self._attendees.values() if each.tenant_id == tenant_id]
        rooms = {each.session_id for each in near if each.person_id == alarm.raised_by}
        for attendee in near:
            is_staff_there = attendee.is_staff and attendee.session_id in rooms
            if attendee.person_id == alarm.raised_by or is_staff_there:
                attendee.whisper(event)

    async def drain(self) -> None:
        """Send everybody elsewhere, and wait a little for their last frames."""
        self._is_draining = True
        for attendee in list(self._attendees.values()):
            attendee.close(Parting.RESUME_ELSEWHERE)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._empty.wait()

    def _grown(self, tails: Tails[Any], head: Mapping[str, Any]) -> None:
        if not head:
            self._wake.set()
            return
        known = (head["tenant_id"], head["log_key"], head["last_number"])
        if tails is self.rooms:
            # Most of what is written to rooms here is handed over, and of others the broker tells:
            # to read it at the first hint would be to read everything twice.
            asyncio.get_running_loop().call_later(HINT_SECONDS, tails.grown, *known)
        else:
            tails.grown(*known)

    async def _look(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.rooms.look()
                await self.private.look()
            except HavenError as error:
                looks_failed.inc()
                log.warning("hub.look-failed", **failure(error))


def _key(attendee: Attendee) -> tuple[str, str, str]:
    return attendee.tenant_id, attendee.session_id, attendee.person_id
