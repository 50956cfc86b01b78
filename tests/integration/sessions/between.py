"""People between sessions, on real gRPC: their assignments and their group's board."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
from haven.sessions.v1 import assignments_pb2, assignments_pb2_grpc, boards_pb2, boards_pb2_grpc

from tests.integration.sessions.clinic import PATIENCE_SECONDS, Person

CONTRACTS = (
    (assignments_pb2, assignments_pb2_grpc.AssignmentServiceStub),
    (boards_pb2, boards_pb2_grpc.GroupBoardServiceStub),
)


class Caller:
    """What one person asks, with a channel of their own."""

    def __init__(self, address: str, person: Person) -> None:
        self._channel = grpc.aio.insecure_channel(
            address, options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self._metadata, self.subject = person.metadata, person.subject

    async def asks(self, method: str, **fields: Any) -> Any:
        contract, stub = next(each for each in CONTRACTS if hasattr(each[0], f"{method}Request"))
        request = getattr(contract, f"{method}Request")(**fields)
        call = getattr(stub(self._channel), method)
        return await call(request, metadata=self._metadata, timeout=20)

    async def changes(self, method: str, **fields: Any) -> Any:
        return await self.asks(method, **{"request_id": str(uuid4()), **fields})

    async def posts(self, text: str, **fields: Any) -> int:
        answer = await self.changes("CreateBoardPost", group_id="g-1", text=text, **fields)
        return int(answer.board_post.number)

    def watches(self, cursor: int = 0) -> Watching:
        stub: Any = boards_pb2_grpc.GroupBoardServiceStub(self._channel)
        request = boards_pb2.WatchBoardRequest(group_id="g-1", cursor=cursor)
        return Watching(stub.WatchBoard(request, metadata=self._metadata))

    async def close(self) -> None:
        await self._channel.close()


class Watching:
    """One stream of a board: its frames as they came."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.events: list[Any] = []

    async def until(self, is_it: Callable[[Any], bool]) -> Any:
        """The first frame that is it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.stream.read()
                assert frame is not grpc.aio.EOF, "the stream ended"
                if frame.WhichOneof("frame") == "event":
                    self.events.append(frame.event)
                if is_it(frame):
                    return frame

    async def hears(self, number: int) -> Any:
        return (await self.until(lambda frame: frame.event.number == number)).event

    async def is_caught_up(self) -> None:
        await self.until(lambda frame: frame.WhichOneof("frame") == "heartbeat")
