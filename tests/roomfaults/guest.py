"""One person with a device, who comes again as long as it takes: what a good client does."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status.rpc_status import from_call
from haven.sessions.v1 import resources_pb2 as resources
from haven.sessions.v1 import sessions_pb2 as pb
from haven.sessions.v1.sessions_pb2_grpc import SessionsServiceStub

from chassis.ids import new_id

# A channel of one's own, as every device has one; else those of one process share connections.
OWN = [("grpc.use_local_subchannel_pool", 1)]
BEAT_SECONDS = 2.5  # more often than asked, as the browser's example does
PAUSE_SECONDS = 0.2  # before coming again
REPEAT_SECONDS = 0.6  # a tenant lets a patient say two things a second
# What no machine is too busy for.
WELCOME_SECONDS = 60.0
CALL_SECONDS = 30.0
TRIES = 30  # of a question, a second apart
REPEATABLE = {
    grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}  # fmt: skip
# After these a device does not come again by itself.
FINAL = {pb.GOODBYE_REASON_LEFT, pb.GOODBYE_REASON_SESSION_ENDED, pb.GOODBYE_REASON_REPLACED}
# Without a reason, so not Haven's: this client wrote while the stream ended, and reads no goodbye.
OVERRUN = "INTERNAL"
OTHER_DEVICE = "FAILED_PRECONDITION RESUME_UNKNOWN"  # came in with a ticket meanwhile
AGAIN = {
    "RATE_LIMITED", "STORE_UNAVAILABLE", "WRITE_CONFLICT", "SERVER_BUSY", "DEADLINE_EXCEEDED",
}  # fmt: skip
CUT = "CUT"
SENT = resources.SAFETY_SIGNAL_STATE_SENT


@dataclass(frozen=True, slots=True)
class Pass:
    """Who one is, for which room."""

    session_id: str
    subject: str
    token: str
    is_patient: bool = True

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What every call brings."""
        return (("authorization", f"Bearer {self.token}"),)


@dataclass(slots=True)
class Record:
    """Everything that one device saw, over all of its connections."""

    events: list[resources.RoomEvent] = field(default_factory=list)
    private: list[resources.PrivateEvent] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)  # of connections, by the reason
    refusals: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)  # of texts, from the lips to this ear
    welcomes: int = 0

    @property
    def numbers(self) -> list[int]:
        """In the order in which they came."""
        return [event.number for event in self.events]


