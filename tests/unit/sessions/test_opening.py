"""One process follows rooms, private logs and boards by one stream of changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from services.sessions.live import board_hub, opening
from services.sessions.live.board_hub import BoardHub
from services.sessions.live.board_watcher import BoardLive
from services.sessions.store import PRIVATE_LOGS, ROOM_LOGS
from services.sessions.store.boards import BOARD_EVENTS
from tests.unit.sessions.lobby import Replica, in_thread
from tests.unit.sessions.ward import Ward


class Stream:
    """A change stream that a test writes to."""

    opened: ClassVar[list[Stream]] = []

    def __init__(self, _store: Any) -> None:
        self.wakes: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.is_running = False
        self.opened.append(self)

    def listen(
        self,
        collection: str,
        wake: Callable[[dict[str, Any]], None],
        *,
        operations: Sequence[str],
        fields: Sequence[str] = (),
    ) -> None:
        assert not self.is_running, "who listens says so before it starts"
        assert operations
        assert isinstance(fields, Sequence)
        self.wakes[collection] = wake

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False


async def test_one_stream_serves_rooms_and_boards_and_ends_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "Watch", Stream)
    monkeypatch.setattr(Stream, "opened", [])
    ward = Ward()
    live = Replica(ward).live
    boards = BoardLive(ward.sessions, BoardHub(ward.sessions.board_log, run=in_thread), in_thread)
    looked = asyncio.Event()

    async def look() -> None:
        looked.set()

    monkeypatch.setattr(boards.hub.tails, "look", look)
    monkeypatch.setattr(board_hub, "SWEEP_SECONDS", 600.0)
    async with opening.following(live, boards, ward.store):
        (stream,) = Stream.opened
        assert stream.is_running
        assert set(stream.wakes) == {ROOM_LOGS, PRIVATE_LOGS, BOARD_EVENTS}
        await asyncio.to_thread(stream.wakes[BOARD_EVENTS], {})
        async with asyncio.timeout(20):
            await looked.wait()
    assert not stream.is_running
