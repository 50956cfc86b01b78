"""Live rooms, put together for one api process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from chassis.store import Store
from chassis.store.watch import INSERTS, WRITES, Watch
from services.sessions.bootstrap import Sessions
from services.sessions.live.board_hub import BoardHub
from services.sessions.live.board_watcher import BoardLive
from services.sessions.live.connection import Live
from services.sessions.live.desk import SignalDesk
from services.sessions.live.hub import Hub, Tell
from services.sessions.live.pulse import Pulse
from services.sessions.live.tail import Run
from services.sessions.live.talk import Talk
from services.sessions.live.topic import Topic
from services.sessions.settings import SessionsSettings
from services.sessions.store import PRIVATE_LOGS, ROOM_LOGS
from services.sessions.store.boards import BOARD_EVENTS

HEAD_FIELDS = ("tenant_id", "log_key", "last_number")


def live_of(sessions: Sessions, run: Run, *, settings: SessionsSettings) -> Live:
    """The process's hub and desk around its use cases."""
    topic = Topic(settings.amqp_uri.reveal())
    hub = Hub(sessions.room_log, sessions.private_log, run=run, neighbours=topic)
    desk = SignalDesk(sessions.signals, sessions.policies, hub, threads=settings.signal_threads)
    talk = Talk(sessions.chats, sessions.lots, hub, run)
    pulse = Pulse(sessions.pulses, sessions.presences, run)
    return Live(sessions, hub, desk, talk, pulse, run, settings.reader_queue)


def board_live_of(sessions: Sessions, run: Run, *, settings: SessionsSettings) -> BoardLive:
    """The process's followers of boards."""
    hub = BoardHub(sessions.board_log, run=run)
    return BoardLive(sessions, hub, run, settings.reader_queue)


def lifespans(
    live: Live, boards: BoardLive, store: Store
) -> Sequence[AbstractAsyncContextManager[None]]:
    """What must run as long as the process serves."""
    return [following(live, boards, store), live.desk.open()]


@asynccontextmanager
async def following(live: Live, boards: BoardLive, store: Store) -> AsyncIterator[None]:
    """Rooms, private logs and boards, by one stream of changes for all."""
    watching = Watch(store)

    def watch(rooms: Tell, private: Tell) -> None:
        for collection, tell in ((ROOM_LOGS, rooms), (PRIVATE_LOGS, private)):
            # The release before wrote parts of heads: that says only that there is something new.
            watching.listen(collection, tell, operations=WRITES, fields=HEAD_FIELDS)

    def watch_boards(wake: Callable[[], None]) -> None:
        watching.listen(BOARD_EVENTS, lambda _row: wake(), operations=INSERTS)

    async with live.hub.running(watch), boards.hub.running(watch_boards):
        watching.start()
        try:
            yield
        finally:
            await asyncio.to_thread(watching.stop)
