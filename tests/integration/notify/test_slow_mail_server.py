"""A mail server that answers a little at a time must not hold those who send."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from chassis.errors import Unavailable
from services.notify.gateways.smtp import SmtpMailer, SmtpServer
from services.notify.ports import Mail

MAIL = Mail(
    message_id="6f1d3f5e",
    sender_address="no-reply@river.example",
    sender_name="Messages",
    recipient_address="lee@staff.example",
    subject="Please answer now",
    body="Please open the app.\n",
)
BOUND = 0.5


class Dripping:
    """Says its first words at once, and then one more line of an answer without end."""

    def __init__(self, first: bytes, line: bytes) -> None:
        self._first, self._line = first, line
        self._over = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._server.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError), self._server.accept()[0] as connection:
            connection.sendall(self._first)
            while not self._over.wait(BOUND / 5):
                connection.sendall(self._line)


@pytest.fixture(params=[(b"", b"220-wait\r\n"), (b"220 here\r\n", b"250-wait\r\n")])
def dripping(request: pytest.FixtureRequest) -> Iterator[Dripping]:
    server = Dripping(*request.param)
    yield server
    server.close()


def test_an_answer_without_end_costs_no_more_than_the_bound(dripping: Dripping) -> None:
    mailer = SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{dripping.port}"), seconds=BOUND)
    start = time.monotonic()
    failures: list[BaseException] = []

    def send() -> None:
        try:
            mailer.send(MAIL)
        except Unavailable as error:
            failures.append(error)

    sending = threading.Thread(target=send, daemon=True)
    sending.start()
    sending.join(10)

    assert not sending.is_alive(), "it is held for as long as the server likes"
    assert [error.__class__ for error in failures] == [Unavailable]
    assert time.monotonic() - start >= BOUND
