"""Writers of one room on this replica, one after the other.

Only to spare the database conflicts: it is the store that keeps numbers apart, so nobody waits
here for long. A writer that is stuck is overtaken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TURN_SECONDS = 2.0


class Turns:
    """A queue per key, as long as somebody stands in it."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], asyncio.Lock] = {}
        self._standing: dict[tuple[str, str], int] = {}

    @asynccontextmanager
    async def take(self, tenant_id: str, key: str) -> AsyncIterator[None]:
        """My turn, or enough of waiting."""
        place = (tenant_id, key)
        lock = self._locks.setdefault(place, asyncio.Lock())
        self._standing[place] = self._standing.get(place, 0) + 1
        is_mine = False
        try:
            is_mine = await _acquired(lock)
            yield
        finally:
            if is_mine:
                lock.release()
            self._standing[place] -= 1
            if not self._standing[place]:
                del self._standing[place], self._locks[place]


async def _acquired(lock: asyncio.Lock) -> bool:
    try:
        async with asyncio.timeout(TURN_SECONDS):
            return await lock.acquire()
    except TimeoutError:
        return False
