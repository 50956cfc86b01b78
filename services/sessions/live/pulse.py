"""Heartbeats of this replica on their way into the store: those of a moment go together.

Nobody waits for one: what it says holds for seconds. So each waits for a moment for others, of any
rooms, and all of them cost the database hardly more than one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from dataclasses import dataclass

from chassis.call import Call
from chassis.deadline import Deadline
from chassis.errors import ResourceExhausted
from services.sessions.domain.commands import Connected
from services.sessions.handlers.presence import Presences
from services.sessions.handlers.pulses import Heartbeat, Pulses
from services.sessions.live.tail import Run

MOST = 64  # of one transaction, well within its life
GATHER_SECONDS = 0.2  # far below any time after which somebody counts as silent


@dataclass(frozen=True, slots=True)
class Waiting:
    """A heartbeat, and whether it was stored with others."""

    heartbeat: Heartbeat
    is_stored: asyncio.Future[bool]


class Pulse:
    """One per api process."""

    def __init__(self, pulses: Pulses, presences: Presences, run: Run) -> None:
        self._pulses, self._presences, self._run = pulses, presences, run
        self._waiting: deque[Waiting] = deque()
        self._driving: asyncio.Task[None] | None = None

    async def beat(self, call: Call, command: Connected) -> None:
        """Once it is stored; raises what `Presences.beat` raises."""
        loop = asyncio.get_running_loop()
        waiting = Waiting(Heartbeat(call, command), loop.create_future())
        self._waiting.append(waiting)
        if self._driving is None or self._driving.done():
            # It belongs to nobody's call.
            self._driving = loop.create_task(self._drive(), context=Context())
        if not await waiting.is_stored:
            await self._run(self._presences.beat, call, command)

    async def _drive(self) -> None:
        """Transaction after transaction, as long as somebody waits."""
        await asyncio.sleep(GATHER_SECONDS)
        while self._waiting:
            lot = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST))]
            try:
                stored = await self._stored([each.heartbeat for each in lot])
            except Exception as error:  # whatever it is, it is for each who waits to hear
                for each in lot:
                    if not each.is_stored.done():
                        each.is_stored.set_exception(error)
                continue
            for each, is_stored in zip(lot, stored, strict=True):
                if not each.is_stored.done():  # somebody waits for it still
                    each.is_stored.set_result(is_stored)

    async def _stored(self, heartbeats: list[Heartbeat]) -> list[bool]:
        """Which of them are; where all threads are busy they are brought again while they may.

        A storm at the door must not make those inside look silent, and cost a room its lead.
        """
        deadline = min((each.call.deadline for each in heartbeats), key=Deadline.remaining)
        while True:
            try:
                stored: list[bool] = await self._run(self._pulses.beat_all, heartbeats)
            except ResourceExhausted:
                if deadline.remaining() < GATHER_SECONDS:
                    raise
                await asyncio.sleep(GATHER_SECONDS)
            else:
                return stored
