"""One person in a live room: a stream, what came over it, and the cursors to resume from."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import grpc
from haven.sessions.v1 import resources_pb2 as sessions
from haven.sessions.v1 import sessions_pb2, sessions_pb2_grpc

from chassis.ids import new_id
from cli.demo.world import Person, World, refusal

HEARTBEAT_SECONDS = 1.0
Frame = sessions_pb2.AttendSessionRequest


@dataclass
class Attendee:
    """Joins on `connect`, collects everything, and can be cut off and come back."""

    world: World
    person: Person
    session_id: str
    welcome: sessions_pb2.Welcome | None = None
    room: list[sessions.RoomEvent] = field(default_factory=list)
    private: list[sessions.PrivateEvent] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    ended: str = ""
    _out: queue.Queue[Frame | None] = field(default_factory=queue.Queue)
    _stream: grpc.Call | None = None

    def connect(self) -> None:
        """Open the stream, from the last events that we have."""
        token = self.welcome.resume_token if self.welcome else ""
        self.welcome, self.ended, self._out = None, "", queue.Queue()
        hello = sessions_pb2.Hello(
            session_id=self.session_id, room_cursor=self.room[-1].number if self.room else 0
        )
        if self.private:
            hello.private_cursor = self.private[-1].number
        if token:
            hello.resume_token = token
        else:
            hello.join_ticket = self._ticket()
        self._out.put(Frame(hello=hello))
        stub = sessions_pb2_grpc.SessionsServiceStub(self.world.channel("sessions"))
        stream = stub.AttendSession(
            self._frames(self._out), metadata=self.world.metadata(self.person)
        )
        self._stream = stream
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _ticket(self) -> str:
        asked = sessions_pb2.CreateJoinTicketRequest(session_id=self.session_id)
        return str(self.world.ask(self.person, asked).join_ticket)

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._stream is not None:
            self._stream.cancel()
        self._out.put(None)

    def say(self, text: str) -> None:
        """Say something to the room."""
        chat = sessions_pb2.Chat(request_id=new_id(), text=text)
        self._out.put(Frame(chat=chat))

    def call_for_help(self) -> None:
        """Raise the private safety signal."""
        self._out.put(Frame(raise_signal=sessions_pb2.RaiseSignal(request_id=new_id())))

    def leave(self) -> None:
        """Go in good order."""
        self._out.put(Frame(leave=sessions_pb2.Leave()))

    def heard(self) -> list[tuple[int, str, str]]:
        """The chat as it arrived: number, alias, text."""
        chat = sessions.ROOM_EVENT_KIND_CHAT
        return [
            (event.number, event.alias, event.text) for event in self.room if event.kind == chat
        ]

    def told(self) -> list[str]:
        """What the private events said about a safety signal, in order."""
        name = sessions.SafetySignalState.Name
        prefix = "SAFETY_SIGNAL_STATE_"
        return [
            name(event.safety_signal.state).removeprefix(prefix)
            for event in self.private
            if event.HasField("safety_signal")
        ]

    def _read(self, stream: Iterator[sessions_pb2.AttendSessionResponse]) -> None:
        try:
            for frame in stream:
                self.received.append(frame.SerializeToString(deterministic=True))
                self._take(frame)
        except grpc.RpcError as error:
            told = refusal(error)
            self.ended = told.reason or told.code

    def _take(self, frame: sessions_pb2.AttendSessionResponse) -> None:
        kind = frame.WhichOneof("frame")
        if kind == "welcome":
            self.welcome = frame.welcome
        elif kind == "room_event":
            self.room.append(frame.room_event)
        elif kind == "private_event":
            self.private.append(frame.private_event)
        elif kind == "goodbye":
            self.ended = sessions_pb2.GoodbyeReason.Name(frame.goodbye.reason)

    @staticmethod
    def _frames(out: queue.Queue[Frame | None]) -> Iterator[Frame]:
        while True:
            try:
                frame = out.get(timeout=HEARTBEAT_SECONDS)
            except queue.Empty:
                frame = Frame(heartbeat=sessions_pb2.Heartbeat())
            if frame is None:
                return
            yield frame


def together(look: Callable[[], bool]) -> Callable[[], bool | None]:
    """A look that gives None instead of False, for waiting."""
    return lambda: look() or None


def since(start: float) -> float:
    """Milliseconds since a monotonic instant."""
    return (time.monotonic() - start) * 1000
