"""People who watch the board over gRPC, each in a task of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from haven.crisis.v1 import board_pb2, board_pb2_grpc

from tests.integration.front import Caller, Refused

PATIENCE_SECONDS = 15.0


class Board:
    """What one stream has said so far."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.cursor = ""
        self.refused: Refused | None = None
        self.is_over = False
        self._news = asyncio.Event()

    def hear(self, frame: Any) -> None:
        self.frames.append(frame)
        self.cursor = frame.cursor or self.cursor
        self._news.set()

    def end(self, refused: Refused | None) -> None:
        self.refused, self.is_over = refused, True
        self._news.set()

    @property
    def snapshot(self) -> dict[str, int]:
        """Versions of the cases of the snapshot."""
        parts = [frame.snapshot for frame in self.frames if frame.HasField("snapshot")]
        return {each.case.case_id: each.case_version for part in parts for each in part.cases}

    @property
    def changes(self) -> list[Any]:
        return [frame.change for frame in self.frames if frame.HasField("change")]

    @property
    def versions(self) -> list[tuple[str, int]]:
        return [(each.case.patient_id, each.case_version) for each in self.changes]

    @property
    def heartbeats(self) -> list[Any]:
        return [frame for frame in self.frames if frame.HasField("heartbeat")]

    @property
    def goodbye(self) -> int:
        """The reason of the last frame; 0 where it was no goodbye."""
        return int(self.frames[-1].goodbye.reason) if self.frames else 0

    async def until(self, holds: Any) -> None:
        """Wait until it is so."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not holds(self):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = [frame.WhichOneof("frame") for frame in self.frames]
            raise AssertionError(f"saw {seen}, refused: {self.refused}") from None

    async def begun(self) -> None:
        """Wait for the whole snapshot."""
        await self.until(lambda board: any(f.snapshot.is_complete for f in board.frames))


@asynccontextmanager
async def watching(caller: Caller, cursor: str = "", channel: Any = None) -> AsyncIterator[Board]:
    """Watch as long as this lasts; leaving cuts the stream."""
    board = Board()
    stub: Any = board_pb2_grpc.BoardServiceStub(channel or caller.channel)
    metadata = (("authorization", f"Bearer {caller.token}"),)
    stream = stub.WatchCases(board_pb2.WatchCasesRequest(cursor=cursor), metadata=metadata)

    async def listen() -> None:
        try:
            async for frame in stream:
                board.hear(frame)
        except grpc.aio.AioRpcError as error:
            board.end(Refused(error))
        else:
            board.end(None)

    listening = asyncio.create_task(listen())
    try:
        yield board
    finally:
        stream.cancel()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
