"""One participant's connection: who it is, where it stands, and what waits to be written to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from haven.sessions.v1.sessions_pb2 import Hello
from prometheus_client import Counter

from chassis.call import Call, RequestOnce
from chassis.deadline import Deadline
from chassis.errors import HavenError, is_retryable
from chassis.ids import new_id
from services.sessions.bootstrap import Sessions
from services.sessions.codec import frames
from services.sessions.domain.commands import Connected, Enter
from services.sessions.domain.log import PrivateEvent
from services.sessions.domain.moderation import SHOWS_OUT, Moderation
from services.sessions.domain.parting import Parting
from services.sessions.domain.roles import STAFF_ROLES
from services.sessions.domain.views import Admission
from services.sessions.live.desk import SignalDesk
from services.sessions.live.hub import Hub
from services.sessions.live.mailbox import Mailbox
from services.sessions.live.pulse import Pulse
from services.sessions.live.shown import Shown
from services.sessions.live.tail import SOMEWHERE, Run
from services.sessions.live.talk import Talk
from services.sessions.live.wire import Wire, WireLost

STEP_SECONDS = 8.0  # for each use case inside a stream
OUTCOMES = ENTERED, RESUMED, WAITING, REFUSED, FAILED = (
    "entered", "resumed", "waiting", "refused", "failed",
)  # fmt: skip

joins = Counter("haven_sessions_joins", "Hellos, by what became of them.", ["outcome"])
for _outcome in OUTCOMES:
    joins.labels(_outcome)

Delivery = Shown | PrivateEvent | frames.Frame


@dataclass(frozen=True)
class Live:
    """What every connection of this process works with."""

    sessions: Sessions
    hub: Hub
    desk: SignalDesk
    talk: Talk
    pulse: Pulse
    run: Run
    reader_queue: int = 256


class Connection:
    """Made with the hello; known to the hub once the door has answered."""

    def __init__(self, live: Live, call: Call, hello: Hello, *, wire: Wire) -> None:
        self.live, self.policy = live, live.sessions.policies(call.tenant_id)
        self.tenant_id, self.person_id = call.tenant_id, call.actor.subject
        self.entrance: Enter = frames.enter(hello, new_id())
        self.session_id = self.entrance.session_id
        self.mailbox: Mailbox[Delivery] = Mailbox(live.reader_queue)
        self.reads_frames = hello.reads_frames
        self.is_staff = False
        self.is_admitted = self.is_leaving = False
        self.private_head = 0  # what was written before they came in is about another stay
        self._call, self._presses, self._resume_token = call, 0, ""
        self._wire = wire
        self._whispers: set[asyncio.Task[None]] = set()

    @property
    def private_key(self) -> tuple[str, str]:
        """Whose private log."""
        return self.tenant_id, self.person_id

    @property
    def beat_seconds(self) -> float:
        """How often this participant is asked to be heard."""
        return self.policy.beat_seconds(is_staff=self.is_staff)

    @property
    def place(self) -> Connected:
        """This connection's hold on its participant's place."""
        return Connected(self.session_id, self.entrance.connection_id)

    async def enter(self) -> Admission:
        """Ask the door; counted by what it says."""
        try:
            async with self.live.hub.turns.take(self.tenant_id, self.session_id):
                admission: Admission = await self.step(
                    self.live.sessions.doors.enter, self.entrance
                )
        except HavenError as error:
            joins.labels(FAILED if is_retryable(error) else REFUSED).inc()
            raise
        joins.labels(_outcome_of(admission)).inc()
        # From here on it is this connection that asks, and what it brought is used.
        self.entrance = replace(self.entrance, join_ticket="", resume_token="", is_again=True)
        self._resume_token = admission.resume_token or self._resume_token
        self.is_staff = admission.role in STAFF_ROLES
        self.is_admitted = not admission.is_waiting
        self.private_head = admission.private_head
        if admission.joined is not None:
            self.live.hub.rooms.hand(self.tenant_id, self.session_id, [admission.joined])
        self.written(admission.room_head)
        return replace(admission, resume_token=self._resume_token)

    async def step(
        self,
        handle: Callable[[Call, Any], Any],
        command: object,
        *,
        once: RequestOnce | None = None,
    ) -> Any:
        """Run one use case for this participant on a thread."""
        return await self.live.run(handle, self.call(once), command)

    def call(self, once: RequestOnce | None = None) -> Call:
        """The frame of one use case inside the stream."""
        return replace(self._call, once=once, deadline=Deadline.after(STEP_SECONDS))

    def new_key(self) -> str:
        """A key for a press that came without a usable one: it is heard all the same."""
        self._presses += 1
        return f"{self.entrance.connection_id}/{self._presses}"

    def written(self, number: int = SOMEWHERE) -> None:
        """Something of this connection is in the room's log now, under this number."""
        self.live.hub.stored(self.tenant_id, self.session_id, number)

    def hear(self, shown: Shown) -> None:
        """Something happened in the room."""
        self.mailbox.put(shown, size=len(shown))

    def hear_private(self, events: Sequence[PrivateEvent]) -> None:
        """Something is in the private log."""
        for event in events:
            self.mailbox.put(event)

    def tell(self, frame: frames.Frame) -> None:
        """Write a frame to this participant, after what waits already."""
        self.mailbox.put(frame)

    def close(self, parting: Parting) -> None:
        """End the stream with a goodbye."""
        self.mailbox.close(parting)

    def whisper(self, event: PrivateEvent) -> None:
        """Tell a private event that is in no log yet, before everything that waits."""
        whispering = asyncio.create_task(self._whisper(self.private_frame(event)))
        self._whispers.add(whispering)
        whispering.add_done_callback(self._whispers.discard)

    def is_shown_out_by(self, event: PrivateEvent) -> bool:
        """True where it says that staff has shown this participant out, after they came in."""
        done = event.about
        is_theirs = isinstance(done, Moderation) and done.session_id == self.session_id
        is_new = event.number > self.private_head and not self.is_staff
        return is_theirs and is_new and isinstance(done, Moderation) and done.act in SHOWS_OUT

    def private_frame(self, event: PrivateEvent) -> frames.Frame:
        """A private event as this participant may see it."""
        number = self.policy.call_number
        return frames.private_event(event, call_number=number, for_staff=self.is_staff)

    async def _whisper(self, frame: frames.Frame) -> None:
        with suppress(WireLost):
            await self._wire.write(frame.SerializeToString())


def _outcome_of(admission: Admission) -> str:
    if admission.is_waiting:
        return WAITING
    return RESUMED if admission.was_present else ENTERED
