"""What waits for one reader. Bounded: a slow one is told to resume and holds nobody up."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.sessions.domain.parting import Parting

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Closing:
    """The last thing a reader takes."""

    parting: Parting


class Mailbox(Generic[T]):
    """Many put, one takes; all on the event loop."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._closing: Closing | None = None
        self._ready = asyncio.Event()
        self.closed = asyncio.Event()

    def put(self, item: T) -> None:
        """Add an item; one too many closes the box, and the reader comes again by its cursor."""
        if self._closing is not None:
            return
        if len(self._items) >= self._limit:
            self.close(Parting.RESUME)
            return
        self._items.append(item)
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
        try:
            async with asyncio.timeout(within):
                await self._ready.wait()
        except TimeoutError:
            return None
        if self._items:
            item = self._items.popleft()
            if not self._items and self._closing is None:
                self._ready.clear()
            return item
        return self._closing
