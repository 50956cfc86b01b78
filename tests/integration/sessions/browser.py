"""A participant's stream as a browser has it, with the methods of a gRPC stream."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import grpc
from aiohttp import WSMsgType
from haven.sessions.v1 import sessions_pb2 as pb

PATH = "/v1/attend"
CODES = {4000 + code.value[0]: code.name for code in grpc.StatusCode}
NORMAL, CUT = 1000, 1006


class Ended(Exception):
    """The socket was closed otherwise than after a goodbye."""

    def __init__(self, number: int, reason: str = "") -> None:
        super().__init__(number, reason)
        self.number, self.reason = number, reason
        self.code = CODES.get(number, str(number))


def written(frame: pb.AttendSessionRequest | bytes) -> bytes:
    """A frame as it goes over any wire; bytes go as they are."""
    return frame if isinstance(frame, bytes) else frame.SerializeToString()


class SocketStream:
    """Opened by its first frame, or by who reads it."""

    def __init__(
        self,
        address: str,
        token: str,
        *,
        scheme: str = "ws",
        connector: aiohttp.BaseConnector | None = None,
        **handshake: Any,
    ) -> None:
        self._url, self._opening = f"{scheme}://{address}{PATH}", asyncio.Lock()
        self._connector = connector
        self._handshake = {"protocols": ["haven.v1", f"bearer.{token}"], **handshake}
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def opened(self) -> aiohttp.ClientWebSocketResponse:
        async with self._opening:
            if self._socket is None:
                self._session = aiohttp.ClientSession(connector=self._connector)
                self._socket = await self._session.ws_connect(self._url, **self._handshake)
            return self._socket

    async def write(self, frame: pb.AttendSessionRequest | bytes) -> None:
        socket = await self.opened()
        try:
            await socket.send_bytes(written(frame))
        except ConnectionError:
            raise Ended(CUT) from None

    async def read(self) -> Any:
        """The next frame; EOF where the server has closed as after a goodbye."""
        socket = await self.opened()
        message = await socket.receive()
        if message.type is WSMsgType.BINARY:
            return pb.AttendSessionResponse.FromString(message.data)
        assert message.type is not WSMsgType.TEXT, "frames are binary"
        if message.type is WSMsgType.CLOSE and message.data == NORMAL:
            return grpc.aio.EOF
        is_told = message.type is WSMsgType.CLOSE
        raise Ended(message.data, message.extra) if is_told else Ended(CUT)

    def cancel(self) -> None:
        """Lose the connection without a word."""
        if self._socket is not None:
            self._socket._writer.transport.abort()

    async def close(self) -> None:
        """Away with the tab."""
        if self._session is not None:
            self.cancel()
            await self._session.close()
