"""Texts and calls over a real HTTP server: what goes over the wire, and what a refusal becomes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import fromstring

import pytest

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from chassis.settings import Secret
from cli.servers import Mood, ProviderServer, Side
from cli.servers.provider_sink import AUTH_TOKEN
from services.notify.domain.wording import Language
from services.notify.gateways import twilio_callbacks, twiml
from services.notify.gateways.calling import Caller, Place
from services.notify.gateways.twilio import TwilioCalls, TwilioTexts
from services.notify.gateways.twilio_callbacks import (
    ReportState,
    StatusReport,
    verify,
)
from services.notify.ports.callbacks import Digits, ReceivedText
from tests.dispatches import MOBILE, a_dispatch, a_page
from tests.integration.notify.providers import account_of, ended, misbehaving, open_edge

BOUND = 0.4
SLACK = 10


@pytest.fixture
def texts(provider: ProviderServer) -> TwilioTexts:
    return TwilioTexts(account_of(provider), Caller())


@pytest.fixture
def calls(provider: ProviderServer) -> TwilioCalls:
    return TwilioCalls(account_of(provider), Caller())


def refusing(status: int, **body: Any) -> Mood:
    return Mood("answer", status, json.dumps(body))


def test_a_text_arrives_whole(texts: TwilioTexts, provider: ProviderServer) -> None:
    receipt = texts.send(a_dispatch(message_id="m-1"))

    (came,) = provider.received(Side.SMS)
    assert receipt.provider == "east"
    assert receipt.reference == came.reference
    assert came.content["To"] == MOBILE
    assert came.content["From"] == "+15550100"
    assert came.content["Body"] == "You have a new message. Please open the app when you can."
    assert came.headers["Idempotency-Key"] == "m-1"


def test_a_report_about_a_text_comes_to_a_url_that_names_tenant_and_message(
    texts: TwilioTexts, provider: ProviderServer
) -> None:
    texts.send(a_dispatch(message_id="m-1"))

    url = urlsplit(provider.received(Side.SMS)[0].content["StatusCallback"])
    assert url.path == "/east/status"
    assert dict(parse_qsl(url.query)) == {"tenant_id": "river", "message_id": "m-1"}


def test_a_tenant_with_a_number_of_its_own_writes_from_it(
    texts: TwilioTexts, provider: ProviderServer
) -> None:
    texts.send(a_dispatch(tenant_id="ocean"))

    assert provider.received(Side.SMS)[0].content["From"] == "+15550101"


def test_a_page_by_text_says_what_to_reply(texts: TwilioTexts, provider: ProviderServer) -> None:
    texts.send(a_page())

    assert provider.received(Side.SMS)[0].content["Body"].endswith(twiml.REPLY[Language.ENGLISH])


def test_a_page_by_voice_listens_for_a_key(calls: TwilioCalls, provider: ProviderServer) -> None:
    receipt = calls.send(a_page(message_id="m-1"))

    (came,) = provider.received(Side.VOICE)
    gather = fromstring(came.content["Twiml"])[0]
    assert receipt.reference == came.reference
    expected = "/east/digits?tenant_id=river&message_id=m-1&language=en"
    assert gather.get("action", "").endswith(expected)
    assert came.content["To"] == MOBILE


def test_a_page_in_spanish_is_carried_in_spanish_by_text_and_by_voice(
    texts: TwilioTexts, calls: TwilioCalls, provider: ProviderServer
) -> None:
    for carrier in (texts, calls):
        carrier.send(a_page(language=Language.SPANISH))

    (text,), (call,) = provider.received(Side.SMS), provider.received(Side.VOICE)
    gather = fromstring(call.content["Twiml"])[0]
    assert text.content["Body"].endswith(twiml.REPLY[Language.SPANISH])
    assert gather[0].get("language") == "es-US"
    assert gather.get("action", "").endswith("&language=es")


def test_another_call_only_speaks(calls: TwilioCalls, provider: ProviderServer) -> None:
    calls.send(a_dispatch())

    script = fromstring(provider.received(Side.VOICE)[0].content["Twiml"])
    assert [part.tag for part in script] == ["Say"]


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 21211, "ADDRESS_REFUSED"),
        (400, 21614, "ADDRESS_REFUSED"),
        (400, 21610, "STOPPED"),
        (400, 21606, "PROVIDER_REFUSED"),  # our sender is at fault
        (401, 20003, "PROVIDER_REFUSED"),
        (404, 20404, "PROVIDER_REFUSED"),
    ],
)
def test_a_refusal_for_good(
    texts: TwilioTexts, provider: ProviderServer, status: int, code: int, reason: str
) -> None:
    provider.be(Side.SMS, refusing(status, code=code, message=f"{MOBILE} is wrong"))

    with pytest.raises(FailedPrecondition) as refused:
        texts.send(a_dispatch())

    assert refused.value.reason == reason
    assert "555" not in repr(refused.value)


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (refusing(429, code=20429), "PROVIDER_BUSY"),
        (refusing(408), "PROVIDER_BUSY"),
        (refusing(500, code=20500), "PROVIDER_BUSY"),
        (Mood("answer", 503, "<html>busy"), "PROVIDER_BUSY"),
        (Mood("answer", 201, "<html>welcome"), "PROVIDER_GARBLED"),
        (Mood("answer", 201, "{}"), "PROVIDER_GARBLED"),
        (Mood("answer", 201, '{"sid": 7}'), "PROVIDER_GARBLED"),
        (Mood("answer", 201, '{"sid": "SM'), "PROVIDER_GARBLED"),
        (Mood("answer", 200, " " * 200_000), "PROVIDER_GARBLED"),
        # A proxy's refusal is not the provider's: it says nothing about the message.
        (Mood("answer", 403, "<html>who are you"), "PROVIDER_GARBLED"),
        (Mood("answer", 400, '{"code": "21211"}'), "PROVIDER_GARBLED"),
        (Mood("answer", 302, "{}", {"Location": "/elsewhere"}), "PROVIDER_GARBLED"),
        (Mood("babble"), "PROVIDER_GARBLED"),
    ],
)
def test_a_refusal_for_now(
    texts: TwilioTexts, provider: ProviderServer, mood: Mood, reason: str
) -> None:
    provider.be(Side.SMS, mood)

    with pytest.raises(Unavailable) as missed:
        texts.send(a_dispatch())

    assert missed.value.reason == reason
    assert len(provider.received()) == 1, "neither tried again here nor redirected"


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_a_provider_without_an_end_costs_no_more_than_the_bound(
    texts: TwilioTexts, provider: ProviderServer, kind: Any
) -> None:
    provider.be(Side.SMS, Mood(kind))

    missed = ended(lambda: texts.send(a_dispatch(), BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)
    assert missed.reason == "PROVIDER_UNREACHABLE"


def test_a_frozen_provider_costs_no_more_than_the_bound(
    texts: TwilioTexts, provider: ProviderServer
) -> None:
    provider.freeze()
    try:
        missed = ended(lambda: texts.send(a_dispatch(), BOUND), within=SLACK)
    finally:
        provider.thaw()

    assert isinstance(missed, Unavailable)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 201 Created\r\n", b"X-Wait: longer\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 1000000\r\n\r\n", b" "),
    ],
)
def test_no_part_of_an_answer_can_be_drawn_out(
    provider: ProviderServer, first: bytes, then: bytes
) -> None:
    with misbehaving(first, then) as port:
        account = account_of(provider)
        elsewhere = Place.of(f"http://127.0.0.1:{port}")
        texts = TwilioTexts(_moved(account, elsewhere), Caller())
        missed = ended(lambda: texts.send(a_dispatch(), BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)


def test_nobody_listens(provider: ProviderServer) -> None:
    texts = TwilioTexts(_moved(account_of(provider), Place.of("http://127.0.0.1:1")), Caller())

    with pytest.raises(Unavailable) as missed:
        texts.send(a_dispatch())

    assert missed.value.reason == "PROVIDER_UNREACHABLE"
    assert missed.value.__suppress_context__


@pytest.mark.parametrize("address", ["", "5550123", "lee@staff.example", f"{MOBILE};{MOBILE}"])
def test_what_is_no_number_is_not_sent(
    texts: TwilioTexts, provider: ProviderServer, address: str
) -> None:
    with pytest.raises(HavenError) as refused:
        texts.send(a_dispatch(address=address))

    assert refused.value.reason == "CONTACT_POINT_INVALID"
    assert provider.received() == []


def test_a_wrong_secret_is_refused_for_good(provider: ProviderServer) -> None:
    account = account_of(provider)
    texts = TwilioTexts(_moved(account, account.place, token=Secret("wrong")), Caller())

    with pytest.raises(FailedPrecondition) as refused:
        texts.send(a_dispatch())

    assert refused.value.reason == "PROVIDER_REFUSED"
    assert not provider.received()[0].is_taken


def test_what_the_provider_calls_back_is_genuine_and_understood(provider: ProviderServer) -> None:
    with open_edge() as edge:
        account = account_of(provider, callback_url=edge.url)
        TwilioTexts(account, Caller()).send(a_dispatch())
        TwilioCalls(account, Caller()).send(a_page())
        (text,) = provider.received(Side.SMS)
        (call,) = provider.received(Side.VOICE)
        digits_url = fromstring(call.content["Twiml"])[0].get("action", "")
        edge.answer = twiml.recorded(Language.ENGLISH)

        provider.report(text, "undelivered", ErrorCode="30006")
        pressed = provider.press(call, "1", url=digits_url)
        provider.text("+15550123", "STOP", url=f"{edge.url}/east/inbound")

    assert pressed == (200, twiml.recorded(Language.ENGLISH))
    assert all(verify(*each, AUTH_TOKEN) for each in edge.calls)
    about_text, about_call, inbound = (params for _, params, _ in edge.calls)
    assert twilio_callbacks.status_report(about_text) == StatusReport(
        text.reference, ReportState.FAILED, "ADDRESS_REFUSED"
    )
    assert twilio_callbacks.digits(about_call) == Digits(call.reference, "1")
    assert twilio_callbacks.inbound_text(inbound) == ReceivedText(
        "+15550123", "+15550100", "STOP", inbound["MessageSid"]
    )


def _moved(account: Any, place: Place, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(account, place=place, **changes)
