"""One person on one stream, as the crowd plays them."""

from __future__ import annotations

import asyncio
import random
import time
from array import array
from collections import Counter
from contextlib import suppress
from typing import Any

import grpc
from haven.sessions.v1 import sessions_pb2 as pb

from chassis.ids import new_id

PATIENCE_SECONDS = 60.0
ALIVE = pb.AttendSessionRequest(heartbeat=pb.Heartbeat())


class Tally:
    """What everybody saw. A text is the nanosecond at which it was sent, on the machine's clock."""

    def __init__(self) -> None:
        self.begin(0, 0)

    def begin(self, since: int, until: int) -> None:
        """Forget what was; look at what is sent from `since` to `until`."""
        self.since, self.until = since, until
        self.delays = array("q")
        self.received = self.said = 0
        self.odd = Counter[str]()  # refusals, goodbyes, streams that broke

    def is_meant(self, sent: int) -> bool:
        """Whether it was sent while we look."""
        return self.since <= sent < self.until

    def hear(self, sent: int) -> None:
        """A text has reached somebody."""
        now = time.monotonic_ns()
        if self.is_meant(now):
            self.received += 1
        if self.is_meant(sent):
            self.delays.append(now - sent)


class Attendee:
    """Joins, listens, sends heartbeats; says and presses when told to."""

    def __init__(self, stub: Any, tally: Tally, *, session_id: str, subject: str, token: str):
        self._stub, self._tally, self._session_id = stub, tally, session_id
        self.subject = subject
        self._metadata = (("authorization", f"Bearer {token}"),)
        self.is_counted = True
        self.cursor = 0
        self._awaited, self._beat_seconds = 0, 0.0
        self._resume_token = ""
        self._welcomed, self._caught_up = asyncio.Event(), asyncio.Event()
        self._answered = asyncio.Semaphore(0)
        self._tasks: list[asyncio.Task[None]] = []
        self._writing = asyncio.Lock()
        self._stream: Any = None

    async def join(self, *, up_to: int = 0) -> float:
        """Seconds from the first byte, of the ticket where there must be one, until the room is
        shown, up to that number."""
        began = time.monotonic()
        hello = await self._hello()
        self._welcomed.clear()
        self._caught_up.clear()
        self._awaited = up_to
        self._stream = self._stub.AttendSession(metadata=self._metadata)
        await self._stream.write(pb.AttendSessionRequest(hello=hello))
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._beat())]
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._welcomed.wait()
            if self.cursor < up_to:
                await self._caught_up.wait()
        return time.monotonic() - began

    async def _hello(self) -> pb.Hello:
        """With what the last welcome brought, or with a ticket."""
        hello = pb.Hello(session_id=self._session_id, room_cursor=self.cursor, reads_frames=True)
        hello.resume_token = self._resume_token
        if not self._resume_token:
            asked = pb.CreateJoinTicketRequest(request_id=new_id(), session_id=self._session_id)
            answer = await self._stub.CreateJoinTicket(
                asked, metadata=self._metadata, timeout=PATIENCE_SECONDS
            )
            hello.join_ticket = answer.join_ticket
        return hello

    async def say(self) -> None:
        """The time, to the room."""
        sent = time.monotonic_ns()
        self._tally.said += self._tally.is_meant(sent)
        await self._send(pb.AttendSessionRequest(chat=pb.Chat(request_id=new_id(), text=str(sent))))

    async def converse(self, end: float) -> None:
        """Say something as soon as the last is in the room."""
        self._answered = asyncio.Semaphore(0)  # what was answered too late to count is no leave
        with suppress(TimeoutError):
            while (left := end - time.monotonic()) > 0:
                await self.say()  # cut short it would take the stream with it
                async with asyncio.timeout(left):
                    await self._answered.acquire()

    async def chat(self, end: float, every: float) -> None:
        """Say something every so many seconds, whatever became of the last."""
        next_ = time.monotonic() + random.uniform(0, every)  # a phase, not a secret
        while next_ < end:
            await asyncio.sleep(max(0.0, next_ - time.monotonic()))
            await self.say()
            next_ += every

    async def press(self) -> float:
        """Call for help; when that was."""
        now = time.monotonic()
        raised = pb.RaiseSignal(request_id=new_id())
        await self._send(pb.AttendSessionRequest(raise_signal=raised))
        return now

    def cut(self) -> None:
        """The connection is gone, without a word."""
        for task in self._tasks:
            task.cancel()
        if self._stream is not None:  # else the door was too busy to give a ticket
            self._stream.cancel()

    async def leave(self) -> None:
        """Go in order."""
        await self._send(pb.AttendSessionRequest(leave=pb.Leave()))
        await self._tasks[0]
        self._tasks[1].cancel()

    async def _send(self, frame: pb.AttendSessionRequest) -> None:
        try:
            async with self._writing:  # two writes at once end a stream
                await self._stream.write(frame)
        except (grpc.RpcError, asyncio.InvalidStateError):
            self._tally.odd["unsent"] += 1

    async def _beat(self) -> None:
        await self._welcomed.wait()
        await asyncio.sleep(random.uniform(0, self._beat_seconds))  # not all at once
        while True:
            await self._send(ALIVE)
            await asyncio.sleep(self._beat_seconds)

    async def _read(self) -> None:
        try:
            while (message := await self._stream.read()) is not grpc.aio.EOF:
                is_several = message.WhichOneof("frame") == "frames"
                for frame in message.frames.frames if is_several else [message]:
                    self._take(frame)
        except grpc.RpcError as error:
            self._tally.odd[f"ended {error.code().name}"] += 1  # type: ignore[attr-defined]

    def _take(self, frame: pb.AttendSessionResponse) -> None:
        kind = frame.WhichOneof("frame")
        if kind == "room_event":
            self.cursor = frame.room_event.number
            if frame.room_event.text and self.is_counted:
                self._tally.hear(int(frame.room_event.text))
            if self.cursor >= self._awaited:
                self._caught_up.set()
        elif kind == "receipt":
            self._answered.release()
        elif kind == "welcome":
            self._beat_seconds = frame.welcome.heartbeat_interval.ToTimedelta().total_seconds()
            self._resume_token = frame.welcome.resume_token
            self._welcomed.set()
        elif kind == "refusal":
            self._tally.odd[frame.refusal.reason] += 1
            self._answered.release()
        elif kind == "goodbye":
            self._tally.odd[pb.GoodbyeReason.Name(frame.goodbye.reason)] += 1
