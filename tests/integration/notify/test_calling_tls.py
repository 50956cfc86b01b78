"""Calls over TLS: whose certificate is believed, and that a handshake cannot be drawn out."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest

from chassis.auth.pki import ensure_local_pki
from chassis.errors import Unavailable
from services.notify.gateways.calling import Answer, Caller, Place, deadline
from services.notify.gateways.resolving import Address
from tests.integration.notify.providers import ended, misbehaving

HERE: list[Address] = [ip_address("127.0.0.1")]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BOUND = 0.4
SLACK = 10


@pytest.fixture
def pki(tmp_path: Path) -> Path:
    """An authority, and a certificate for the name localhost."""
    ensure_local_pki(tmp_path, ["notify"])
    return tmp_path


@pytest.fixture
def server_side(pki: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / "notify.pem", pki / "notify-key.pem")
    return context


def call(caller: Caller, host: str, port: int, seconds: float = 5.0) -> Answer:
    place = Place("https", host, port, "/")
    return caller.post(place, {}, b"{}", until=deadline(seconds), addresses=HERE)


def test_the_certificate_must_name_the_host_not_the_address(
    pki: Path, server_side: ssl.SSLContext
) -> None:
    with misbehaving(OK, tls=server_side) as port:
        assert call(Caller(pki / "ca.pem"), "localhost", port) == Answer(200, b"{}")

    with misbehaving(OK, tls=server_side) as port, pytest.raises(Unavailable) as missed:
        call(Caller(pki / "ca.pem"), "partner.example", port)
    assert missed.value.reason == "PROVIDER_UNREACHABLE"
    assert missed.value.__suppress_context__


def test_a_certificate_of_an_unknown_authority_is_not_believed(server_side: ssl.SSLContext) -> None:
    with misbehaving(OK, tls=server_side) as port, pytest.raises(Unavailable):
        call(Caller(), "localhost", port)


def test_a_server_that_does_not_speak_tls_is_taken_for_away() -> None:
    with misbehaving(OK) as port, pytest.raises(Unavailable):
        call(Caller(), "localhost", port)


@pytest.mark.parametrize("then", [b"", b"\x16"])
def test_a_handshake_without_an_end_costs_no_more_than_the_bound(then: bytes) -> None:
    # A handshake record of 16 kB that never comes, or comes by single bytes.
    with misbehaving(b"\x16\x03\x03\x40\x00", then) as port:
        missed = ended(lambda: call(Caller(), "localhost", port, BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)


def test_an_answer_without_an_end_costs_no_more_than_the_bound(
    pki: Path, server_side: ssl.SSLContext
) -> None:
    caller = Caller(pki / "ca.pem")
    with misbehaving(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", tls=server_side) as port:
        missed = ended(lambda: call(caller, "localhost", port, BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)
