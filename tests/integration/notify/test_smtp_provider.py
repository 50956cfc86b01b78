"""SMTP as one provider among others: its receipt, its refusals, its certificates, its bounds."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from prometheus_client import REGISTRY

from chassis.auth.pki import ensure_local_pki
from chassis.errors import FailedPrecondition, Unavailable
from services.notify.domain.message import Channel
from services.notify.gateways.failover import Failover
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider, SmtpServer
from services.notify.ports import Receipt
from tests.dispatches import a_page
from tests.integration.notify.conftest import Moody
from tests.integration.notify.providers import ended, greeting, misbehaving

PAGE = a_page(channel=Channel.EMAIL, address="lee@staff.example")
BOUND = 0.4
SLACK = 10


def provider_at(port: int, *, scheme: str = "smtp", host: str = "127.0.0.1") -> SmtpProvider:
    return SmtpProvider("smtp", SmtpMailer(SmtpServer.of(f"{scheme}://{host}:{port}")))


@pytest.fixture
def server_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for localhost, of an authority that this process trusts."""
    ensure_local_pki(tmp_path, ["notify"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "notify.pem", tmp_path / "notify-key.pem")
    return context


class TlsController(Controller):
    """aiosmtpd would knock at its own port with the server's side of TLS."""

    def _trigger_server(self) -> None:
        client_side = ssl.create_default_context()
        with (
            socket.create_connection((self.hostname, self.port), 10) as line,
            client_side.wrap_socket(line, server_hostname="localhost") as secure,
        ):
            secure.recv(1_024)


def serving(moody: Moody, kind: type[Controller] = Controller, **options: Any) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = kind(moody, hostname="127.0.0.1", port=port, **options)
    controller.start()
    yield port
    controller.stop()


@pytest.fixture
def plain_port(moody: Moody) -> Iterator[int]:
    yield from serving(moody)


@pytest.fixture
def starttls_port(moody: Moody, server_side: ssl.SSLContext) -> Iterator[int]:
    """A server that takes mail after STARTTLS only."""
    yield from serving(moody, tls_context=server_side, require_starttls=True)


@pytest.fixture
def smtps_port(moody: Moody, server_side: ssl.SSLContext) -> Iterator[int]:
    """A server that speaks TLS from the first byte on."""
    yield from serving(moody, TlsController, ssl_context=server_side)


def test_a_mail_server_takes_a_dispatch(moody: Moody, plain_port: int) -> None:
    receipt = provider_at(plain_port).send(PAGE)

    (envelope,) = moody.taken
    assert receipt == Receipt("smtp")
    assert envelope.rcpt_tos == ["lee@staff.example"]
    assert b"Message-ID: <6f1d3f5e@river.example>" in envelope.content


def test_after_starttls_the_certificate_must_name_the_host(
    moody: Moody, starttls_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider_at(starttls_port, host="localhost").send(PAGE)
    assert len(moody.taken) == 1

    real = socket.getaddrinfo

    def here(host: Any, *more: Any, **others: Any) -> Any:
        return real("127.0.0.1" if host == "mail.example" else host, *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    with pytest.raises(Unavailable):
        provider_at(starttls_port, host="mail.example").send(PAGE)
    assert len(moody.taken) == 1


def test_from_the_first_byte_on_tls_is_spoken_where_the_uri_says_so(
    moody: Moody, smtps_port: int
) -> None:
    provider_at(smtps_port, scheme="smtps", host="localhost").send(PAGE)

    assert len(moody.taken) == 1


@pytest.mark.parametrize("then", [b"", b"\x16"])
def test_a_handshake_without_an_end_costs_no_more_than_the_bound(then: bytes) -> None:
    with misbehaving(b"\x16\x03\x03\x40\x00", then) as port:
        missed = ended(lambda: provider_at(port, scheme="smtps").send(PAGE, BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("550 5.1.1 no such mailbox", "ADDRESS_REFUSED"),
        ("550 5.1.10 takes no mail", "ADDRESS_REFUSED"),
        ("550 5.7.1 this sender is blocked", "PROVIDER_REFUSED"),
        ("550 5.1.8 bad sender", "PROVIDER_REFUSED"),
        ("550 no", "PROVIDER_REFUSED"),
    ],
)
def test_only_a_surely_wrong_mailbox_keeps_other_servers_from_being_tried(
    moody: Moody, plain_port: int, answer: str, reason: str
) -> None:
    moody.to_recipient = answer

    with pytest.raises(FailedPrecondition) as refused:
        provider_at(plain_port).send(PAGE)

    assert refused.value.reason == reason
    assert "lee" not in repr(refused.value)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("535 5.7.8 lee@staff.example is not let in", "PROVIDER_CLOSED"),
        ("534 5.7.9 say it better", "PROVIDER_CLOSED"),
        ("454 4.7.0 not now", "PROVIDER_BUSY"),
    ],
)
def test_a_login_that_is_refused_says_nothing_about_the_mail(
    moody: Moody, smtp_port: int, answer: str, reason: str
) -> None:
    moody.to_login = answer
    server = SmtpServer.of(f"smtp://river:secret@127.0.0.1:{smtp_port}")

    with pytest.raises(Unavailable) as missed:
        SmtpProvider("smtp", SmtpMailer(server)).send(PAGE)

    assert (missed.value.reason, moody.taken) == (reason, [])
    assert missed.value.__suppress_context__
    assert "lee" not in repr(missed.value)


def test_a_login_that_is_not_offered_may_be_offered_later(moody: Moody, plain_port: int) -> None:
    server = SmtpServer.of(f"smtp://river:secret@127.0.0.1:{plain_port}")

    with pytest.raises(Unavailable) as missed:
        SmtpProvider("smtp", SmtpMailer(server)).send(PAGE)

    assert (missed.value.reason, moody.taken) == ("PROVIDER_CLOSED", [])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (b"554 5.3.2 no service here\r\n", "PROVIDER_CLOSED"),
        (b"421 4.3.2 come again\r\n", "PROVIDER_BUSY"),
    ],
)
def test_a_greeting_that_turns_everybody_away_says_nothing_about_the_mail(
    words: bytes, reason: str
) -> None:
    with greeting(words) as port, pytest.raises(Unavailable) as missed:
        provider_at(port).send(PAGE)

    assert missed.value.reason == reason


def test_what_one_server_turns_away_the_next_one_gets_and_the_first_is_paused(
    moody: Moody, plain_port: int
) -> None:
    with greeting(b"554 no\r\n") as port:
        closed, open_one = SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{port}")), plain_port
        lines = [SmtpProvider("closed", closed), provider_at(open_one)]
        failover = Failover(lines)
        receipts = [failover.send(PAGE) for _ in range(3)]

    assert [each.provider for each in receipts] == ["smtp"] * 3
    assert len(moody.taken) == 3
    assert REGISTRY.get_sample_value("haven_notify_provider_open", {"provider": "closed"}) == 1


def test_a_resolver_that_is_mute_costs_no_more_than_the_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def look_up(*_: Any, **__: Any) -> Any:
        over.wait(30)
        raise socket.gaierror(-3, "")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    provider = provider_at(25, host="mail.example")

    missed = ended(lambda: provider.send(PAGE, BOUND), within=SLACK)
    over.set()

    assert isinstance(missed, Unavailable)
    assert missed.reason == "PROVIDER_UNREACHABLE"