class Guest:
    """Attends at one of several addresses, and at the next one when a connection is lost."""

    def __init__(self, own: Pass, addresses: Sequence[str], *, at: int) -> None:
        self.own, self.record, self.place = own, Record(), at
        self.alias = ""
        self.came = self.since = 0.0  # the first hello, and the first welcome
        self.said: dict[str, str] = {}  # text by request_id
        self._head = 0  # of the room at the first welcome: what was before was for others
        self._unanswered: set[str] = set()
        self._to_repeat: list[str] = []
        self._addresses = list(addresses)
        self._stream: Any = None
        self._resume_token = ""
        self._lost: Any = None  # the stream that was cut last
        self._writing = asyncio.Lock()
        self._is_welcome = asyncio.Event()
        self._is_leaving = False
        self._staying: asyncio.Task[None] | None = None

    @property
    def is_present(self) -> bool:
        """Connected and shown the room."""
        return self._is_welcome.is_set()

    @property
    def answered(self) -> dict[str, str]:
        """What was said and has its receipt."""
        return {key: text for key, text in self.said.items() if key not in self._unanswered}

    @property
    def is_answered(self) -> bool:
        """Nothing that was said waits for its receipt."""
        return not self._unanswered

    async def come(self) -> None:
        """Return with the welcome; from then on they stay by themselves."""
        self._staying = asyncio.create_task(self._stay())
        welcomed = asyncio.create_task(self._is_welcome.wait())
        await asyncio.wait({welcomed, self._staying}, return_when=asyncio.FIRST_COMPLETED)
        welcomed.cancel()
        assert self.record.welcomes, f"{self.own.subject} did not come in: {self.record.ends}"

    async def end(self) -> None:
        """Wait until this device has seen its last."""
        assert self._staying is not None
        await self._staying

    async def leave(self) -> None:
        """Go in order."""
        self._is_leaving = True
        if self._staying is None or self._staying.done():
            return
        await self._send(leave=pb.Leave())
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL_SECONDS):
                await asyncio.shield(self._staying)
        self._staying.cancel()

    def cut(self, *, go_to: int) -> None:
        """The network is gone; they come again at this address."""
        self.place = go_to - 1
        self._is_welcome.clear()  # at once, for whoever waits for the return
        self._lost = self._stream
        self._stream.cancel()

    async def say(self, text: str = "") -> None:
        """The time, to the room; said again until it has its receipt."""
        request_id = new_id()
        self.said[request_id] = text or f"{time.monotonic_ns()} {request_id}"
        self._unanswered.add(request_id)
        await self._utter(request_id)

    async def press(self) -> None:
        """Call for help."""
        await self._send(raise_signal=pb.RaiseSignal(request_id=new_id()))

    @property
    def is_help_on_its_way(self) -> bool:
        """A case is open, as this device was told."""
        return any(each.safety_signal.state == SENT for each in self.record.private)

    async def minutes(self, address: str) -> float:
        """Counted seconds, as this replica tells the patient."""
        asked = pb.GetAttendanceRequest(session_id=self.own.session_id, patient_id=self.own.subject)
        async with grpc.aio.insecure_channel(address, options=OWN) as channel:
            call: Any = SessionsServiceStub(channel).GetAttendance
            for left in reversed(range(TRIES)):
                try:
                    answer = await call(asked, metadata=self.own.metadata, timeout=CALL_SECONDS)
                    break
                except grpc.aio.AioRpcError as error:
                    if not left or error.code() not in REPEATABLE:
                        raise
                await asyncio.sleep(1.0)
        return float(answer.attendance.counted_seconds)

    async def _stay(self) -> None:
        while not self._is_leaving:
            address = self._addresses[self.place % len(self._addresses)]
            try:
                async with grpc.aio.insecure_channel(address, options=OWN) as channel:
                    reason = await self._attend(SessionsServiceStub(channel))
            except grpc.aio.AioRpcError as error:
                if self._is_refused(end_of(error)):
                    return
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                self.record.ends.append(CUT)  # the stream was canceled, not we
            else:
                self.record.ends.append(pb.GoodbyeReason.Name(reason))
                if reason in FINAL:
                    return
            self.place += 1
            await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))

    def _is_refused(self, end: str) -> bool:
        """True where this device is not to come again."""
        self.record.ends.append(end)
        if "RESUME_" in end:
            self._resume_token = ""  # a ticket, then
        return end == OTHER_DEVICE

    async def _attend(self, stub: Any) -> pb.GoodbyeReason.ValueType:
        """One connection; what it ended with."""
        self.came = self.came or time.monotonic()
        hello = await self._hello(stub)
        self._stream = stub.AttendSession(metadata=self.own.metadata)
        tasks = [asyncio.create_task(each) for each in (self._beat(), self._repeat())]
        try:
            async with asyncio.timeout(WELCOME_SECONDS) as welcome_due:
                await self._send(hello=hello)
                return await self._read(welcome_due)
        except TimeoutError:
            self._stream.cancel()
            return pb.GOODBYE_REASON_UNSPECIFIED
        finally:
            self._is_welcome.clear()
            for task in tasks:
                task.cancel()

    async def _read(self, welcome_due: asyncio.Timeout) -> pb.GoodbyeReason.ValueType:
        while (frame := await self._stream.read()) is not grpc.aio.EOF:
            kind = frame.WhichOneof("frame")
            if kind == "goodbye":
                return frame.goodbye.reason
            self._take(kind, frame)
            if kind == "welcome":
                welcome_due.reschedule(None)
        return pb.GOODBYE_REASON_UNSPECIFIED  # nobody said goodbye

    async def _hello(self, stub: Any) -> pb.Hello:
        numbers = self.record.numbers
        private = max((each.number for each in self.record.private), default=0)
        at = numbers[-1] if numbers else 0
        return await hello_for(
            stub, self.own, room_cursor=at, private_cursor=private, resume_token=self._resume_token
        )

    def _take(self, kind: str | None, frame: pb.AttendSessionResponse) -> None:
        match kind:
            case "welcome":
                self._enter(frame.welcome)
            case "room_event":
                self._hear(frame.room_event)
            case "private_event":
                self.record.private.append(frame.private_event)
            case "receipt":
                self._unanswered.discard(frame.receipt.request_id)
            case "refusal":
                self._mend(frame.refusal)

    def _enter(self, welcome: pb.Welcome) -> None:
        record, self._resume_token = self.record, welcome.resume_token
        self.alias, self.since = welcome.alias, self.since or time.monotonic()
        self._head = self._head if record.welcomes else welcome.cursor
        record.welcomes += 1
        self._to_repeat = sorted(self._unanswered)
        if self._stream is not self._lost:  # else it was on its way to a dead line
            self._is_welcome.set()

    def _hear(self, event: resources.RoomEvent) -> None:
        self.record.events.append(event)
        sent, _, _ = event.text.partition(" ")
        if sent.isdecimal() and event.number > self._head:
            self.record.delays.append((time.monotonic_ns() - int(sent)) / 1e9)

    def _mend(self, refusal: pb.Refusal) -> None:
        self.record.refusals.append(refusal.reason)
        if refusal.reason in AGAIN:
            self._to_repeat.append(refusal.request_id)
        else:
            self._unanswered.discard(refusal.request_id)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS * random.uniform(0.8, 1.2))
            await self._send(heartbeat=pb.Heartbeat())

    async def _repeat(self) -> None:
        """What has no receipt is said again, under its key."""
        while True:
            await asyncio.sleep(REPEAT_SECONDS)
            if self._to_repeat:
                await self._utter(self._to_repeat.pop(0))

    async def _utter(self, request_id: str) -> None:
        if self.is_present:
            chat = pb.Chat(request_id=request_id, text=self.said[request_id])
            await self._send(chat=chat)

    async def _send(self, **frame: Any) -> None:
        """What the connection does not take is said on the next one."""
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            async with self._writing:
                await self._stream.write(pb.AttendSessionRequest(**frame))


async def hello_for(stub: Any, own: Pass, **known: Any) -> pb.Hello:
    """The one place that knows what a door asks for: what the last welcome brought, or a ticket."""
    hello = pb.Hello(session_id=own.session_id, **known)
    if not hello.resume_token:
        asked = pb.CreateJoinTicketRequest(request_id=new_id(), session_id=own.session_id)
        call = stub.CreateJoinTicket(asked, metadata=own.metadata, timeout=CALL_SECONDS)
        hello.join_ticket = (await call).join_ticket
    return hello


def end_of(error: Any) -> str:
    """Code and stable reason; the code alone where the connection was lost."""
    status, info = from_call(error), error_details_pb2.ErrorInfo()
    found = status is not None and status.details and status.details[0].Unpack(info)
    return f"{error.code().name} {info.reason}" if found else error.code().name
