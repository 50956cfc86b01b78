"""What waits for one reader. Bounded: a slow one is told to resume and holds nobody up."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.sessions.domain.parting import Parting
from services.sessions.live.alarm import Alarm

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing a reader takes."""

    parting: Parting


class Mailbox(Generic[T]):
    """Many put, one takes; all on the event loop."""

    def __init__(self, limit: int) -> None:
        self._limit, self._size = limit, 0
        self._items: deque[tuple[T, int]] = deque()
        self._closing: Closing | None = None
        self._ready = asyncio.Event()
        self._enough = Alarm(self._ready.set)
        self.closed = asyncio.Event()

    def put(self, item: T, *, size: int = 1) -> None:
        """Add an item, or what counts as several; too many close the box, and the reader comes
        again by its cursor. Whatever comes into an empty box has room."""
        if self._closing is not None:
            return
        if self._items and self._size + size > self._limit:
            self.close(Parting.RESUME)
            return
        self._items.append((item, size))
        self._size += size
        self._ready.set()

    def close(self, parting: Parting) -> None:
        """Say nothing more but this reason. The first reason stays."""
        if self._closing is None:
            self._items.clear()
            self._closing = Closing(parting)
            self._ready.set()
            self.closed.set()

    async def take(self, *, within: float) -> T | Closing | None:
        """The next item; None where nothing came in that many seconds."""
        if not self._ready.is_set():
            self._enough.set(within)
            try:
                await self._ready.wait()
            finally:
                self._enough.clear()
        return self.take_now()

    def take_now(self) -> T | Closing | None:
        """The next item; None where none is there."""
        item: T | Closing | None = self._closing
        if self._items:
            item, size = self._items.popleft()
            self._size -= size
        if not self._items and self._closing is None:
            self._ready.clear()
        return item
