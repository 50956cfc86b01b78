"""A live room without a network: real streams over wires made of queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from haven.sessions.v1 import resources_pb2, sessions_pb2

from chassis.call import Call
from services.sessions.live.connection import Live
from services.sessions.live.desk import SignalDesk
from services.sessions.live.hub import Hub
from services.sessions.live.pulse import Pulse
from services.sessions.live.stream import attend
from services.sessions.live.talk import Talk
from tests.unit.sessions.ward import Ward

PATIENCE_SECONDS = 20.0
Answer = sessions_pb2.AttendSessionResponse


class QueueWire:
    """What the participant sends is put; what it is sent is taken, or left lying."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[sessions_pb2.AttendSessionRequest | None] = asyncio.Queue()
        self.received: asyncio.Queue[Answer] = asyncio.Queue()
        self.messages: list[bytes] = []
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def read(self) -> sessions_pb2.AttendSessionRequest | None:
        return await self.sent.get()

    async def write(self, frame: bytes) -> None:
        await self.is_open.wait()
        self.messages.append(frame)
        message = Answer.FromString(frame)
        is_one = message.WhichOneof("frame") != "frames"
        for each in [message] if is_one else message.frames.frames:
            self.received.put_nowait(each)


class Client:
    """One participant."""

    def __init__(self, ward: Ward, live: Live, call: Call) -> None:
        self._ward, self._call = ward, call
        self.wire = QueueWire()
        self.frames: list[Answer] = []
        self.stream = asyncio.create_task(attend(self.wire, call, live))

    def hello(self, session_id: str = "s-1", **fields: Any) -> None:
        if not fields.keys() & {"join_ticket", "resume_token"}:
            fields["join_ticket"] = self._ward.ticket(self._call, session_id)
        hello = sessions_pb2.Hello(session_id=session_id, **fields)
        self.send(hello=hello)

    def send(self, **frame: Any) -> None:
        self.wire.sent.put_nowait(sessions_pb2.AttendSessionRequest(**frame))

    def say(self, text: str, request_id: str = "") -> str:
        request_id = request_id or str(uuid4())
        self.send(chat=sessions_pb2.Chat(request_id=request_id, text=text))
        return request_id

    def press(self, **fields: str) -> None:
        values = {"request_id": str(uuid4()), **fields}
        self.send(raise_signal=sessions_pb2.RaiseSignal(**values))

    def beat(self) -> None:
        self.send(heartbeat=sessions_pb2.Heartbeat())

    def leave(self) -> None:
        self.send(leave=sessions_pb2.Leave())

    async def next(self, kind: str, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next frame of that kind; what comes before it is kept in `frames`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.wire.received.get()
                self.frames.append(frame)
                if frame.WhichOneof("frame") == kind and where(getattr(frame, kind)):
                    return getattr(frame, kind)

    async def hears(self, text: str) -> resources_pb2.RoomEvent:
        event: resources_pb2.RoomEvent = await self.next(
            "room_event", lambda each: each.text == text
        )
        return event

    async def end(self) -> None:
        """Until the stream is over; raises what it ended with."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.stream

    def cut(self) -> None:
        """The network is gone."""
        self.stream.cancel()


def written(frames: Iterable[Answer]) -> list[bytes]:
    """Frames byte for byte, but for the secret that each hello is answered with."""
    copies = [Answer.FromString(frame.SerializeToString()) for frame in frames]
    for copy in copies:
        if copy.HasField("welcome"):
            copy.welcome.ClearField("resume_token")
    return [copy.SerializeToString() for copy in copies]


class Alone:
    """No other replica; what would be told is kept."""

    def __init__(self) -> None:
        self.hosted: list[tuple[str, str]] = []
        self.told: list[tuple[str, str, int]] = []

    def start(self, *_: Any) -> None:
        return None

    def stop(self) -> None:
        return None

    def host(self, tenant_id: str, session_id: str) -> None:
        self.hosted.append((tenant_id, session_id))

    def leave(self, tenant_id: str, session_id: str) -> None:
        self.hosted.remove((tenant_id, session_id))

    def tell(self, tenant_id: str, session_id: str, number: int) -> None:
        self.told.append((tenant_id, session_id, number))


class Replica:
    """One api process's live rooms."""

    def __init__(self, ward: Ward, *, reader_queue: int = 256) -> None:
        self._ward, sessions = ward, ward.sessions
        self.neighbours = Alone()
        hub = Hub(
            sessions.room_log, sessions.private_log, run=in_thread, neighbours=self.neighbours
        )
        desk = SignalDesk(sessions.signals, sessions.policies, hub, threads=2)
        talk = Talk(sessions.chats, sessions.lots, hub, in_thread)
        pulse = Pulse(sessions.pulses, sessions.presences, in_thread)
        self.live = Live(sessions, hub, desk, talk, pulse, in_thread, reader_queue)
        self.clients: list[Client] = []

    def connects(self, call: Call) -> Client:
        client = Client(self._ward, self.live, call)
        self.clients.append(client)
        return client

    async def joins(self, call: Call, **cursors: int) -> Client:
        client = self.connects(call)
        client.hello(**cursors)
        await client.next("welcome")
        return client


async def in_thread(fn: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.to_thread(fn, *args)


@asynccontextmanager
async def replica(ward: Ward, *, reader_queue: int = 256) -> AsyncIterator[Replica]:
    """A replica that is serving."""
    served = Replica(ward, reader_queue=reader_queue)
    async with served.live.hub.running(lambda *_: None), served.live.desk.open():
        try:
            yield served
        finally:
            streams = [client.stream for client in served.clients]
            for stream in streams:
                stream.cancel()
            await asyncio.gather(*streams, return_exceptions=True)
