"""What a participant sends: taken, refused, or done, frame by frame."""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial

from haven.sessions.v1 import sessions_pb2
from prometheus_client import Counter

from chassis.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    HavenError,
    NotFound,
    ResourceExhausted,
)
from chassis.ids import is_uuid
from chassis.log import failure, get_logger
from chassis.store import AlreadyAnswered
from services.sessions.codec import frames
from services.sessions.domain.commands import RaiseSignal, Say
from services.sessions.domain.pace import Bucket
from services.sessions.domain.parting import Parting
from services.sessions.live.acts import ACTS, Acts, Job
from services.sessions.live.connection import Connection
from services.sessions.live.overhearing import Overhearing, once_of
from services.sessions.live.wire import Wire

SILENCE_SLACK = 1 / 8  # a silence ends a stream so much later at most, and never earlier
UNFINISHED_JOBS = 32  # more than any burst of chat; then the participant is too fast

LAST_SECONDS = 20.0  # for what was sent just before a stream ended

log = get_logger(__name__)
endings: set[asyncio.Task[None]] = set()  # of streams that are over
beats_missed = Counter(
    "haven_sessions_heartbeats_not_stored", "Heartbeats that the store did not take."
)


class Listener:
    """Reads one connection. `read`, `work` and `beat` run side by side until one of them ends."""

    def __init__(self, connection: Connection, wire: Wire) -> None:
        self._connection, self._wire, self._policy = connection, wire, connection.policy
        now = time.monotonic()
        policy = connection.policy
        self._frames = Bucket(policy.frame_burst, policy.frames_per_second, now=now)
        self._chats = Bucket(policy.chat_burst, policy.chat_per_second, now=now)
        self._jobs: asyncio.Queue[Job] = asyncio.Queue(UNFINISHED_JOBS)
        self._overhearing = Overhearing(connection)
        self._acts = Acts(connection, self._jobs, self._overhearing)
        self._last_beat = -math.inf
        self._beat_due = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._signals: set[asyncio.Task[None]] = set()
        self._is_busy = self._is_over = False

    async def read(self) -> None:
        """Take frames until the other side has said its last, or is silent for too long."""
        seconds, now = self._policy.silence_seconds, asyncio.get_running_loop().time
        longest, renewal = seconds * (1 + SILENCE_SLACK), now() + seconds * SILENCE_SLACK
        try:
            async with asyncio.timeout(longest) as silence:
                while (frame := await self._wire.read()) is not None:
                    if (heard := now()) >= renewal:
                        silence.reschedule(heard + longest)
                        renewal = heard + seconds * SILENCE_SLACK
                    await self._take(frame)
        except TimeoutError:
            text = "no frame came for too long"
            raise DeadlineExceeded("HEARTBEAT_MISSING", text) from None

    async def work(self) -> None:
        """Do what frames ask for, one after the other, in their order."""
        while not self._is_over or self._has_more:
            job = await self._jobs.get()
            self._is_busy = True
            await job()
            self._is_busy = False

    async def beat(self) -> None:
        """Tell the store that they are still here, beside whatever else they do."""
        while True:
            await self._beat_due.wait()
            self._beat_due.clear()
            if not self._connection.is_leaving:
                # A task of its own, which a leave waits for though the stream is over.
                self._beating = asyncio.create_task(self._beat())
                self._beating.add_done_callback(lambda done: done.cancelled() or done.exception())
                await asyncio.wait({self._beating})
                self._beating.result()

    def wind_up(self, working: asyncio.Task[None]) -> None:
        """The stream is over. What came before its end is done all the same, aside and within a
        bound, a leave as the last: it may be why it ended, and who speaks and goes has spoken."""
        self._is_over = True
        if working.done():
            return
        if self._is_busy or self._has_more:
            ending = asyncio.create_task(_end(working))
            endings.add(ending)
            ending.add_done_callback(endings.discard)
        else:
            working.cancel()

    @property
    def _has_more(self) -> bool:
        return not self._jobs.empty() and not self._connection.is_leaving

    async def _take(self, frame: sessions_pb2.AttendSessionRequest) -> None:
        kind = frame.WhichOneof("frame")
        if kind == "raise_signal":
            self._press(frame.raise_signal)
            return
        if not self._frames.take(time.monotonic()):
            raise ResourceExhausted("FRAMES_TOO_MANY", "frames come faster than allowed")
        match kind:
            case "heartbeat":
                self._heartbeat()
            case "chat":
                self._chat(frame.chat)
            case "leave":
                await self._jobs.put(self._leave)
            case "hello":
                self._refuse("", "HELLO_REPEATED")
            case str() if kind in ACTS:
                self._acts.take(kind, frame)
            case _:
                self._refuse("", "FRAME_UNKNOWN")

    def _heartbeat(self) -> None:
        """Stored at the policy's pace, however often it comes."""
        now = time.monotonic()
        pause = self._connection.beat_seconds / 2
        if now - self._last_beat >= pause:
            self._last_beat = now
            self._beat_due.set()

    def _chat(self, chat: sessions_pb2.Chat) -> None:
        if not is_uuid(chat.request_id):
            self._refuse_chat(chat, "REQUEST_ID_INVALID")
        elif not self._connection.is_admitted:
            self._refuse_chat(chat, "NOT_ADMITTED")
        elif not self._chats.take(time.monotonic()) or self._jobs.full():
            self._refuse_chat(chat, "RATE_LIMITED")
        else:
            self._jobs.put_nowait(partial(self._say, chat))

    def _refuse_chat(self, chat: sessions_pb2.Chat, reason: str) -> None:
        self._refuse(chat.request_id, reason)
        self._overhearing.hear(chat)

    def _press(self, frame: sessions_pb2.RaiseSignal) -> None:
        """On a task of its own: it waits for nothing that this participant did before."""
        pressing = asyncio.create_task(self._raise(frame))
        self._signals.add(pressing)
        pressing.add_done_callback(self._signals.discard)

    async def _say(self, chat: sessions_pb2.Chat) -> None:
        connection = self._connection
        once, say = once_of(connection, chat), Say(connection.session_id, chat.text)
        try:
            number = (await connection.live.talk.say(connection.call(once), say)).number
        except AlreadyAnswered as repeated:
            number = int(repeated.answer)
        except HavenError as error:
            self._refuse(chat.request_id, error.reason)
            return
        connection.tell(frames.receipt(chat.request_id, number))

    async def _beat(self) -> None:
        connection = self._connection
        try:
            await connection.live.pulse.beat(connection.call(), connection.place)
        except (FailedPrecondition, NotFound) as error:
            if error.reason != "CONNECTION_REPLACED":
                raise
            connection.close(Parting.REPLACED)
        except HavenError:
            beats_missed.inc()  # the next one says the same

    async def _leave(self) -> None:
        connection = self._connection
        parting, connection.is_leaving = Parting.LEFT, True
        # Who presses and goes at once: the signal comes first. And a heartbeat that is on its way:
        # after the leave it would bring them back.
        if before := self._signals | ({self._beating} if self._beating else set()):
            await asyncio.wait(before, timeout=self._policy.signal_answer_seconds)
        turns = connection.live.hub.turns
        try:
            # The room's log is written: who comes and who goes would meet in the database.
            async with turns.take(connection.tenant_id, connection.session_id):
                await connection.step(connection.live.sessions.presences.leave, connection.place)
        except FailedPrecondition:
            parting = Parting.REPLACED
        except HavenError:
            beats_missed.inc()  # a silence will tell the same
        connection.written()
        connection.close(parting)

    async def _raise(self, frame: sessions_pb2.RaiseSignal) -> None:
        connection = self._connection
        key = frame.request_id if is_uuid(frame.request_id) else connection.new_key()
        command = RaiseSignal(key, frame.patient_id, connection.session_id)
        try:
            await connection.live.desk.raise_signal(connection.call(), command)
        except HavenError as error:
            self._refuse(frame.request_id, error.reason)

    def _refuse(self, request_id: str, reason: str) -> None:
        self._connection.tell(frames.refusal(request_id, reason))


async def _end(working: asyncio.Task[None]) -> None:
    await asyncio.wait({working}, timeout=LAST_SECONDS)
    if not working.done():
        working.cancel()
        return
    error = None if working.cancelled() else working.exception()
    if error is not None:
        log.warning("stream.last-words-not-done", **failure(error))
