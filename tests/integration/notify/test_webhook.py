"""Webhooks over a real HTTP server: what a partner gets, and where messages never go."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from cli.servers import Mood, ProviderServer, Side
from services.notify.domain.message import Channel
from services.notify.gateways.calling import Caller
from services.notify.gateways.webhook import WebhookProvider, signature_headers
from tests.dispatches import a_dispatch
from tests.integration.notify.providers import ended

KEY, OLD_KEY = b"k" * 32, b"o" * 32
NOW = 1_772_452_800
BOUND = 0.4
SLACK = 10


def partners(**changes: Any) -> WebhookProvider:
    values: dict[str, Any] = {
        "keys": {"river": [KEY]},
        "caller": Caller(),
        "is_local": True,
        "wall_clock": lambda: float(NOW),
    }
    return WebhookProvider("partners", **{**values, **changes})


def to(url: str, **changes: Any) -> Any:
    return a_dispatch(channel=Channel.WEBHOOK, address=url, **changes)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name leads to these addresses; the names that were asked for."""
    asked: list[str] = []

    def look_up(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        kind = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in addresses]
        return [
            (family, socket.SOCK_STREAM, 6, "", (address, 0))
            for family, address in zip(kind, addresses, strict=True)
        ]

    monkeypatch.setattr("services.notify.gateways.resolving.socket.getaddrinfo", look_up)
    return asked


def refusal(provider: WebhookProvider, url: str) -> HavenError:
    with pytest.raises(HavenError) as refused:
        provider.send(to(url))
    return refused.value


def test_a_partner_gets_the_message_signed(provider: ProviderServer) -> None:
    receipt = partners().send(to(f"{provider.uri}/webhooks/app", message_id="m-1"))

    (came,) = provider.received(Side.WEBHOOK)
    body = came.content["body"].encode()
    assert receipt.provider == "partners"
    assert json.loads(body)["data"]["message_id"] == "m-1"
    for name, value in signature_headers("m-1", NOW, body, [KEY]).items():
        assert came.headers[name] == value


def test_two_attempts_have_one_id_and_one_body_each_its_own_time(provider: ProviderServer) -> None:
    url = f"{provider.uri}/webhooks/app"
    for later in (0, 60):
        partners(wall_clock=lambda later=later: float(NOW + later)).send(to(url))

    first, second = provider.received(Side.WEBHOOK)
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


def test_while_secrets_change_both_sign(provider: ProviderServer) -> None:
    keys = {"river": [KEY, OLD_KEY]}
    partners(keys=keys).send(to(f"{provider.uri}/webhooks/app"))

    signatures = provider.received(Side.WEBHOOK)[0].headers["webhook-signature"].split(" ")
    assert len(set(signatures)) == 2


def test_a_tenant_without_a_secret_sends_nothing(provider: ProviderServer) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        partners().send(to(f"{provider.uri}/webhooks/app", tenant_id="ocean"))

    assert refused.value.reason == "WEBHOOK_SECRET_MISSING"
    assert provider.received() == []


@pytest.mark.parametrize("path", ["/token", "/v1/x", "/"])
def test_in_production_no_message_goes_to_this_machine(provider: ProviderServer, path: str) -> None:
    for scheme in ("http", "https"):
        url = f"{scheme}://127.0.0.1:{provider.port}{path}"
        assert refusal(partners(is_local=False), url).reason == "ADDRESS_REFUSED"

    assert provider.received() == []


@pytest.mark.parametrize(
    "address", ["10.0.0.5", "192.168.0.1", "169.254.169.254", "::ffff:10.0.0.5", "fd00::1"]
)
@pytest.mark.parametrize("is_local", [False, True])
def test_a_name_that_leads_inside_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str, is_local: bool
) -> None:
    resolving_to(monkeypatch, address)

    refused = refusal(partners(is_local=is_local), "https://partner.example/hook")

    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "ADDRESS_REFUSED"
    assert "partner" not in repr(refused)


def test_one_public_address_does_not_excuse_a_private_one(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "8.8.8.8", "10.0.0.5")

    refused = refusal(partners(is_local=False), "https://partner.example/hook")

    assert refused.reason == "ADDRESS_REFUSED"


def test_a_public_address_is_not_written_to_in_plaintext(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, "8.8.8.8")

    for is_local in (True, False):
        refused = refusal(partners(is_local=is_local), "http://partner.example/hook")
        assert refused.reason == "ADDRESS_REFUSED"


def test_the_name_is_asked_for_once_and_the_checked_address_is_called(
    monkeypatch: pytest.MonkeyPatch, provider: ProviderServer
) -> None:
    asked = resolving_to(monkeypatch, "127.0.0.1")

    partners().send(to(f"http://partner.example:{provider.port}/webhooks/app"))

    assert asked == ["partner.example"]
    assert provider.received()[0].headers["Host"] == f"partner.example:{provider.port}"


def test_a_name_that_nobody_knows_just_now_may_be_known_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def look_up(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-3, "partner.example")

    monkeypatch.setattr("services.notify.gateways.resolving.socket.getaddrinfo", look_up)

    missed = refusal(partners(), "https://partner.example/hook")

    assert isinstance(missed, Unavailable)
    assert missed.reason == "PROVIDER_UNREACHABLE"


@pytest.mark.parametrize(
    "url", ["", "partner.example", "file:///etc/passwd", "https://a@b.example"]
)
def test_what_is_no_url_is_not_called(url: str) -> None:
    assert refusal(partners(), url).reason == "CONTACT_POINT_INVALID"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(provider: ProviderServer, status: int) -> None:
    headers = {"Location": f"{provider.uri}/webhooks/other"}
    provider.be(Side.WEBHOOK, Mood("answer", status, "", headers))

    refused = refusal(partners(), f"{provider.uri}/webhooks/app")

    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "ADDRESS_REFUSED"
    assert len(provider.received()) == 1


def test_a_receiver_that_is_gone_is_not_tried_again(provider: ProviderServer) -> None:
    provider.be(Side.WEBHOOK, Mood("answer", 410))

    refused = refusal(partners(), f"{provider.uri}/webhooks/app")

    assert isinstance(refused, FailedPrecondition)
    assert refused.reason == "ADDRESS_GONE"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_every_other_refusal_may_pass(provider: ProviderServer, status: int) -> None:
    provider.be(Side.WEBHOOK, Mood("answer", status, "no"))

    missed = refusal(partners(), f"{provider.uri}/webhooks/app")

    assert isinstance(missed, Unavailable)
    assert missed.reason == "PROVIDER_BUSY"


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_receiver_without_an_end_costs_no_more_than_the_bound(
    provider: ProviderServer, kind: Any
) -> None:
    provider.be(Side.WEBHOOK, Mood(kind))
    dispatch = to(f"{provider.uri}/webhooks/app")

    missed = ended(lambda: partners().send(dispatch, BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)


def test_a_long_answer_is_not_read_to_its_end(provider: ProviderServer) -> None:
    provider.be(Side.WEBHOOK, Mood("answer", 200, "x" * 900_000))

    assert partners().send(to(f"{provider.uri}/webhooks/app")).provider == "partners"
