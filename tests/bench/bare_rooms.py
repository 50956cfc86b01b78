"""Rooms without Haven: `python -m tests.bench.bare_rooms` fans out in memory, and stores nothing.

grpc.aio as it comes: no token, no order across replicas, no record; a message is lost with the
process. Each reader gets each message by a write of its own. Prints the address and serves until
its standard input closes.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter, defaultdict
from typing import Any

import grpc
from google.protobuf.duration_pb2 import Duration
from haven.sessions.v1 import sessions_pb2 as pb
from haven.sessions.v1 import sessions_pb2_grpc

# The generated base is abstract to the type checker; two methods are served here.
Servicer: Any = sessions_pb2_grpc.SessionsServiceServicer
AS_HAVEN = Duration(seconds=10)  # what Haven asks of a patient
Waiting = asyncio.Queue[pb.AttendSessionResponse]


class BareRooms(Servicer):  # type: ignore[misc]
    """Who is in which room, and how many were said there."""

    def __init__(self) -> None:
        self._rooms: defaultdict[str, set[Waiting]] = defaultdict(set)
        self._numbers: Counter[str] = Counter()

    async def AttendSession(self, request_iterator: Any, context: Any) -> None:  # noqa: ARG002
        hello = (await context.read()).hello
        readers, waiting = self._rooms[hello.session_id], Waiting()
        welcome = pb.Welcome(session_id=hello.session_id, heartbeat_interval=AS_HAVEN)
        waiting.put_nowait(pb.AttendSessionResponse(welcome=welcome))
        readers.add(waiting)
        writing = asyncio.create_task(_write(waiting, context))
        try:
            while (frame := await context.read()) is not grpc.aio.EOF:
                if frame.WhichOneof("frame") == "chat":
                    self._say(hello.session_id, frame.chat, waiting)
        finally:
            readers.discard(waiting)
            writing.cancel()

    async def CreateJoinTicket(self, request: Any, context: Any) -> Any:  # noqa: ARG002
        return pb.CreateJoinTicketResponse()

    def _say(self, session_id: str, chat: Any, mine: Waiting) -> None:
        self._numbers[session_id] += 1
        number = self._numbers[session_id]
        event = pb.AttendSessionResponse()
        event.room_event.number, event.room_event.text = number, chat.text
        event.room_event.create_time.GetCurrentTime()
        for waiting in self._rooms[session_id]:
            waiting.put_nowait(event)
        receipt = pb.Receipt(request_id=chat.request_id, number=number)
        mine.put_nowait(pb.AttendSessionResponse(receipt=receipt))


async def _write(waiting: Waiting, context: Any) -> None:
    while True:
        await context.write(await waiting.get())


async def main() -> None:
    """Serve until the parent hangs up."""
    server = grpc.aio.server()
    sessions_pb2_grpc.add_SessionsServiceServicer_to_server(BareRooms(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main())
