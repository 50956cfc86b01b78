"""Mail servers that behave as the test says."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pymongo.database import Database

from chassis.settings import Secret
from services.notify.api import assemble
from services.notify.gateways.smtp import SmtpMailer, SmtpServer
from services.notify.settings import NotifySettings
from tests.integration.front import Front, open_front


class Moody:
    """Answers with the code that the test set; keeps what it took."""

    def __init__(self) -> None:
        self.to_recipient = self.to_mail = "250 OK"
        self.to_login = "235 2.7.0 welcome"
        self.logins = 0
        self.taken: list[Envelope] = []
        self.connections: list[Any] = []  # that brought a mail, as their transports
        self.is_mute = False  # to whoever asks whether it is still there

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, *_said: Any
    ) -> AuthResult:
        """Let in or turn away whoever says who they are; others need not say it."""
        self.logins += 1
        is_let_in = self.to_login.startswith("235")
        return AuthResult(success=is_let_in, handled=False, message=self.to_login)

    async def handle_RCPT(  # aiosmtpd calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Accept or refuse the recipient."""
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_RSET(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """Say that it is ready for another mail, or nothing for a while."""
        if self.is_mute:
            await asyncio.sleep(5)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Accept or refuse the mail."""
        if server.transport not in self.connections:
            self.connections.append(server.transport)
        if self.to_mail.startswith("250"):
            self.taken.append(envelope)
        return self.to_mail


@pytest.fixture
def moody() -> Moody:
    """The server's mood, for the test to change."""
    return Moody()


@pytest.fixture
def smtp_port(moody: Moody) -> Iterator[int]:
    """Where the moody server listens."""
    controller = Controller(
        moody,
        hostname="127.0.0.1",
        port=_free_port(),
        enable_SMTPUTF8=False,
        authenticator=moody.authenticate,
        auth_require_tls=False,
    )
    controller.start()
    yield controller.port
    controller.stop()


@pytest.fixture
def mailer(smtp_port: int) -> SmtpMailer:
    """A mailer that knows this one server."""
    return SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{smtp_port}"), seconds=3)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def babbling_port() -> Iterator[int]:
    """A port that answers with something that is not SMTP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_babble, args=[server], daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def edge_port() -> int:
    """Where the api's edge listens."""
    return _free_port()


@pytest.fixture
async def front(
    tmp_path: Path, mongodb_uri: str, database: Database[dict[str, Any]], edge_port: int
) -> AsyncIterator[Front]:
    """Notify's whole api over a fresh database."""
    async with open_front(
        NotifySettings,
        assemble,
        service="notify",
        folder=tmp_path,
        mongodb_uri=mongodb_uri,
        database=database.name,
        smtp_uri=Secret("smtp://127.0.0.1:1"),
        http_address=f"127.0.0.1:{edge_port}",
    ) as opened:
        yield opened
        database.client["keyvault"]["data_keys"].delete_many({"keyAltNames": opened.tenant_id})


def _babble(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n\x00\xff\r\n")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
