"""Which addresses a partner's URL may lead to, and that a name-server that is mute costs little."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.gateways.resolving import connected, is_public, resolve

PUBLIC = ["8.8.8.8", "93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001:810::200e"]
NOT_PUBLIC = {
    "this network": "0.0.0.0",
    "loopback": "127.0.0.1",
    "loopback, elsewhere in its range": "127.8.9.10",
    "private, class A": "10.1.2.3",
    "private, class B": "172.16.0.1",
    "private, class C": "192.168.1.1",
    "shared by carriers; a cloud's metadata": "100.100.100.200",
    "link-local; most clouds' metadata": "169.254.169.254",
    "one cloud's metadata": "168.63.129.16",
    "another cloud's metadata": "192.0.0.192",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.7",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "6to4 relay": "192.88.99.1",
    "IPv6 unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv4-mapped private": "::ffff:10.0.0.1",
    "IPv4-mapped public": "::ffff:8.8.8.8",
    "IPv4-compatible": "::127.0.0.1",
    "NAT64 of the metadata": "64:ff9b::a9fe:a9fe",
    "local NAT64": "64:ff9b:1::1",
    "6to4 of a private one": "2002:a00:1::1",
    "Teredo": "2001:0:1::1",
    "IPv6 documentation": "2001:db8::1",
    "unique local": "fd00::1",
    "a cloud's metadata by IPv6": "fd00:ec2::254",
    "IPv6 link-local": "fe80::1",
    "site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "discard": "100::1",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_named(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC.values(), ids=NOT_PUBLIC.keys())
def test_what_is_not_one_public_machine_may_not(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_becomes_public_inside_of_an_ipv6_one(address: IPv4Address) -> None:
    number = int(address)
    wrapped = (
        IPv6Address(number),
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    )

    assert not any(is_public(each) for each in wrapped)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "8.8.8.8"])
def test_an_address_is_not_looked_up(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    assert resolve(address, time.monotonic() + 1) == [ip_address(address)]


@pytest.mark.parametrize("name", ["0x7f.1", "127.1", "2130706433"])
def test_a_disguised_loopback_address_is_seen_for_what_it_is(name: str) -> None:
    (found,) = set(resolve(name, time.monotonic() + 5))

    assert found == ip_address("127.0.0.1")


def test_a_name_that_is_not_known_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "partner.example is not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(OSError, match="gaierror") as refused:
        resolve("partner.example", time.monotonic() + 5)
    assert "partner" not in str(refused.value)


@pytest.fixture
def mute_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server that does not answer until the test has ended."""
    ended = threading.Event()

    def look_up(*_: Any, **__: Any) -> Any:
        ended.wait(30)
        raise socket.gaierror(-3, "")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    ended.set()


@pytest.mark.usefixtures("mute_resolver")
def test_a_resolver_that_is_mute_costs_no_more_than_the_bound() -> None:
    with pytest.raises(TimeoutError):
        resolve("partner.example", time.monotonic() + 0.05)


def test_a_time_that_is_over_is_not_waited_for() -> None:
    with pytest.raises(TimeoutError):
        connected([ip_address("127.0.0.1")], 9, time.monotonic() - 1)


def test_the_next_address_is_tried_where_the_first_one_refuses() -> None:
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        addresses = [ip_address("127.0.0.1"), ip_address("127.0.0.2")]
        with connected(addresses, port, time.monotonic() + 5) as connection:
            assert connection.getpeername() == ("127.0.0.2", port)
