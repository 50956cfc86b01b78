"""Bad input of every documented kind, sent by one person of each room while the others talk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import grpc
from haven.sessions.v1 import sessions_pb2 as pb
from haven.sessions.v1.sessions_pb2_grpc import SessionsServiceStub

from chassis.ids import new_id
from tests.roomfaults.guest import OWN, Pass, end_of, hello_for

METHOD = "/haven.sessions.v1.SessionsService/AttendSession"
UNKNOWN = bytes([0x9A, 0x06, 0x00])  # field 99, which no client of today has
GARBAGE = b"\xff\xff\xff\xff"
ANSWER_SECONDS = 60.0
FLOOD = 2000  # frames: several times a tenant's burst, whatever refills meanwhile
BABBLE = 60  # messages: several times a tenant's burst, whatever refills meanwhile


class Misfit:
    """One connection that sends what it likes, also what is no frame."""

    def __init__(self, own: Pass, address: str) -> None:
        self._own, self._address = own, address
        self._channel = grpc.aio.insecure_channel(address, options=OWN)
        self._stub: Any = SessionsServiceStub(self._channel)
        self._attend: Any = self._channel.stream_stream(
            METHOD,
            request_serializer=lambda each: (
                each if isinstance(each, bytes) else each.SerializeToString()
            ),
            response_deserializer=pb.AttendSessionResponse.FromString,
        )
        self._stream: Any = None

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()

    def begin(self) -> None:
        """A new stream, without a hello."""
        self._stream = self._attend(metadata=self._own.metadata)

    async def hello(self, *, cursor: int = 0) -> pb.Hello:
        """A proper one."""
        return await hello_for(self._stub, self._own, room_cursor=cursor)

    async def enter(self) -> None:
        """Into the room, as everybody."""
        self.begin()
        await self.send(pb.AttendSessionRequest(hello=await self.hello()))
        await self.next("welcome")

    async def send(self, *frames: pb.AttendSessionRequest | bytes) -> None:
        """As they are, one after the other; the rest is lost once the stream has ended."""
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            for frame in frames:
                await self._stream.write(frame)

    async def next(self, kind: str) -> Any:
        """The next frame of that kind."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while (frame := await self._stream.read()) is not grpc.aio.EOF:
                if frame.WhichOneof("frame") == kind:
                    return getattr(frame, kind)
        raise AssertionError(f"the stream ended before {kind}")

    async def refused(self, *frames: pb.AttendSessionRequest | bytes) -> str:
        """The reason of the refusal; the stream goes on."""
        await self.send(*frames)
        return str((await self.next("refusal")).reason)

    async def tells(self, *frames: pb.AttendSessionRequest) -> str:
        """How a stream ends on which these come as fast as the network takes them.

        By the synchronous client: the other takes the end of such a stream for a fault of its own.
        """
        hello = pb.AttendSessionRequest(hello=await self.hello())
        return await asyncio.to_thread(self._told, [hello, *frames])

    def _told(self, frames: Sequence[pb.AttendSessionRequest]) -> str:
        over = threading.Event()

        def sent() -> Iterator[pb.AttendSessionRequest]:
            yield from frames
            over.wait(ANSWER_SECONDS)  # the end is the other side's to say

        with grpc.insecure_channel(self._address, options=OWN) as channel:
            stub: Any = SessionsServiceStub(channel)
            try:
                for frame in stub.AttendSession(
                    sent(), metadata=self._own.metadata, timeout=ANSWER_SECONDS
                ):
                    if frame.WhichOneof("frame") == "goodbye":
                        return pb.GoodbyeReason.Name(frame.goodbye.reason)
            except grpc.RpcError as error:
                return end_of(error)
            finally:
                over.set()
        return "EOF"

    async def ended(self) -> str:
        """How the stream ends."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while (frame := await self._stream.read()) is not grpc.aio.EOF:
                    if frame.WhichOneof("frame") == "goodbye":
                        return pb.GoodbyeReason.Name(frame.goodbye.reason)
        except grpc.aio.AioRpcError as error:
            return end_of(error)
        return "EOF"


def chat(text: str, request_id: str = "") -> pb.AttendSessionRequest:
    """A message."""
    return pb.AttendSessionRequest(chat=pb.Chat(request_id=request_id or new_id(), text=text))


BEAT = pb.AttendSessionRequest(heartbeat=pb.Heartbeat())
LEAVE = pb.AttendSessionRequest(leave=pb.Leave())
Answer = Awaitable[str]
NOT_VALID_YET = "a token of tomorrow"  # to a replica whose clock is slow
NO_HELLO = "INVALID_ARGUMENT HELLO_MISSING"


async def _begins_with(misfit: Misfit, frame: pb.AttendSessionRequest | bytes) -> str:
    misfit.begin()
    await misfit.send(frame)
    return await misfit.ended()


async def _ends_with(misfit: Misfit, *frames: pb.AttendSessionRequest | bytes) -> str:
    await misfit.enter()
    await misfit.send(*frames)
    return await misfit.ended()


async def _from_the_future(misfit: Misfit) -> str:
    hello = await misfit.hello(cursor=1_000_000)
    return await _begins_with(misfit, pb.AttendSessionRequest(hello=hello))


async def _hello(misfit: Misfit) -> str:
    return await _begins_with(misfit, pb.AttendSessionRequest(hello=await misfit.hello()))


async def _without_ticket(misfit: Misfit) -> str:
    hello = await misfit.hello()
    hello.join_ticket = ""
    return await _begins_with(misfit, pb.AttendSessionRequest(hello=hello))


async def _ticket_twice(misfit: Misfit) -> str:
    hello = pb.AttendSessionRequest(hello=await misfit.hello())
    misfit.begin()
    await misfit.send(hello)
    await misfit.next("welcome")
    return await _begins_with(misfit, hello)


async def _second_hello(misfit: Misfit) -> str:
    await misfit.enter()
    return await misfit.refused(pb.AttendSessionRequest(hello=await misfit.hello()))


async def _refused(misfit: Misfit, *frames: pb.AttendSessionRequest | bytes) -> str:
    await misfit.enter()
    return await misfit.refused(*frames)


async def _one_key_for_two(misfit: Misfit) -> str:
    request_id = new_id()
    return await _refused(misfit, chat("one", request_id), chat("other", request_id))


# What is sent, and the documented reason that must come.
CASES: dict[str, tuple[Callable[[Misfit], Answer], str]] = {
    "a message before the hello": (lambda it: _begins_with(it, chat("first")), NO_HELLO),
    "a heartbeat before the hello": (lambda it: _begins_with(it, BEAT), NO_HELLO),
    "a cursor of the future": (_from_the_future, "OUT_OF_RANGE CURSOR_UNKNOWN"),
    NOT_VALID_YET: (_hello, "UNAUTHENTICATED TOKEN_NOT_YET_VALID"),
    "no ticket": (_without_ticket, "FAILED_PRECONDITION TICKET_REQUIRED"),
    "a ticket twice": (_ticket_twice, "FAILED_PRECONDITION TICKET_USED"),
    "a second hello": (_second_hello, "HELLO_REPEATED"),
    "an empty frame": (lambda it: _refused(it, b""), "FRAME_UNKNOWN"),
    "a frame of tomorrow": (lambda it: _refused(it, UNKNOWN), "FRAME_UNKNOWN"),
    "no frame": (lambda it: _ends_with(it, GARBAGE), "INVALID_ARGUMENT MESSAGE_UNDECODABLE"),
    "a message after going": (
        lambda it: it.tells(LEAVE, chat("misfit: after the leave")),
        "GOODBYE_REASON_LEFT",
    ),
    "no text": (lambda it: _refused(it, chat(" ")), "TEXT_REQUIRED"),
    "a text that is too long": (lambda it: _refused(it, chat("x" * 2001)), "TEXT_TOO_LONG"),
    "no key": (lambda it: _refused(it, chat("misfit: no key", "me")), "REQUEST_ID_INVALID"),
    "one key for two texts": (_one_key_for_two, "REQUEST_ID_REUSED"),
    "a frame that is too large": (
        lambda it: _ends_with(it, chat("x" * (1 << 20))),
        "RESOURCE_EXHAUSTED MESSAGE_TOO_LARGE",
    ),
    "a flood of heartbeats": (
        lambda it: it.tells(*[BEAT] * FLOOD),
        "RESOURCE_EXHAUSTED FRAMES_TOO_MANY",
    ),
    "a flood of messages": (
        lambda it: _refused(it, *(chat(f"misfit: {number}") for number in range(BABBLE))),
        "RATE_LIMITED",
    ),
}


async def wrong_answers(own: Pass, address: str, names: list[str]) -> list[str]:
    """One after the other, each on a stream of its own; where another answer came."""
    wrong = []
    for name in names:
        misfit = Misfit(own, address)
        try:
            play, expected = CASES[name]
            answer = await play(misfit)
        except grpc.aio.AioRpcError as error:
            answer = end_of(error)
        except (AssertionError, TimeoutError) as error:
            answer = repr(error)
        finally:
            await misfit.close()
        if answer != expected:
            wrong.append(f"{name}: {answer} instead of {expected}")
    return wrong
