"""One stay in a room, over as many connections as it takes.

Each connection begins with a hello that carries the cursors of the view, so that nothing is
missing and nothing comes twice. Heartbeats go by themselves; a service that says nothing for
three of their intervals is taken for lost, since it would send a ping in one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from grpc import aio
from haven.sessions.v1 import sessions_pb2 as pb
from haven.sessions.v1.sessions_pb2_grpc import SessionsServiceStub

from chassis.ids import new_id
from cli.room import words
from cli.room.door import Door, Refused, canceled_there, refused
from cli.room.view import Gap, View

BEAT_SECONDS = 5.0  # until the service has said how often
SILENT_BEATS, SILENT_SECONDS = 3, 5.0  # both must be over: a busy machine is no lost one
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
KNOCK_SECONDS = 30.0  # nobody has answered yet: probably there is nothing
PATIENCE_SECONDS = 600.0  # gaps up to this are joined where minutes are counted
ANSWER_SECONDS = 15.0  # then the same frame is sent again; it has one effect all the same
AWAY_SECONDS = 10.0  # for hanging up

Take = Callable[[pb.AttendSessionResponse], None]
Stream = aio.StreamStreamCall[pb.AttendSessionRequest, pb.AttendSessionResponse]
Answers = dict[str, asyncio.Future["str | None"]]
ENDINGS = {
    pb.GOODBYE_REASON_LEFT: "you have left; your seat stays",
    pb.GOODBYE_REASON_SESSION_ENDED: "the session is over",
    pb.GOODBYE_REASON_REPLACED: "you came in from somewhere else; that connection goes on",
    pb.GOODBYE_REASON_REMOVED: "staff has shown you out; call the program if you need somebody",
}
COME_AGAIN = {
    pb.GOODBYE_REASON_RESUME: "this reader was too slow",
    pb.GOODBYE_REASON_RESUME_ELSEWHERE: "that server is shutting down",
}
GONE = "you are gone; the room may notice only in a while"
# A new ticket is all that it takes. RESUME_UNKNOWN is not: the same person came in elsewhere.
NEW_TICKET = {"TICKET_UNKNOWN", "TICKET_EXPIRED", "TICKET_USED", "RESUME_EXPIRED"}
OVER = {"SESSION_ENDED", "SESSION_CANCELED"}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stay came to its end: 0 and why, or 1 and what would help."""

    code: int
    text: str


class Lost(Exception):
    """The connection is gone without a goodbye."""


