"""The same frames over a WebSocket: one binary message is one frame, for browsers.

The socket is closed by the service alone, and always with a code: 1000 after a goodbye, or 4000
and the number of the gRPC code that the same stream would have ended with, and the stable reason.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from contextlib import suppress
from socket import SO_LINGER, SO_SNDBUF, SOL_SOCKET
from typing import Any

from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web
from haven.sessions.v1.sessions_pb2 import AttendSessionRequest

from chassis.errors import HavenError, InvalidArgument, ResourceExhausted
from chassis.rpc.gate import bounded
from chassis.rpc.server import TRANSPORT_LIMIT
from chassis.rpc.status import CODES
from services.sessions.live.wire import WireLost

PROTOCOL = "haven.v1"
OWN_CODES = 4000  # the range that RFC 6455 leaves to applications
CLOSE_SECONDS = 3.0  # for the other side to take what was written and to close as well
MOST_PINGS = 50  # between two frames: they are answered, and count for nothing

SEND_BUFFER = 1 << 16
AT_ONCE = struct.pack("ii", 1, 0)  # linger: on, for no time
LOST = (ConnectionError, ClientConnectionError)

_parse = bounded(AttendSessionRequest.FromString, raises=True)
_LEFT = (WSMsgType.CLOSE, WSMsgType.CLOSING)


def new_socket() -> web.WebSocketResponse[Any]:
    """A socket that waits for its reader, compresses nothing and answers text by a reason."""
    return web.WebSocketResponse(
        protocols=[PROTOCOL],
        timeout=CLOSE_SECONDS,
        autoping=False,
        # Per-message deflate costs memory for every socket, and lengths tell of what was said.
        compress=False,
        # Far above our own limit the transport answers, as with gRPC.
        max_msg_size=TRANSPORT_LIMIT,
        # Every write waits while the transport is full; by default only each 64 KiB looks.
        writer_limit=0,
        decode_text=False,
    )


class WebSocketWire:
    """One participant's socket: their frames, and the way to tell how the stream ended."""

    def __init__(self, socket: web.WebSocketResponse[Any], transport: asyncio.Transport) -> None:
        self._socket, self._transport = socket, transport
        # What a reader does not take waits in its mailbox, where it is counted, not in the kernel.
        self._set(SO_SNDBUF, SEND_BUFFER)
        self._writing = asyncio.Lock()
        self._is_lost = False
        self._refusal: HavenError | None = None

    async def read(self) -> AttendSessionRequest | None:
        """The next frame; None where the other side has closed. WireLost where it is gone."""
        for _ in range(MOST_PINGS):
            message = await self._socket.receive()
            if message.type is WSMsgType.PING:
                await self._answer_ping(message.data)
            elif message.type is not WSMsgType.PONG:
                return self._frame(message)
        raise ResourceExhausted("FRAMES_TOO_MANY", "pings come faster than frames")

    async def write(self, frame: bytes) -> None:
        """Hand over an encoded frame; waits while the other side takes none. WireLost if gone."""
        try:
            async with self._writing:
                await self._socket.send_bytes(frame)
        except LOST as error:
            raise self._lost() from error

    def is_late(self) -> bool:
        """Never: a stream has no deadline of its own."""
        return False

    def is_lost(self) -> bool:
        """True where the other side was cut off."""
        return self._is_lost

    def chosen(self) -> str:
        """None but what `refuse` was told."""
        return "UNKNOWN"

    async def refuse(self, error: HavenError) -> None:
        """The socket will be closed with this."""
        self._refusal = error

    def auth_context(self) -> Mapping[str, Any]:
        """A browser has no certificate."""
        return {}

    async def close(self) -> None:
        """Say how it ended, and let go in bounded time of who does not listen."""
        code, reason = WSCloseCode.OK.value, ""
        if self._refusal is not None:
            code, reason = close_code(self._refusal), self._refusal.reason
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._said(code, reason)
        except (TimeoutError, *LOST):
            self._let_go()
        finally:
            # A transport that is only closed waits for its reader for ever.
            asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._let_go)

    async def _said(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code=code, message=reason.encode())
        except asyncio.CancelledError:
            # After a write that was given up the library hands its cancellation to the next one
            # too. Everything is on its way then; only our own is to be obeyed.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise

    def _let_go(self) -> None:
        """With all that waits to be taken, here and in the kernel; nothing where it is over."""
        self._set(SO_LINGER, AT_ONCE)
        self._transport.abort()

    def _set(self, option: int, value: int | bytes) -> None:
        with suppress(OSError):  # it is closed already
            self._transport.get_extra_info("socket").setsockopt(SOL_SOCKET, option, value)

    def _frame(self, message: WSMessage) -> AttendSessionRequest | None:
        if message.type is WSMsgType.BINARY:
            frame: AttendSessionRequest = _parse(message.data)
            return frame
        if message.type is WSMsgType.TEXT:
            raise InvalidArgument("MESSAGE_UNDECODABLE", "frames are binary messages")
        if message.type in _LEFT:
            return None
        raise self._lost()

    async def _answer_ping(self, data: bytes) -> None:
        try:
            async with self._writing:
                await self._socket.pong(data)
        except LOST as error:
            raise self._lost() from error

    def _lost(self) -> WireLost:
        self._is_lost = True
        return WireLost()


def close_code(error: HavenError) -> int:
    """4000 and the number of the gRPC code: 4014 is UNAVAILABLE, and worth another try."""
    number: int = CODES[error.kind].value[0]
    return OWN_CODES + number
