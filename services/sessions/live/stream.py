"""One participant's stream, from the hello to the goodbye.

Reading, working and writing run side by side; whatever ends first ends the stream. What was sent
before that is done all the same. A stream that is cut leaves nothing else behind but a silence,
which the relay notices in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from haven.sessions.v1.sessions_pb2 import Hello

from chassis.call import Call
from chassis.errors import DeadlineExceeded, InvalidArgument, ResourceExhausted
from services.sessions.domain.views import Admission
from services.sessions.live.connection import Connection, Live
from services.sessions.live.listener import Listener
from services.sessions.live.speaker import Speaker
from services.sessions.live.wire import Wire, WireLost

LAST_WORD_SECONDS = 5.0  # for a reader that was told to go and does not even take that


async def attend(wire: Wire, call: Call, live: Live) -> None:
    """Serve one participant. Returns after a goodbye; raises what the stream must end with."""
    live.hub.require_serving()
    with suppress(WireLost):
        hello = await _hello(wire, live.sessions.policies(call.tenant_id).hello_seconds)
        connection = Connection(live, call, hello, wire=wire)
        admission = await connection.enter()
        with _following(connection, admission):
            await _serve(connection, wire, admission)


async def _hello(wire: Wire, within: float) -> Hello:
    try:
        async with asyncio.timeout(within):
            frame = await wire.read()
    except TimeoutError:
        raise DeadlineExceeded("HELLO_MISSING", "the first frame did not come") from None
    if frame is None or frame.WhichOneof("frame") != "hello":
        raise InvalidArgument("HELLO_MISSING", "the first frame must be a hello")
    return frame.hello


@contextmanager
def _following(connection: Connection, admission: Admission) -> Iterator[None]:
    """Known to the hub, and hearing of both logs, as long as this lasts."""
    hub = connection.live.hub
    room = (connection.tenant_id, connection.session_id)
    private = connection.private_key
    hub.rooms.follow(*room, admission.room_head, connection.hear)
    hub.private.follow(*private, admission.private_head, connection.hear_private)
    hub.attach(connection)
    try:
        yield
    finally:
        hub.detach(connection)
        hub.private.unfollow(*private, connection.hear_private)
        hub.rooms.unfollow(*room, connection.hear)


async def _serve(connection: Connection, wire: Wire, admission: Admission) -> None:
    listener = Listener(connection, wire)
    speaker = asyncio.create_task(Speaker(connection, wire, admission).run())
    working = asyncio.create_task(listener.work())
    tasks = [
        speaker,
        asyncio.create_task(listener.read()),
        asyncio.create_task(listener.beat()),
        asyncio.create_task(_patience(connection)),
    ]
    try:
        done, _ = await asyncio.wait([*tasks, working], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        listener.wind_up(working)
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in [speaker] if speaker in done else done:
        task.result()


async def _patience(connection: Connection) -> None:
    """A reader that was told to go gets a moment to take it."""
    await connection.mailbox.closed.wait()
    await asyncio.sleep(LAST_WORD_SECONDS)
    raise ResourceExhausted("READER_TOO_SLOW", "come again with the last cursors")
