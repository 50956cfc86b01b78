"""Writing one connection's frames: together where the client reads that, else each by itself."""

from __future__ import annotations

from services.sessions.codec import frames
from services.sessions.live.wire import Wire

MOST_BYTES = 1 << 16  # of one message; far below what any client takes


class Pen:
    """Frames in order. What was put is on its way after `flush`, or as soon as it is much."""

    def __init__(self, wire: Wire, *, is_together: bool) -> None:
        self._wire, self._is_together = wire, is_together
        self._waiting: list[bytes] = []
        self._bytes = 0

    async def put(self, encoded: frames.Encoded) -> None:
        """The next frames. WireLost where nobody is left to read them."""
        if not self._is_together:
            for frame in encoded.frames:
                await self._wire.write(frame)
            return
        self._waiting.append(encoded.together)
        self._bytes += len(encoded.together)
        if self._bytes >= MOST_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Everything put is handed over, as one message."""
        if waiting := self._waiting:
            self._waiting, self._bytes = [], 0
            await self._wire.write(frames.message_of(waiting))
