"""What a participant is sent: first what the cursors missed, then everything as it happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from prometheus_client import Histogram

from chassis.errors import (
    Aborted,
    DeadlineExceeded,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
)
from services.sessions.codec import frames
from services.sessions.domain.lobby import DoorAnswer
from services.sessions.domain.log import PrivateEvent, RoomEvent, RoomEventKind
from services.sessions.domain.parting import Parting
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.views import Admission
from services.sessions.live.connection import Connection, Delivery
from services.sessions.live.mailbox import Closing
from services.sessions.live.pen import Pen
from services.sessions.live.shown import Shown
from services.sessions.live.tail import Cursor, looks_failed
from services.sessions.live.wire import Wire

LEAD_NEWS = frozenset(
    {RoomEventKind.SESSION_STARTED, RoomEventKind.RESUMED, RoomEventKind.PROMOTED}
)
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
        self._connection, self._admission = connection, admission
        self._pen = Pen(wire, is_together=connection.reads_frames)
        self._since = time.monotonic()
        self._is_over = False
        hub, entrance = connection.live.hub, connection.entrance
        private_cursor = entrance.private_cursor
        room, private = (connection.tenant_id, connection.session_id), connection.private_key
        self._room = Cursor(
            entrance.room_cursor,
            lambda number: self._read(partial(hub.rooms.after, *room, number)),
            self._show_room,
        )
        self._private = Cursor(
            admission.private_head if private_cursor is None else private_cursor,
            lambda number: self._read(partial(hub.private.after, *private, number)),
            self._show_private,
        )

    async def run(self) -> None:
        """Until the goodbye has been written; from lobby to room, and back where one is put out."""
        while not self._is_over:
            await (self._wait() if self._admission.is_waiting else self._stay())

    async def _stay(self) -> None:
        """In the room."""
        heartbeat_seconds = self._connection.beat_seconds
        await self._put(frames.welcome(self._admission, heartbeat_seconds=heartbeat_seconds))
        await self._catch_up_room()
        await self._catch_up_private()
        await self._pen.flush()
        if self._admission.was_present:
            resume_duration.observe(time.monotonic() - self._since)
        while not self._is_over and not self._admission.is_waiting:
            await self._write_next()

    async def _wait(self) -> None:
        """In the lobby, until the door lets them in, or what they wait for is another thing."""
        policy, reason = self._connection.policy, self._admission.wait_reason
        told = frames.waiting(
            self._admission,
            heartbeat_seconds=policy.heartbeat_seconds,
            call_number=policy.call_number,
        )
        await self._put(told)
        await self._catch_up_private()
        await self._pen.flush()
        if self._has_more_happened():
            await self._knock()
        while not self._is_over and self._admission.wait_reason is reason:
            item = await self._next()
            if not isinstance(item, Shown):
                await self._write(item)
            elif any(event.kind is RoomEventKind.SESSION_ENDED for event in item.events):
                await self._part(Parting.SESSION_ENDED)
            await self._pen.flush()
            if not self._is_over and _is_worth_a_knock(item):
                await self._knock()
        await self._pen.flush()

    def _has_more_happened(self) -> bool:
        """True where others were handed something after the door looked and before this connection
        was known: it will not come by the mailbox."""
        connection, hub = self._connection, self._connection.live.hub
        room = hub.rooms.reached(connection.tenant_id, connection.session_id)
        private = hub.private.reached(*connection.private_key)
        return room > self._admission.room_head or private > self._admission.private_head

    async def _knock(self) -> None:
        """Ask the door again, on the same connection."""
        if self._connection.is_leaving:
            return
        try:
            self._admission = await self._connection.enter()
        except FailedPrecondition as error:
            if error.reason == "SHOWN_OUT":
                await self._private.catch_up()  # why, where it is known here by now
                await self._part(Parting.REMOVED)
                return
            if error.reason != "CONNECTION_REPLACED":
                raise
            await self._part(Parting.REPLACED)

    async def _write_next(self) -> None:
        """What is there by now, for a client that reads it together; else the next frame."""
        item = await self._next()
        await self._write(item)
        while self._is_reading_on and item is not None:
            if (item := self._connection.mailbox.take_now()) is not None:
                await self._write(item)
        await self._pen.flush()

    @property
    def _is_reading_on(self) -> bool:
        is_inside = not self._is_over and not self._admission.is_waiting
        return is_inside and self._connection.reads_frames

    async def _next(self) -> Delivery | Closing | None:
        within = self._connection.policy.heartbeat_seconds
        return await self._connection.mailbox.take(within=within)

    async def _write(self, item: Delivery | Closing | None) -> None:
        match item:
            case None:
                await self._pen.put(frames.PING)
            case Closing():
                await self._part(item.parting)
            case Shown():
                new = await self._room.take(item.events)
                if new:
                    await self._show(item if len(new) == len(item) else Shown(new))
            case PrivateEvent():
                await self._show_private(await self._private.take([item]))
            case _:
                await self._put(item)

    async def _show(self, shown: Shown) -> None:
        """Up to the participant's own leave, where staff or the door put them out: the rest comes
        with the next welcome."""
        if self._is_over or self._admission.is_waiting:
            self._room.step_back(shown.first - 1)
            return
        if shown.is_talk:
            await self._pen.put(shown.encoded(for_staff=self._connection.is_staff))
            return
        here, later = self._parted(shown)
        await self._pen.put(here.encoded(for_staff=self._connection.is_staff))
        if later is not None:
            await self._knock()
            if later:
                await self._show(Shown(later))
        elif any(event.kind is RoomEventKind.SESSION_ENDED for event in here.events):
            await self._part(Parting.SESSION_ENDED)

    async def _catch_up_room(self) -> None:
        """What follows the tail's number comes by the mailbox."""
        connection = self._connection
        rooms, place = connection.live.hub.rooms, (connection.tenant_id, connection.session_id)
        await self._room.reach(max(self._admission.room_head, rooms.reached(*place)))

    async def _catch_up_private(self) -> None:
        private, key = self._connection.live.hub.private, self._connection.private_key
        await self._private.reach(max(self._admission.private_head, private.reached(*key)))

    async def _show_room(self, events: Sequence[RoomEvent]) -> None:
        await self._show(Shown(events))

    async def _show_private(self, events: Sequence[PrivateEvent]) -> None:
        for event in events:
            await self._put(self._connection.private_frame(event))
            if self._connection.is_shown_out_by(event):
                await self._part(Parting.REMOVED)
                return

    def _parted(self, shown: Shown) -> tuple[Shown, Sequence[RoomEvent] | None]:
        """As far as this participant was there for it, and what follows; None: there for all."""
        for place, event in enumerate(shown.events, 1):
            if event.kind is RoomEventKind.LEFT and self._is_own(event):
                here, later = shown.events[:place], shown.events[place:]
                return (Shown(here) if later else shown), later
        return shown, None

    def _is_own(self, event: RoomEvent) -> bool:
        """True for what this patient's place did, with more to come: they were put out, or taken
        for lost."""
        is_past = event.number <= self._admission.room_head
        return event.patient_id == self._connection.person_id and not is_past

    async def _part(self, parting: Parting) -> None:
        if not self._is_over:
            self._is_over = True
            await self._put(frames.goodbye(parting))

    async def _put(self, frame: frames.Frame) -> None:
        await self._pen.put(frames.Encoded([frame]))

    async def _read(self, read: Callable[[], Awaitable[list[E]]]) -> list[E]:
        """A store that is away holds back nothing that is there already."""
        await self._pen.flush()
        return await _insisting(read)


def _is_worth_a_knock(item: object) -> bool:
    """True where the door may answer otherwise than before."""
    match item:
        case PrivateEvent():
            return isinstance(item.about, DoorAnswer)
        case Shown():
            return any(_is_staff_news(event) for event in item.events)
    return False


def _is_staff_news(event: RoomEvent) -> bool:
    has_staff_come = event.kind is RoomEventKind.JOINED and event.role in STAFF_ROLES
    return has_staff_come or event.kind in LEAD_NEWS


async def _insisting(read: Callable[[], Awaitable[list[E]]]) -> list[E]:
    """A store that is away for a while does not close a room."""
    while True:
        try:
            return await read()
        except (Unavailable, Aborted, DeadlineExceeded, ResourceExhausted):
            looks_failed.inc()
        await asyncio.sleep(PAUSE_SECONDS)
