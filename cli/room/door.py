"""How a client of rooms reaches the service: an address, a token, and what a refusal says."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status
from haven.sessions.v1.sessions_pb2_grpc import SessionsServiceStub

from chassis.errors import InvalidArgument
from chassis.settings import is_loopback

# Worth asking again as it is: nobody has to change anything first.
PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.CANCELLED,
}
OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An answer that says no."""

    code: str
    reason: str
    is_passing: bool
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a token says of its owner; only the service can tell whether it is true."""

    subject: str
    roles: frozenset[str]

    @classmethod
    def of(cls, token: str) -> Bearer:
        """InvalidArgument("TOKEN_MALFORMED") where it is no token of ours."""
        try:
            payload = token.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return cls(str(claims["sub"]), frozenset(map(str, claims["roles"])))
        except (IndexError, KeyError, TypeError, ValueError):
            text = "not a token with a subject and roles (haven token makes local ones)"
            raise InvalidArgument("TOKEN_MALFORMED", text) from None


class Door:
    """One person's way to one session."""

    def __init__(self, address: str, session_id: str, token: Callable[[], str]) -> None:
        try:
            self._is_local = is_loopback(address)
        except ValueError as error:
            raise InvalidArgument("ADDRESS_MALFORMED", str(error)) from error
        self.address, self.session_id = address, session_id
        self._token = token
        self.person_id = Bearer.of(token()).subject
        self._asking: aio.Channel | None = None

    def channel(self) -> aio.Channel:
        """A new connection: without TLS on this machine only, or a token could be read."""
        if self._is_local:
            return aio.insecure_channel(self.address, options=OPTIONS)
        return aio.secure_channel(self.address, grpc.ssl_channel_credentials(), options=OPTIONS)

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """Who calls."""
        return (("authorization", f"Bearer {self._token()}"),)

    async def ask(self, method: str, request: Any, *, within: float) -> Any:
        """One answer; raises grpc's error."""
        self._asking = self._asking or self.channel()
        call = getattr(SessionsServiceStub(self._asking), method)
        with canceled_there():
            return await call(request, metadata=self.metadata(), timeout=within)

    async def close(self) -> None:
        """Hang up."""
        if self._asking is not None:
            await self._asking.close()


@contextmanager
def canceled_there() -> Iterator[None]:
    """grpc says CancelledError also where the call was canceled: that is an error like others,
    and nobody has canceled this task."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        nothing, text = aio.Metadata(), "the call was canceled"
        raise aio.AioRpcError(grpc.StatusCode.CANCELLED, nothing, nothing, text) from None


def refused(error: aio.AioRpcError) -> Refused:
    """What a refused call says, as any client can read it."""
    reason, metadata = "", {}
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            reason, metadata = info.reason, dict(info.metadata)
    code = error.code()
    return Refused(code.name, reason, code in PASSING, metadata)
