"""One person's stream of a board. Before each event it is asked again whether they may see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from grpc import aio
from haven.sessions.v1.boards_pb2 import WatchBoardResponse

from chassis.call import Call
from chassis.deadline import Deadline
from chassis.errors import ResourceExhausted, Unauthenticated
from chassis.rpc.bridge import Context
from services.sessions.bootstrap import BoardCare, Sessions
from services.sessions.codec import boards as codec
from services.sessions.domain.board import BoardEvent, Onlooker
from services.sessions.domain.parting import Parting
from services.sessions.live.board_hub import BoardHub
from services.sessions.live.connection import STEP_SECONDS
from services.sessions.live.mailbox import Closing, Mailbox
from services.sessions.live.stream import LAST_WORD_SECONDS
from services.sessions.live.tail import Cursor, Run
from services.sessions.live.wire import WireLost

ASKED_SECONDS = 0.5  # a page of old events to a slow reader is asked about again


class BoardWire(Protocol):
    """Frames out, in order."""

    async def write(self, frame: WatchBoardResponse) -> None:
        """Hand over a frame; waits while the other side does not take any. WireLost if gone."""
        ...


@dataclass(frozen=True)
class BoardLive:
    """What every stream of this process works with."""

    sessions: Sessions
    hub: BoardHub
    run: Run
    reader_queue: int = 256

    @property
    def boards(self) -> BoardCare:
        """Their use cases."""
        return self.sessions.boards


async def watch_board(
    wire: BoardWire, call: Call, place: tuple[str, int], live: BoardLive, *, expire_time: float
) -> None:
    """Serve one person. Returns after a goodbye; raises what the stream must end with."""
    live.hub.require_serving()
    group_id, cursor = place
    watcher = BoardWatcher(wire, call, live)
    try:
        # The credential's time is the wall's; what is left of it is counted from here.
        async with asyncio.timeout(max(0.0, expire_time - time.time())):
            with suppress(WireLost), live.hub.attached(watcher):
                await watcher.serve(group_id, cursor)
    except TimeoutError:
        text = "the token has expired; come again with the last cursor"
        raise Unauthenticated("TOKEN_EXPIRED", text) from None


class BoardWatcher:
    """One stream."""

    def __init__(self, wire: BoardWire, call: Call, live: BoardLive) -> None:
        self._wire, self._call, self._live = wire, call, live
        self._mailbox: Mailbox[BoardEvent] = Mailbox(live.reader_queue)
        # Up to which event, and how long, the last look at whether they may see it holds.
        self._asked, self._asked_until = 0, 0.0
        policy = live.sessions.policies(call.tenant_id)
        self._heartbeat_seconds = policy.board_heartbeat_seconds

    def close(self, parting: Parting) -> None:
        """Say nothing more but this. The first reason stays."""
        self._mailbox.close(parting)

    async def serve(self, group_id: str, cursor: int) -> None:
        """Write until the goodbye, or raise why not."""
        onlooker: Onlooker = await self._step(self._live.boards.queries.enter, group_id, cursor)
        place = (self._call.tenant_id, group_id)
        self._live.hub.tails.follow(*place, onlooker.head, self._hear)
        speaking = asyncio.create_task(self._speak(onlooker, cursor))
        patience = asyncio.create_task(self._patience())
        try:
            done, _ = await asyncio.wait({speaking, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._live.hub.tails.unfollow(*place, self._hear)
            for task in (speaking, patience):
                task.cancel()
            await asyncio.gather(speaking, patience, return_exceptions=True)
        (speaking if speaking in done else patience).result()

    def _hear(self, events: Sequence[BoardEvent]) -> None:
        for event in events:
            self._mailbox.put(event)

    async def _speak(self, onlooker: Onlooker, cursor: int) -> None:
        tails, place = self._live.hub.tails, (self._call.tenant_id, onlooker.group_id)

        async def after(number: int) -> list[BoardEvent]:
            page = await tails.after(*place, number)
            if page:
                await self._still(onlooker, page[-1].number)
            return page

        async def show(events: Sequence[BoardEvent]) -> None:
            for event in events:
                await self._show(onlooker, event)

        reading = Cursor(cursor, after, show)
        await reading.catch_up()
        await self._wire.write(codec.heartbeat(self._heartbeat_seconds))
        while True:
            item = await self._mailbox.take(within=self._heartbeat_seconds)
            match item:
                case Closing():
                    await self._wire.write(codec.goodbye(item.parting))
                    return
                case None:
                    await self._still(onlooker, 0)
                    await self._wire.write(codec.heartbeat(self._heartbeat_seconds))
                case _:
                    await show(await reading.take([item]))

    async def _show(self, onlooker: Onlooker, event: BoardEvent) -> None:
        is_asked = event.number <= self._asked and time.monotonic() < self._asked_until
        if not is_asked:
            await self._still(onlooker, event.number)
        frame = codec.event_frame(event, onlooker.person_id, for_staff=onlooker.is_staff)
        await self._wire.write(frame)

    async def _still(self, onlooker: Onlooker, number: int) -> None:
        """May they see the board now, and so all up to this event, which is stored already?"""
        until = time.monotonic() + ASKED_SECONDS
        await self._step(self._live.boards.queries.still, onlooker.group_id)
        self._asked, self._asked_until = number, until

    async def _step(self, handle: Callable[..., Any], *values: object) -> Any:
        """Run one use case for this person on a thread."""
        call = replace(self._call, deadline=Deadline.after(STEP_SECONDS))
        return await self._live.run(handle, call, *values)

    async def _patience(self) -> None:
        """A reader that was told to go gets a moment to take it."""
        await self._mailbox.closed.wait()
        await asyncio.sleep(LAST_WORD_SECONDS)
        raise ResourceExhausted("READER_TOO_SLOW", "come again with the last cursor")


class GrpcBoardWire:
    """A server stream."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def write(self, frame: WatchBoardResponse) -> None:
        """Hand over a frame; waits while the other side does not take any. WireLost if gone."""
        try:
            await self._context.write(frame)
        except (aio.UsageError, aio.InternalError) as error:
            raise WireLost from error
