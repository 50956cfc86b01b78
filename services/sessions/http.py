"""Where browsers attend live rooms: the frames of AttendSession over a WebSocket.

    GET /v1/attend
    Origin: https://app.example                    one of HAVEN_SESSIONS_ALLOWED_ORIGINS
    Sec-WebSocket-Protocol: haven.v1, bearer.<jwt>

A browser cannot read the status of a handshake that failed. So a handshake is refused only for what
no program can mend at run time (origin, form) or the process has no room for; who the caller is,
and all that follows, is answered on the open socket by a close code and the stable reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web
from prometheus_client import Counter, Gauge

from chassis import http
from chassis.call import Call
from chassis.errors import HavenError, InvalidArgument, PermissionDenied, Unavailable
from chassis.rpc.gate import Gate
from services.sessions.bootstrap import SERVICE
from services.sessions.live.connection import Live
from services.sessions.live.socket import PROTOCOL, WebSocketWire, new_socket
from services.sessions.live.stream import attend
from services.sessions.settings import SessionsSettings

METHOD = "/haven.sessions.v1.SessionsService/AttendSession"
TOKEN = "bearer."  # noqa: S105  # what a token follows in the list of subprotocols
OUTCOMES = OPENED, ORIGIN, FORM, FULL = ("opened", "origin", "form", "full")

handshakes = Counter(
    "haven_sessions_handshakes",
    "WebSocket handshakes: opened; or refused for the page's origin, the form of the request, or "
    "too many open sockets.",
    ["outcome"],
)
open_sockets = Gauge("haven_sessions_sockets_open", "WebSockets that are served now.")
for _outcome in OUTCOMES:
    handshakes.labels(_outcome)


@dataclass(frozen=True)
class Way:
    """How a socket reaches the live rooms: through the gate, as a call."""

    gate: Gate
    call_of: Callable[[], Call]
    live: Live


class Edge:
    """Opens sockets and lets the gate and the live room do the rest."""

    def __init__(self, way: Way, *, origins: frozenset[str], most_sockets: int) -> None:
        self._way, self._origins, self._most = way, origins, most_sockets
        self._open = 0

    def application(self) -> web.Application:
        """The app with every route."""
        app = http.application(service=SERVICE)
        app.router.add_get("/v1/attend", self._attend, allow_head=False)
        return app

    async def _attend(self, request: web.Request) -> web.StreamResponse:
        offered, socket = _offered(request), new_socket()
        self._check_origin(request)
        _check_form(request, offered, socket)
        if (transport := request.transport) is None:
            raise ConnectionResetError("gone before the handshake was answered")
        with self._place():
            await socket.prepare(request)
            wire = WebSocketWire(socket, transport)
            metadata = {
                "authorization": _authorization(request, offered),
                "traceparent": request.headers.get("traceparent", ""),
            }
            await self._way.gate.carry(
                METHOD, lambda: self._serve(wire), caller=wire, metadata=metadata
            )
        await wire.close()
        return socket

    async def _serve(self, wire: WebSocketWire) -> None:
        await attend(wire, self._way.call_of(), self._way.live)

    def _check_origin(self, request: web.Request) -> None:
        """A page that is not ours must not open sockets with what a browser lends to it."""
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if not self._origins.issuperset(origins):
            raise _refused(ORIGIN, PermissionDenied("ORIGIN_NOT_ALLOWED", "not from this page"))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._open >= self._most:
            text = "too many sockets are open here; try again"
            raise _refused(FULL, Unavailable("SOCKETS_TOO_MANY", text))
        self._open += 1
        open_sockets.inc()
        handshakes.labels(OPENED).inc()
        try:
            yield
        finally:
            self._open -= 1
            open_sockets.dec()


def served_over_http(edge: Edge, settings: SessionsSettings) -> AbstractAsyncContextManager[str]:
    """The edge as a part of the api process; with TLS where the public address has it."""
    tls = http.public_tls(settings)
    return http.serving(edge.application(), settings.http_address, tls=tls)


def _check_form(
    request: web.Request, offered: Sequence[str], socket: web.WebSocketResponse[Any]
) -> None:
    """Before the library looks: where no subprotocol is common it logs all, tokens included."""
    if PROTOCOL not in offered:
        text = f"the subprotocol {PROTOCOL} must be offered"
        raise _refused(FORM, InvalidArgument("SUBPROTOCOL_MISSING", text))
    if not socket.can_prepare(request):
        text = "not a WebSocket handshake of version 13"
        raise _refused(FORM, InvalidArgument("HANDSHAKE_INVALID", text))


def _offered(request: web.Request) -> list[str]:
    """The subprotocols of the first such header; the library reads no other."""
    header = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "")
    return [each.strip() for each in header.split(",")]


def _authorization(request: web.Request, offered: Sequence[str]) -> str:
    """What the gate reads: of a browser the token among its subprotocols, which counts before a
    header that something on the way may have set; two tokens are no token."""
    tokens = [each.removeprefix(TOKEN) for each in offered if each.startswith(TOKEN)]
    if tokens:
        return f"Bearer {' '.join(tokens)}"
    return request.headers.get(hdrs.AUTHORIZATION, "")


def _refused(outcome: str, error: HavenError) -> HavenError:
    handshakes.labels(outcome).inc()
    return error
