"""Push over a real HTTP server: the token, the notification, and what a refusal becomes."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, Unavailable
from chassis.settings import adapter
from cli.servers import Mood, ProviderServer, Side
from services.notify.domain.message import Channel
from services.notify.gateways.calling import Caller, Place
from services.notify.gateways.fcm import FcmPush
from services.notify.gateways.google_token import AccessTokens, ServiceAccount
from tests.dispatches import a_dispatch, a_page
from tests.integration.notify.providers import ended

DEVICE = "device-token-of-nobody:APA91b"
BOUND = 0.4
SLACK = 10


class Phone:
    """FCM as the stand-in plays it, and a clock that ages tokens."""

    def __init__(self, provider: ProviderServer) -> None:
        key_file = provider.folder / "firebase.json"
        account = adapter(ServiceAccount).validate_json(key_file.read_bytes())
        caller = Caller()
        self.now = 1_000.0
        self.tokens = AccessTokens(account, caller, clock=lambda: self.now)
        place = Place.of(provider.uri)
        self.push = FcmPush("fcm", place, account.project_id, self.tokens, caller)

    def send(self, dispatch: Any = None, seconds: float = 5.0) -> Any:
        return self.push.send(dispatch or notice(), seconds)


def notice(**changes: Any) -> Any:
    return a_dispatch(channel=Channel.PUSH, address=DEVICE, **changes)


def error(status: int, code: str, **detail: Any) -> Mood:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}, detail]
    body = {"error": {"code": status, "status": "X", "message": DEVICE, "details": details}}
    return Mood("answer", status, json.dumps(body))


@pytest.fixture
def phone(provider: ProviderServer) -> Phone:
    return Phone(provider)


def test_a_notification_arrives_neutral_and_without_data(
    phone: Phone, provider: ProviderServer
) -> None:
    receipt = phone.send()

    (came,) = provider.received(Side.PUSH)
    message = came.content["message"]
    assert receipt.reference == came.reference
    assert message["token"] == DEVICE
    assert message["notification"]["title"] == "You have a new message"
    assert "data" not in message
    assert "river" not in json.dumps(message)


@pytest.mark.parametrize(
    ("dispatch", "android", "apple"),
    [(a_page(address=DEVICE), "HIGH", "10"), (notice(), "NORMAL", "5")],
)
def test_a_page_wakes_the_device_and_nothing_else_does(
    phone: Phone, provider: ProviderServer, dispatch: Any, android: str, apple: str
) -> None:
    phone.send(dispatch)

    message = provider.received(Side.PUSH)[0].content["message"]
    assert message["android"]["priority"] == android
    assert message["apns"]["headers"]["apns-priority"] == apple


def test_the_same_message_twice_replaces_itself_on_the_device(
    phone: Phone, provider: ProviderServer
) -> None:
    phone.send()
    phone.send()

    messages = [each.content["message"] for each in provider.received(Side.PUSH)]
    assert {each["android"]["notification"]["tag"] for each in messages} == {"6f1d3f5e"}
    assert {each["apns"]["headers"]["apns-collapse-id"] for each in messages} == {"6f1d3f5e"}


def test_one_token_serves_until_shortly_before_its_end(
    phone: Phone, provider: ProviderServer
) -> None:
    phone.send()
    phone.now += 3_599 - 301
    phone.send()
    assert len(provider.received(Side.TOKEN)) == 1

    phone.now += 2
    phone.send()
    assert len(provider.received(Side.TOKEN)) == 2


def test_of_many_threads_one_fetches_the_token(phone: Phone, provider: ProviderServer) -> None:
    threads = [threading.Thread(target=phone.send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(provider.received(Side.TOKEN)) == 1
    assert len(provider.received(Side.PUSH)) == 8


def test_a_token_that_was_withdrawn_is_fetched_again_at_once(
    phone: Phone, provider: ProviderServer
) -> None:
    stale = json.dumps({"access_token": "stale", "expires_in": 3_599})
    provider.be(Side.TOKEN, Mood("answer", 200, stale))
    with pytest.raises(FailedPrecondition):
        phone.send()  # it is fetched twice, and refused twice
    provider.be(Side.TOKEN, Mood())

    assert phone.send().reference
    assert [each.is_taken for each in provider.received(Side.PUSH)] == [False, False, True]


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (error(404, "UNREGISTERED"), "ADDRESS_GONE"),
        (error(403, "SENDER_ID_MISMATCH"), "ADDRESS_REFUSED"),
        (error(400, "INVALID_ARGUMENT"), "PROVIDER_REFUSED"),
        (
            error(400, "INVALID_ARGUMENT", fieldViolations=[{"field": "message.token"}]),
            "ADDRESS_REFUSED",
        ),
        (error(401, "THIRD_PARTY_AUTH_ERROR"), "PROVIDER_REFUSED"),
        (Mood("answer", 404, '{"error": {"status": "NOT_FOUND"}}'), "PROVIDER_REFUSED"),
    ],
)
def test_a_refusal_for_good(
    phone: Phone, provider: ProviderServer, mood: Mood, reason: str
) -> None:
    provider.be(Side.PUSH, mood)

    with pytest.raises(FailedPrecondition) as refused:
        phone.send()

    assert refused.value.reason == reason
    assert DEVICE not in repr(refused.value)


@pytest.mark.parametrize("side", [Side.TOKEN, Side.PUSH])
@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (Mood("answer", 429, "{}"), "PROVIDER_BUSY"),
        (Mood("answer", 503, "<html>"), "PROVIDER_BUSY"),
        (Mood("answer", 200, "<html>"), "PROVIDER_GARBLED"),
        (Mood("answer", 200, "{}"), "PROVIDER_GARBLED"),
        (Mood("answer", 403, "<html>"), "PROVIDER_GARBLED"),
        (Mood("babble"), "PROVIDER_GARBLED"),
    ],
)
def test_a_refusal_for_now(
    phone: Phone, provider: ProviderServer, side: Side, mood: Mood, reason: str
) -> None:
    provider.be(side, mood)

    with pytest.raises(Unavailable) as missed:
        phone.send()

    assert missed.value.reason == reason


@pytest.mark.parametrize("body", ['{"error": 7}', '{"error": {"details": [7]}}', "{}"])
def test_a_refusal_of_an_odd_form_is_not_for_good(
    phone: Phone, provider: ProviderServer, body: str
) -> None:
    provider.be(Side.PUSH, Mood("answer", 404, body))

    with pytest.raises(Unavailable):
        phone.send()


def test_a_service_account_that_is_refused_is_refused_for_good(
    phone: Phone, provider: ProviderServer
) -> None:
    provider.be(Side.TOKEN, Mood("answer", 400, '{"error": "invalid_grant"}'))

    with pytest.raises(FailedPrecondition) as refused:
        phone.send()

    assert refused.value.reason == "PROVIDER_REFUSED"


@pytest.mark.parametrize("side", [Side.TOKEN, Side.PUSH])
@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_token_and_notification_together_cost_no_more_than_the_bound(
    phone: Phone, provider: ProviderServer, side: Side, kind: Any
) -> None:
    provider.be(side, Mood(kind))

    missed = ended(lambda: phone.send(seconds=BOUND), within=SLACK)

    assert isinstance(missed, Unavailable)


def test_who_waits_for_a_token_that_another_fetches_is_bounded_too(
    phone: Phone, provider: ProviderServer
) -> None:
    provider.be(Side.TOKEN, Mood("hang"))
    failures: list[BaseException | None] = []

    def send() -> None:
        failures.append(ended(lambda: phone.send(seconds=BOUND), within=SLACK))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SLACK)

    assert [type(each) for each in failures] == [Unavailable] * 4


@pytest.mark.parametrize("token", ["", "two tokens", "l\u00fc"])
def test_what_is_no_token_is_not_sent(phone: Phone, provider: ProviderServer, token: str) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        phone.send(a_dispatch(address=token))

    assert refused.value.reason == "CONTACT_POINT_INVALID"
    assert provider.received() == []
