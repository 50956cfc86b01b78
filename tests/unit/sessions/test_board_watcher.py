"""A stream of a board ends when it must: the token, the seat, the replica, a reader too slow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import sessions_pb2
from haven.sessions.v1.boards_pb2 import WatchBoardResponse

from chassis.errors import FailedPrecondition, OutOfRange, Unauthenticated, Unavailable
from services.sessions.domain.board import BoardEvent
from services.sessions.live.board_hub import BoardHub
from services.sessions.live.board_watcher import BoardLive, watch_board
from tests.unit.sessions.lobby import in_thread
from tests.unit.sessions.noticeboard import Noticeboard
from tests.unit.sessions.ward import TENANT, by_patient

PATIENCE_SECONDS = 20.0


class Wire:
    """What is written can be taken; while it is closed nothing gets through."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[WatchBoardResponse] = asyncio.Queue()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def write(self, frame: WatchBoardResponse) -> None:
        await self.is_open.wait()
        self.frames.put_nowait(frame)

    async def next(self, kind: str) -> Any:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self.frames.get()
                if frame.WhichOneof("frame") == kind:
                    return getattr(frame, kind)


class Reader:
    """p-2, who follows the board."""

    def __init__(self, live: BoardLive, *, cursor: int = 0, seconds: float = 600.0) -> None:
        self.wire = Wire()
        until = time.time() + seconds
        following = watch_board(
            self.wire, by_patient("p-2"), ("g-1", cursor), live, expire_time=until
        )
        self.stream = asyncio.create_task(following)

    async def end(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.stream


@pytest.fixture
def board() -> Noticeboard:
    made = Noticeboard(numbers={"board_heartbeat_seconds": 0.05})
    made.posts("words")
    return made


@asynccontextmanager
async def serving(board: Noticeboard, *, reader_queue: int = 256) -> AsyncIterator[BoardLive]:
    hub = BoardHub(board.sessions.board_log, run=in_thread)
    async with hub.running(lambda _: None):
        yield BoardLive(board.sessions, hub, in_thread, reader_queue)


async def test_what_was_missed_comes_first_and_then_what_is_written(board: Noticeboard) -> None:
    board.posts("more words")
    async with serving(board) as live:
        reader = Reader(live, cursor=1)
        assert (await reader.wire.next("event")).number == 2
        await reader.wire.next("heartbeat")
        board.posts("and now")
        live.hub.tails.written(TENANT, "g-1")
        assert (await reader.wire.next("event")).post.text == "and now"
        reader.stream.cancel()


async def test_a_token_that_is_over_ends_the_stream(board: Noticeboard) -> None:
    async with serving(board) as live:
        reader = Reader(live, seconds=0.2)
        with pytest.raises(Unauthenticated) as ended:
            await reader.end()
    assert ended.value.reason == "TOKEN_EXPIRED"


async def test_a_consent_taken_back_ends_the_stream_though_nobody_writes(
    board: Noticeboard,
) -> None:
    async with serving(board) as live:
        reader = Reader(live)
        await reader.wire.next("heartbeat")
        lost = {"consent_id": "c", "patient_id": "p-2", "scope": "treatment"}
        board.hears(intake.ConsentRevoked(**lost))
        with pytest.raises(FailedPrecondition) as ended:
            await reader.end()
    assert ended.value.reason == "CONSENT_REVOKED"


async def test_a_reader_that_takes_nothing_is_told_to_come_again(board: Noticeboard) -> None:
    async with serving(board, reader_queue=1) as live:
        reader = Reader(live)
        await reader.wire.next("heartbeat")
        reader.wire.is_open.clear()
        is_told = asyncio.Event()
        live.hub.tails.follow(TENANT, "g-1", 1, lambda each: _at(5, each, is_told))
        for _ in range(4):
            board.posts("words", by_patient("p-1"))
        live.hub.tails.written(TENANT, "g-1")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await is_told.wait()
        reader.wire.is_open.set()
        said = await reader.wire.next("goodbye")
        await reader.end()
    assert said.reason == sessions_pb2.GOODBYE_REASON_RESUME


def _at(number: int, events: Sequence[BoardEvent], is_told: asyncio.Event) -> None:
    if number in {event.number for event in events}:
        is_told.set()


async def test_nobody_begins_on_a_replica_that_leaves(board: Noticeboard) -> None:
    async with serving(board) as live:
        await live.hub.drain()
        with pytest.raises(Unavailable) as refused:
            await Reader(live).end()
    assert refused.value.reason == "SERVER_DRAINING"


async def test_a_cursor_of_another_world_is_refused(board: Noticeboard) -> None:
    async with serving(board) as live:
        with pytest.raises(OutOfRange):
            await Reader(live, cursor=9).end()
