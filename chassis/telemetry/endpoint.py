"""The operators' port of a process: /metrics, /livez, /readyz over HTTP, from a thread.

It serves counts and booleans only, so it may listen beyond loopback. The same code runs under
eventlet, where the thread is a green one: then /livez answers only while the hub turns.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import REGISTRY, make_wsgi_app

from chassis.settings import split_address

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SLOWEST_CLIENT_SECONDS = 5
# Between looks whether it was closed. Each wakes the process; fifteen on one machine add up.
LOOK_SECONDS = 0.5


class Endpoint:
    """A running operators' port."""

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever,
            kwargs={"poll_interval": LOOK_SECONDS},
            daemon=True,
            name="metrics",
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on, also where the address asked for any."""
        return int(self._server.server_port)

    def close(self) -> None:
        """Stop listening."""
        closing = threading.Thread(target=self._server.shutdown, daemon=True)
        closing.start()
        with suppress(OSError):  # somebody who knocks lets it look now
            socket.create_connection(self._server.socket.getsockname()[:2], LOOK_SECONDS).close()
        closing.join()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = SLOWEST_CLIENT_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Probes and scrapes are not worth a line each."""


def listen(
    address: str,
    health: Callable[[], bool],
    *,
    alive: Callable[[], bool] = lambda: True,
) -> Endpoint:
    """Listen on the address: /readyz follows `health`, /livez follows `alive`."""
    metrics: WSGIApplication = make_wsgi_app(REGISTRY)
    probes = {"/livez": alive, "/readyz": health}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start)
        if path not in probes:
            start("404 Not Found", [])
            return [b""]
        good = probes[path]()
        start("200 OK" if good else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"ok\n" if good else b"not now\n"]

    host, port = split_address(address)
    return Endpoint(make_server(host, port, answer, server_class=_Server, handler_class=_Handler))
