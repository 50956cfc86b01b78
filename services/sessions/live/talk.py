"""What is said on this replica, on its way into the rooms' logs: many messages, few transactions.

While some are stored others gather, of any rooms; those then go together, in the next transaction:
one at a time, because two would be half as full and get in each other's way.
A room has at most one lot on its way, so its writers do not meet in the database. Where a room is
contended by others, each goes by itself and none waits for it. Whoever said something is answered
with its number, and everybody here hears it at once; other replicas are told, and read it.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from chassis.call import Call
from chassis.store import Contended
from services.sessions.domain.commands import Say
from services.sessions.domain.log import RoomEvent
from services.sessions.handlers.chats import Chats
from services.sessions.handlers.lots import Apart, Lots, Saying
from services.sessions.live.hub import Hub
from services.sessions.live.tail import Run

MOST = 64  # messages of one transaction, well within its life
# Where so many of a room speak at once, those who have just been answered are waited for as long as
# their lot took, at most so long: a lot of all of them costs hardly more than one of half, and is
# one message to each reader. Where lots are quick there is little to save.
CROWD, LINGER_SECONDS, LINGER_LOTS = 3, 0.06, 1.0
Place = tuple[str, str]  # tenant and session
Answer = asyncio.Future[RoomEvent]


@dataclass(frozen=True, slots=True)
class Said:
    """A message that waits for its number."""

    saying: Saying
    answer: Answer


class Room:
    """Those who wait for their number in one room."""

    def __init__(self) -> None:
        self._waiting: deque[Said] = deque()
        self._wanted, self._enough = 0, asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, said: Said) -> None:
        """One more waits."""
        self._waiting.append(said)
        if len(self._waiting) >= self._wanted:
            self._enough.set()

    async def gather(self, lot: Lot) -> None:
        """In a crowd, a moment for those who have just been answered to speak again."""
        crowd = len(lot.said) + len(self._waiting)
        if crowd < CROWD:
            return
        self._wanted = min(MOST, crowd)
        self._enough.clear()
        linger = min(LINGER_SECONDS, LINGER_LOTS * lot.seconds)
        enough = asyncio.get_running_loop().call_later(linger, self._enough.set)
        await self._enough.wait()
        enough.cancel()

    def take(self, most: int) -> list[Said]:
        """The next ones, in the order in which they came."""
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), most))]


@dataclass(slots=True)
class Lot:
    """What one room's people have said by the time it is stored."""

    room: Room
    said: Sequence[Said] = ()
    outcomes: asyncio.Future[Sequence[RoomEvent | Exception]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    seconds: float = 0.0  # that its transaction took


class Talk:
    """One per api process."""

    def __init__(self, chats: Chats, lots: Lots, hub: Hub, run: Run) -> None:
        self._chats, self._everyday, self._hub, self._run = chats, lots, hub, run
        self._rooms: dict[Place, Room] = {}  # where somebody waits, or is being served
        self._lots: deque[Lot] = deque()
        self._is_driving = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def say(self, call: Call, command: Say) -> RoomEvent:
        """The event once it is stored; raises what `Chats.say` raises."""
        place = (call.tenant_id, command.session_id)
        try:
            return await self._answer(place, Saying(call, command))
        except Apart:
            async with self._hub.turns.take(*place):
                event: RoomEvent = await self._run(self._chats.say, call, command)
            self._hand_soon(place, [event])
            return event

    def _answer(self, place: Place, saying: Saying) -> Answer:
        answer: Answer = asyncio.get_running_loop().create_future()
        if (room := self._rooms.get(place)) is None:
            room = self._rooms[place] = Room()
            self._start(self._serve(place, room))
        room.put(Said(saying, answer))
        return answer

    async def _serve(self, place: Place, room: Room) -> None:
        """Lot after lot, as long as somebody waits."""
        while room:
            async with self._hub.turns.take(*place):
                lot = Lot(room)
                self._lots.append(lot)
                if not self._is_driving:
                    self._is_driving = True
                    self._start(self._drive())
                outcomes = await lot.outcomes
            for each, outcome in zip(lot.said, outcomes, strict=True):
                _tell(each.answer, outcome)
            self._hand_soon(place, [each for each in outcomes if isinstance(each, RoomEvent)])
            await room.gather(lot)
        del self._rooms[place]

    async def _drive(self) -> None:
        """Transaction after transaction, as long as lots wait."""
        while self._lots:
            lots, size = [], 0
            while self._lots and size < MOST:
                lot = self._lots.popleft()
                lot.said = lot.room.take(MOST - size)
                size += len(lot.said)
                lots.append(lot)
            await self._store(lots)
        self._is_driving = False

    async def _store(self, lots: Sequence[Lot]) -> None:
        sayings, begin = [each.saying for lot in lots for each in lot.said], time.monotonic()
        try:
            outcomes = iter(await self._run(self._everyday.say, sayings))
        except Exception as error:  # whatever it is, it is for each who waits to hear
            outcomes = repeat(error)
        for lot in lots:
            mine = [next(outcomes) for _ in lot.said]
            if len(lots) > 1 and any(isinstance(each, Contended) for each in mine):
                self._start(self._store([lot]))
            else:
                lot.seconds = time.monotonic() - begin
                lot.outcomes.set_result(mine)

    def _hand_soon(self, place: Place, events: Sequence[RoomEvent]) -> None:
        """To everybody here, when those who said it have been answered: both go as one message."""
        if events:
            asyncio.get_running_loop().call_soon(self._hand, place, events)

    def _hand(self, place: Place, events: Sequence[RoomEvent]) -> None:
        self._hub.rooms.hand(*place, events)
        self._hub.stored(*place, events[-1].number)

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        """A task that belongs to nobody's call."""
        task = asyncio.get_running_loop().create_task(doing, context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _tell(answer: Answer, outcome: RoomEvent | Exception) -> None:
    if answer.done():  # nobody waits for it any more
        return
    if isinstance(outcome, RoomEvent):
        answer.set_result(outcome)
    else:
        answer.set_exception(outcome)
