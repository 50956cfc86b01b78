"""Two real providers of each channel: whatever the first one does, the second has the message."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from chassis.settings import Secret
from cli.servers import Mood, ProviderServer, Side, SmtpServer
from cli.servers.provider import write_providers_file
from services.notify.domain.message import Channel
from services.notify.gateways.calling import Caller
from services.notify.gateways.failover import ATTEMPT_SECONDS, NEXT_AFTER, Failover
from services.notify.gateways.providers import callback_secrets_of, providers_of
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider
from services.notify.gateways.smtp import SmtpServer as Address
from services.notify.gateways.twilio import TwilioTexts
from services.notify.settings import NotifySettings
from tests.dispatches import a_dispatch, a_page
from tests.integration.notify.providers import account_of, ended

SLACK = 10
FAULTS = [
    Mood("answer", 500, "{}"),
    Mood("answer", 429, "{}"),
    Mood("answer", 401, '{"code": 20003}'),
    Mood("answer", 201, "<html>welcome"),
    Mood("hang"),
    Mood("drip"),
    Mood("babble"),
]


@pytest.fixture(scope="module")
def second_server(server_folder: Path) -> Iterator[ProviderServer]:
    server = ProviderServer(server_folder / "second-provider").start()
    yield server
    server.stop()


@pytest.fixture
def second(second_server: ProviderServer) -> ProviderServer:
    second_server.forget()
    return second_server


def chain(*servers: ProviderServer, **changes: Any) -> Failover:
    """Texts by these servers, in that order, in a hurry."""
    caller = Caller()
    texts = [TwilioTexts(account_of(server), caller) for server in servers]
    values: dict[str, Any] = {"attempt_seconds": 1.5, "next_after": 0.3}
    return Failover(texts, **{**values, **changes})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_whatever_the_first_one_does_the_second_has_the_page(
    provider: ProviderServer, second: ProviderServer, fault: Mood
) -> None:
    provider.be(Side.SMS, fault)

    receipt = chain(provider, second).send(a_page(message_id="m-1"))

    (tried,) = provider.received(Side.SMS)
    (taken,) = second.received(Side.SMS)
    assert receipt.reference == taken.reference
    assert tried.headers["Idempotency-Key"] == taken.headers["Idempotency-Key"] == "m-1"


@pytest.mark.parametrize("how", ["freeze", "kill"])
def test_a_first_one_that_is_frozen_or_dead_does_not_hold_a_page(
    second: ProviderServer, tmp_path: Path, how: str
) -> None:
    first = ProviderServer(tmp_path / "first").start()
    getattr(first, how)()
    try:
        chain(first, second).send(a_page())
    finally:
        first.thaw()
        first.stop()

    assert len(second.received(Side.SMS)) == 1


def test_as_shipped_the_second_one_is_tried_before_two_seconds_are_over(
    provider: ProviderServer, second: ProviderServer
) -> None:
    provider.be(Side.SMS, Mood("hang"))
    start = time.monotonic()

    Failover([TwilioTexts(account_of(each), Caller()) for each in (provider, second)]).send(
        a_page()
    )

    (first_time,) = (each.receive_time for each in provider.received(Side.SMS))
    (second_time,) = (each.receive_time for each in second.received(Side.SMS))
    assert NEXT_AFTER < 2
    assert (second_time - first_time).total_seconds() < NEXT_AFTER + SLACK
    assert NEXT_AFTER <= time.monotonic() - start < NEXT_AFTER + SLACK


def test_an_attempt_is_bounded_though_both_hang(
    provider: ProviderServer, second: ProviderServer
) -> None:
    for each in (provider, second):
        each.be(Side.SMS, Mood("hang"))
    failover = chain(provider, second, attempt_seconds=0.8)

    missed = ended(lambda: failover.send(a_page()), within=SLACK)

    assert isinstance(missed, Unavailable)
    assert len(provider.received()) == len(second.received()) == 1
    assert ATTEMPT_SECONDS < 7, "a claim must outlive it"


def test_a_number_that_has_opted_out_is_not_written_to_by_another_provider(
    provider: ProviderServer, second: ProviderServer
) -> None:
    provider.be(Side.SMS, Mood("answer", 400, '{"code": 21610}'))

    with pytest.raises(FailedPrecondition) as refused:
        chain(provider, second).send(a_page())

    assert refused.value.reason == "STOPPED"
    assert second.received() == []


def test_once_the_first_is_known_to_hang_pages_go_to_the_second_at_once(
    provider: ProviderServer, second: ProviderServer
) -> None:
    provider.be(Side.SMS, Mood("hang"))
    failover = chain(provider, second, next_after=0.1)
    for number in range(5):
        failover.send(a_page(message_id=f"m-{number}"))

    assert len(provider.received(Side.SMS)) == 3
    assert len(second.received(Side.SMS)) == 5


def test_while_both_were_away_a_page_is_tried_and_arrives_when_one_is_back(
    provider: ProviderServer, second: ProviderServer
) -> None:
    for each in (provider, second):
        each.be(Side.SMS, Mood("answer", 503, "{}"))
    failover = chain(provider, second)
    for _ in range(4):
        with pytest.raises(Unavailable):
            failover.send(a_page())
    with pytest.raises(HavenError) as paused:
        failover.send(a_dispatch())
    second.be(Side.SMS, Mood())

    assert failover.send(a_page()).reference == second.received(Side.SMS)[-1].reference
    assert paused.value.reason == "PROVIDERS_PAUSED"


def test_a_mail_goes_by_the_second_server_where_the_first_is_silent(
    smtp: SmtpServer, silent_port: int, test_name: str
) -> None:
    to = f"{test_name}@staff.example"
    servers = (f"smtp://127.0.0.1:{silent_port}", smtp.uri)
    mailers = [
        SmtpProvider(name, SmtpMailer(Address.of(uri)))
        for name, uri in zip(("smtp", "smtp-fallback"), servers, strict=True)
    ]

    receipt = Failover(mailers, attempt_seconds=5, next_after=0.3).send(a_page(address=to))

    (mail,) = smtp.mails_to(to)
    assert receipt.provider == "smtp-fallback"
    assert mail.subject == "Please answer now"


@pytest.mark.parametrize("channel", [each for each in Channel if each is not Channel.EMAIL])
def test_every_channel_of_the_local_stack_reaches_its_second_provider_or_its_only_one(
    provider: ProviderServer, second: ProviderServer, tmp_path: Path, channel: Channel
) -> None:
    file = write_providers_file(
        tmp_path, [provider, second], callback_url="http://127.0.0.1:1/cb", tenants=["river"]
    )
    made = providers_of(local(file))
    if channel is not Channel.WEBHOOK:
        provider.be(Side(channel.value), Mood("answer", 503, "{}"))
    address = {
        Channel.PUSH: "device-token",
        Channel.WEBHOOK: f"{second.uri}/webhooks/app",
    }.get(channel, "+15550123")

    made[channel].send(a_page(channel=channel, address=address))

    assert [each.side for each in second.received()][-1] == Side(channel.value)


def test_the_local_stacks_callbacks_are_signed_with_a_known_secret(
    provider: ProviderServer, tmp_path: Path
) -> None:
    file = write_providers_file(
        tmp_path, [provider], callback_url="http://127.0.0.1:1/cb", tenants=["river"]
    )

    assert set(callback_secrets_of(local(file))) == {"sms-1", "voice-1"}


def local(file: Path) -> NotifySettings:
    return NotifySettings(
        service="notify",
        env="local",
        amqp_uri=Secret("amqp://127.0.0.1"),
        mongodb_uri=Secret("mongodb://127.0.0.1"),
        tenants_file=file.parent / "tenants.toml",
        jwks_uri="http://127.0.0.1/jwks",
        token_issuer="http://127.0.0.1",
        token_audience="haven",
        pki_dir=file.parent,
        smtp_uri=Secret("smtp://127.0.0.1:1"),
        providers_file=file,
    )
