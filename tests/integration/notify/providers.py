"""What tests of gateways share: servers that misbehave below HTTP, an edge for callbacks."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from chassis.settings import Secret
from cli.servers import ProviderServer
from cli.servers.provider_sink import ACCOUNT, AUTH_TOKEN
from services.notify.gateways.calling import Place
from services.notify.gateways.twilio import Account

DRIP = 0.05


def account_of(server: ProviderServer, *, callback_url: str = "http://127.0.0.1:1") -> Account:
    """The stand-in's account, as a provider of texts or calls."""
    return Account(
        name="east",
        place=Place.of(server.uri),
        account=ACCOUNT,
        token=Secret(AUTH_TOKEN),
        callback_url=callback_url,
        sender="+15550100",
        senders={"ocean": "+15550101"},
    )


@contextmanager
def misbehaving(
    first: bytes, then: bytes = b"", *, tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """A port that reads a request, says `first`, and then drips `then` without end."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            connection, _ = server.accept()
            with connection if tls is None else tls.wrap_socket(connection, True) as line:
                line.recv(65_536)
                line.sendall(first)
                while then and not over.wait(DRIP):
                    line.sendall(then)
                while line.recv(65_536):  # until the other side has read all and goes
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


@contextmanager
def greeting(words: bytes) -> Iterator[int]:
    """A port that greets whoever comes with these words, and listens to nothing."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.sendall(words)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(10)


@dataclass
class Edge:
    """Takes callbacks as notify's edge will: URL, fields and signature of each."""

    url: str
    answer: str = ""
    calls: list[tuple[str, dict[str, str], str]] = field(default_factory=list)


@contextmanager
def open_edge() -> Iterator[Edge]:
    """An edge on a free port."""
    edge = Edge("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            url = f"{edge.url}{self.path}"
            params = dict(parse_qsl(body, keep_blank_values=True))
            edge.calls.append((url, params, self.headers["X-Twilio-Signature"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(edge.answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    edge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield edge
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def ended(work: Callable[[], object], *, within: float) -> BaseException | None:
    """What the work raised, if anything; AssertionError where it has not ended in time."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(within)
    assert not thread.is_alive(), "it is held for as long as the server likes"
    return raised[0] if raised else None
