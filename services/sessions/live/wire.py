"""One participant's connection, whatever carries it."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from grpc import aio
from haven.sessions.v1.sessions_pb2 import AttendSessionRequest


class WireLost(Exception):
    """The other side is gone; nobody is left to be told."""


class Wire(Protocol):
    """Frames in and out, in order."""

    async def read(self) -> AttendSessionRequest | None:
        """The next frame; None where the other side has said its last."""
        ...

    async def write(self, frame: bytes) -> None:
        """Hand over an encoded frame; waits while the other side takes none. WireLost if gone.

        Several may write: one after the other, in the order in which they came.
        """
        ...


class GrpcWire:
    """A bidirectional gRPC stream."""

    def __init__(self, context: aio.ServicerContext[Any, Any]) -> None:
        self._context = context
        self._writing = asyncio.Lock()

    async def read(self) -> AttendSessionRequest | None:
        """The next frame; None where the other side has said its last."""
        try:
            frame = await self._context.read()
        except (aio.UsageError, aio.InternalError) as error:
            raise WireLost from error
        return frame if isinstance(frame, AttendSessionRequest) else None

    async def write(self, frame: bytes) -> None:
        """Hand over an encoded frame; waits while the other side takes none. WireLost if gone."""
        try:
            async with self._writing:
                await self._context.write(frame)
        except (aio.UsageError, aio.InternalError) as error:
            raise WireLost from error
