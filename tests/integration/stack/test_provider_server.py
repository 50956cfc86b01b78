"""The stand-in provider does what tests of a real one rest on."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from cli.servers import Mood, ProviderServer, Side
from cli.servers.provider_sink import ACCOUNT, AUTH_TOKEN
from services.notify.gateways.calling import Caller
from services.notify.gateways.twilio import TwilioTexts
from services.notify.gateways.twilio_callbacks import STATES, verify
from tests.dispatches import a_dispatch
from tests.integration.notify.providers import account_of, open_edge
from tests.waiting import eventually


def test_what_was_taken_can_be_read_as_soon_as_it_was_answered(provider: ProviderServer) -> None:
    texts = TwilioTexts(account_of(provider), Caller())
    references = [texts.send(a_dispatch(message_id=f"m-{n}")).reference for n in range(20)]

    came = provider.received(Side.SMS)
    assert [each.reference for each in came] == references
    assert all(each.is_taken for each in came)
    assert sorted(came, key=lambda each: each.receive_time) == came


def test_who_does_not_know_the_secret_is_refused(provider: ProviderServer) -> None:
    request = Request(
        f"{provider.uri}/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
        data=urlencode({"To": "+15550123", "Body": "x"}).encode(),
    )

    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=10)

    refused.value.close()
    assert refused.value.code == 401
    assert not provider.received()[0].is_taken


def test_it_reports_by_itself_where_it_was_told_to(provider: ProviderServer) -> None:
    provider.be(Side.SMS, Mood("report"))
    with open_edge() as edge:
        account = account_of(provider, callback_url=edge.url)
        receipt = TwilioTexts(account, Caller()).send(a_dispatch(message_id="m-1"))
        eventually(lambda: edge.calls, within=10)

    ((url, params, signature),) = edge.calls
    assert "message_id=m-1" in url
    assert params["MessageSid"] == receipt.reference
    assert params["MessageStatus"] in STATES
    assert verify(url, params, signature, AUTH_TOKEN)


def test_a_new_start_keeps_what_came_and_the_account(tmp_path: Path) -> None:
    server = ProviderServer(tmp_path / "provider").start()
    account = (server.folder / "firebase.json").read_text()
    TwilioTexts(account_of(server), Caller()).send(a_dispatch())
    server.kill()
    server.start()

    assert len(server.received()) == 1
    assert (server.folder / "firebase.json").read_text() == account
    server.forget()
    assert server.received() == []
    server.stop()
