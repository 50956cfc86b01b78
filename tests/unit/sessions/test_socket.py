"""A socket as a participant's wire: what it makes of a library that fails, and how it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import ClientConnectionError, ClientConnectionResetError, WSMessage, WSMsgType
from haven.sessions.v1.sessions_pb2 import AttendSessionResponse, Ping

from chassis.errors import HavenError, Kind, Unavailable
from services.sessions.live import socket
from services.sessions.live.socket import WebSocketWire, close_code
from services.sessions.live.wire import WireLost

PING = AttendSessionResponse(ping=Ping()).SerializeToString()


class Transport:
    """Notes that it was let go, and how."""

    def __init__(self) -> None:
        self.options: list[tuple[Any, ...]] = []
        self.is_aborted = False

    def get_extra_info(self, name: str) -> Transport:
        assert name == "socket"
        return self

    def setsockopt(self, *option: Any) -> None:
        self.options.append(option)

    def abort(self) -> None:
        self.is_aborted = True


class Socket:
    """The library's response, in the moods that a test wants."""

    def __init__(self, fails: BaseException | None = None) -> None:
        self._fails = fails
        self.received: list[WSMessage] = []
        self.closed: list[tuple[int, bytes]] = []
        self.is_stuck, self.is_closing = False, asyncio.Event()

    async def send_bytes(self, data: bytes) -> None:
        assert data
        if self._fails is not None:
            raise self._fails

    async def pong(self, data: bytes) -> None:
        await self.send_bytes(data or b"-")

    async def receive(self) -> WSMessage:
        return self.received.pop(0)

    async def close(self, *, code: int, message: bytes) -> None:
        self.closed.append((code, message))
        self.is_closing.set()
        if self.is_stuck:
            await asyncio.Event().wait()
        if self._fails is not None:
            raise self._fails


def wire(made: Socket, transport: Transport | None = None) -> WebSocketWire:
    both: Any = made, transport or Transport()
    return WebSocketWire(*both)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_error_has_a_code_of_the_range_for_applications(kind: Kind) -> None:
    error_class = next(each for each in HavenError.__subclasses__() if each.kind is kind)
    assert 4000 < close_code(error_class("SOME_REASON", "a text")) < 4017


@pytest.mark.parametrize(
    "failure",
    [ConnectionResetError(), ClientConnectionResetError("gone"), ClientConnectionError("gone")],
)
async def test_however_the_library_says_that_the_other_side_is_gone_it_is_lost(
    failure: Exception,
) -> None:
    lost = wire(Socket(failure))
    with pytest.raises(WireLost):
        await lost.write(PING)
    assert lost.is_lost()


async def test_what_the_stream_ended_with_is_the_close_code_and_the_reason() -> None:
    made = Socket()
    told = wire(made)
    await told.refuse(Unavailable("SERVER_DRAINING", "come again"))
    await told.close()
    assert made.closed == [(4014, b"SERVER_DRAINING")]


async def test_a_stream_that_ended_well_is_closed_as_usual() -> None:
    made = Socket()
    await wire(made).close()
    assert made.closed == [(1000, b"")]


async def test_a_cancellation_that_the_library_kept_from_another_write_is_not_ours() -> None:
    made = Socket(asyncio.CancelledError())
    await wire(made).close()
    assert made.closed == [(1000, b"")]


async def test_who_does_not_take_the_last_word_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "CLOSE_SECONDS", 0.01)
    made, transport = Socket(), Transport()
    made.is_stuck = True
    await wire(made, transport).close()
    assert transport.is_aborted


async def test_the_end_of_the_process_is_obeyed_while_closing() -> None:
    made = Socket()
    made.is_stuck = True
    closing = asyncio.create_task(wire(made).close())
    await made.is_closing.wait()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing


async def test_pings_are_answered_until_they_come_instead_of_frames() -> None:
    made = Socket()
    made.received = [WSMessage(WSMsgType.PING, b"?", None)] * socket.MOST_PINGS
    with pytest.raises(HavenError) as refused:
        await wire(made).read()
    assert refused.value.reason == "FRAMES_TOO_MANY"


@pytest.mark.parametrize("kind", [WSMsgType.CLOSE, WSMsgType.CLOSING])
async def test_who_closes_has_said_the_last_word(kind: WSMsgType) -> None:
    made = Socket()
    made.received = [WSMessage(kind, 1001, "")]
    left = wire(made)
    assert await left.read() is None
    assert not left.is_lost()


@pytest.mark.parametrize("kind", [WSMsgType.CLOSED, WSMsgType.ERROR])
async def test_who_is_cut_off_has_not(kind: WSMsgType) -> None:
    made = Socket()
    made.received = [WSMessage(kind, None, None)]
    with pytest.raises(WireLost):
        await wire(made).read()