class Attendance:
    """Keeps one participant in the room: `take` gets each frame, `lost` each loss of the way."""

    def __init__(self, door: Door, view: View, *, take: Take, lost: Callable[[str], None]) -> None:
        self._door, self._view = door, view
        self._take, self._lost = take, lost
        self._stream: Stream | None = None
        self._writing = asyncio.Lock()
        self._connected = asyncio.Event()
        self._answers: Answers = {}
        self._beat_seconds = BEAT_SECONDS
        self._is_leaving = False
        self._came = self._was_well = time.monotonic()
        self._resume_token = ""
        self._said = ""  # the request_id of what was written last

    async def run(self) -> Ending:
        """Until the stay is over for good."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._stay()
            except aio.AioRpcError as error:
                told = refused(error)
                if not self._may_return(told):
                    return self._shown_out(told)
                why = words.refusal(told.reason, told.code)
                self._give_up_on(told)
            except (Lost, Gap) as error:
                why = str(error)
            self._disconnect(why)
            if self._is_leaving:
                return Ending(0, GONE)
            patience = PATIENCE_SECONDS if self._view.was_connected else KNOCK_SECONDS
            if time.monotonic() - self._was_well > patience:
                return Ending(1, f"given up after {patience:.0f} s: {why}")
            if self._was_well > self._came:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def ask(self, request_id: str, frame: pb.AttendSessionRequest) -> str | None:
        """Until what the frame asks for is done: None; or the reason why it never will be."""
        while True:
            await self._connected.wait()
            answer = self._answers[request_id] = asyncio.get_running_loop().create_future()
            self._said = request_id
            await self.write(frame)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    reason: str | None = await answer
                    return reason
            except (TimeoutError, Lost):
                continue  # it is done once, however often it is sent
            finally:
                self._answers.pop(request_id, None)

    async def arrive(self) -> None:
        """Return once the service has let us in, or to its door."""
        await self._connected.wait()

    async def leave(self) -> bool:
        """Ask to go. False where nobody is there to be asked."""
        self._is_leaving = True
        return await self.write(pb.AttendSessionRequest(leave=pb.Leave()))

    async def write(self, frame: pb.AttendSessionRequest) -> bool:
        """False where nobody is connected, or nobody any more."""
        async with self._writing:
            if (stream := self._stream) is None:
                return False
            try:
                with canceled_there():
                    await stream.write(frame)
            except (aio.AioRpcError, asyncio.InvalidStateError):
                return False  # the reader of the stream hears why
            return True

    async def _stay(self) -> Ending:
        """One connection. Raises what it broke by; Lost also where the service asks to return."""
        self._came = time.monotonic()
        hello = await self._hello()
        channel = self._door.channel()
        beating: asyncio.Task[None] | None = None
        stream = SessionsServiceStub(channel).AttendSession(metadata=self._door.metadata())
        try:
            await self._greet(stream, hello)
            self._stream = stream
            beating = asyncio.create_task(self._beat())
            while True:
                for frame in _each(await self._read(stream)):
                    if (ending := self._hear(frame)) is not None:
                        return ending
        finally:
            self._stream = None
            if beating is not None:
                beating.cancel()
            stream.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(AWAY_SECONDS):
                    await channel.close()

    async def _greet(self, stream: Stream, hello: pb.Hello) -> None:
        try:
            with suppress(asyncio.InvalidStateError):  # reading tells why
                async with asyncio.timeout(KNOCK_SECONDS):
                    with canceled_there():
                        await stream.write(pb.AttendSessionRequest(hello=hello))
        except TimeoutError:
            raise Lost("nobody answers") from None

    async def _read(self, stream: Stream) -> pb.AttendSessionResponse:
        try:
            async with asyncio.timeout(max(SILENT_SECONDS, SILENT_BEATS * self._beat_seconds)):
                with canceled_there():
                    frame = await stream.read()
        except TimeoutError:
            raise Lost("nothing was heard for too long") from None
        if not isinstance(frame, pb.AttendSessionResponse):
            raise Lost("the stream ended without a goodbye")
        return frame

    def _hear(self, frame: pb.AttendSessionResponse) -> Ending | None:
        if (now := time.monotonic()) - self._came > LONGEST_PAUSE:
            self._was_well = now  # one that breaks again and again is not
        match frame.WhichOneof("frame"):
            case "receipt":
                self._answer(frame.receipt.request_id, None)
            case "refusal":
                self._answer(frame.refusal.request_id, frame.refusal.reason)
            case "goodbye":
                return self._part(frame.goodbye.reason)
            case "waiting":
                self._resume_token = frame.waiting.resume_token
                self._keep_pace(frame.waiting.heartbeat_interval.ToTimedelta().total_seconds())
            case "welcome":
                self._resume_token = frame.welcome.resume_token
                self._keep_pace(frame.welcome.heartbeat_interval.ToTimedelta().total_seconds())
        self._take(frame)
        return None

    async def _hello(self) -> pb.Hello:
        """With what opens the door: the last answer's token, or a ticket for the first time."""
        view = self._view
        hello = pb.Hello(
            session_id=self._door.session_id, room_cursor=view.room_cursor, reads_frames=True
        )
        if view.private_cursor is not None:
            hello.private_cursor = view.private_cursor
        hello.resume_token = self._resume_token
        if not hello.resume_token:
            wanted = pb.CreateJoinTicketRequest(
                request_id=new_id(), session_id=self._door.session_id
            )
            answer = await self._door.ask("CreateJoinTicket", wanted, within=ANSWER_SECONDS)
            hello.join_ticket = answer.join_ticket
        return hello

    def _keep_pace(self, seconds: float) -> None:
        self._beat_seconds = seconds if seconds > 0 else BEAT_SECONDS
        self._connected.set()

    async def _beat(self) -> None:
        beat = pb.AttendSessionRequest(heartbeat=pb.Heartbeat())
        while True:
            await asyncio.sleep(self._beat_seconds)
            await self.write(beat)

    def _answer(self, request_id: str, reason: str | None) -> None:
        answer = self._answers.get(request_id)
        if answer is not None and not answer.done():
            answer.set_result(reason)

    def _part(self, reason: pb.GoodbyeReason.ValueType) -> Ending:
        if reason in ENDINGS:
            return Ending(0, ENDINGS[reason])
        raise Lost(COME_AGAIN.get(reason, "the service said goodbye"))

    def _disconnect(self, why: str) -> None:
        self._connected.clear()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(Lost(why))
        self._lost(why)

    def _may_return(self, told: Refused) -> bool:
        """True where nobody has to change anything, or all that it takes is a new ticket."""
        if told.reason not in NEW_TICKET:
            return told.is_passing
        self._resume_token = ""
        return True

    def _give_up_on(self, told: Refused) -> None:
        """What broke the stream would break the next one as well."""
        if told.reason == "MESSAGE_TOO_LARGE":
            self._answer(self._said, told.reason)

    def _shown_out(self, told: Refused) -> Ending:
        if told.reason in OVER and self._view.was_connected:
            return Ending(0, "the session ended while you were away")
        return Ending(1, words.refusal(told.reason, told.code))


def _each(message: pb.AttendSessionResponse) -> Sequence[pb.AttendSessionResponse]:
    """The frames that came as one message."""
    is_several = message.WhichOneof("frame") == "frames"
    return message.frames.frames if is_several else [message]
