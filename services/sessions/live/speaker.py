"""What a participant is sent: first what the cursors missed, then everything as it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from prometheus_client import Histogram

from chassis.errors import Aborted, DeadlineExceeded, ResourceExhausted, Unavailable
from services.sessions.codec import frames
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.parting import Parting
from services.sessions.domain.views import Admission
from services.sessions.live.connection import Connection, Delivery
from services.sessions.live.mailbox import Closing
from services.sessions.live.tail import Cursor, looks_failed
from services.sessions.live.wire import Wire

PAUSE_SECONDS = 0.25  # between two tries to read what a reader has missed
E = TypeVar("E")

resume_duration = Histogram(
    "haven_sessions_resume_duration_seconds",
    "From the hello of somebody who was here before to the last event that they had missed.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30),
)


class Speaker:
    """Writes one connection."""

    def __init__(self, connection: Connection, wire: Wire, admission: Admission) -> None:
        self._connection, self._wire, self._admission = connection, wire, admission
        self._since = time.monotonic()
        self._is_over = False
        hub, entrance = connection.live.hub, connection.entrance
        private_cursor = entrance.private_cursor
        room, private = (connection.tenant_id, connection.session_id), connection.private_key
        self._room = Cursor(
            entrance.room_cursor,
            lambda number: _insisting(partial(hub.rooms.after, *room, number)),
            self._show_room_event,
        )
        self._private = Cursor(
            admission.private_head if private_cursor is None else private_cursor,
            lambda number: _insisting(partial(hub.private.after, *private, number)),
            self._show_private_event,
        )

    async def run(self) -> None:
        """Until the goodbye has been written."""
        if self._admission.is_waiting and not await self._wait():
            return
        heartbeat_seconds = self._connection.beat_seconds
        await self._wire.write(frames.welcome(self._admission, heartbeat_seconds=heartbeat_seconds))
        await self._room.catch_up()
        await self._private.catch_up()
        if self._admission.was_present:
            resume_duration.observe(time.monotonic() - self._since)
        while not self._is_over:
            await self._write_next()

    async def _wait(self) -> bool:
        """At the door. True once the session has started and the door has let the patient in."""
        heartbeat_seconds = self._connection.policy.heartbeat_seconds
        await self._wire.write(frames.waiting(self._admission, heartbeat_seconds=heartbeat_seconds))
        await self._private.catch_up()
        while not self._is_over:
            item = await self._next()
            if not isinstance(item, RoomEvent):
                await self._write(item)
            elif item.kind is RoomEventKind.SESSION_STARTED:
                self._admission = await self._connection.enter()
                return not self._admission.is_waiting
            elif item.kind is RoomEventKind.SESSION_ENDED:
                await self._part(Parting.SESSION_ENDED)
        return False

    async def _write_next(self) -> None:
        item = await self._next()
        if isinstance(item, RoomEvent):
            await self._room.take(item)
        else:
            await self._write(item)

    async def _next(self) -> Delivery | Closing | None:
        within = self._connection.policy.heartbeat_seconds
        return await self._connection.mailbox.take(within=within)

    async def _write(self, item: PrivateEvent | frames.Frame | Closing | None) -> None:
        match item:
            case None:
                await self._wire.write(frames.PING)
            case Closing():
                await self._part(item.parting)
            case PrivateEvent():
                await self._private.take(item)
            case _:
                await self._wire.write(item)

    async def _show_room_event(self, event: RoomEvent) -> None:
        is_staff = self._connection.is_staff
        await self._wire.write(frames.room_event(event, for_staff=is_staff))
        if event.kind is RoomEventKind.SESSION_ENDED:
            await self._part(Parting.SESSION_ENDED)

    async def _show_private_event(self, event: PrivateEvent) -> None:
        await self._wire.write(self._connection.private_frame(event))
        if self._connection.is_shown_out_by(event):
            await self._part(Parting.REMOVED)

    async def _part(self, parting: Parting) -> None:
        if not self._is_over:
            self._is_over = True
            await self._wire.write(frames.goodbye(parting))


async def _insisting(read: Callable[[], Awaitable[list[E]]]) -> list[E]:
    """A store that is away for a while does not close a room."""
    while True:
        try:
            return await read()
        except (Unavailable, Aborted, DeadlineExceeded, ResourceExhausted):
            looks_failed.inc()
        await asyncio.sleep(PAUSE_SECONDS)
