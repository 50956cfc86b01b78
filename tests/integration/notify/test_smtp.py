"""What a mail server may do, and what it becomes here."""

from __future__ import annotations

import email
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.policy import default
from typing import Any

import pytest

from chassis.errors import FailedPrecondition, Unavailable
from chassis.settings import SettingsError
from services.notify.gateways import smtp
from services.notify.gateways.smtp import KEPT, SmtpMailer, SmtpServer
from services.notify.ports import Mail
from tests.integration.notify.conftest import Moody

MAIL = Mail(
    message_id="6f1d3f5e",
    sender_address="no-reply@river.example",
    sender_name="Messages",
    recipient_address="lee@staff.example",
    subject="Please answer now",
    body="Please open the app.\n",
)


def test_a_mail_arrives_whole(mailer: SmtpMailer, moody: Moody) -> None:
    mailer.send(MAIL)

    (envelope,) = moody.taken
    mail = email.message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["lee@staff.example"]
    assert envelope.mail_from == "no-reply@river.example"
    assert str(mail["From"]) == "Messages <no-reply@river.example>"
    assert mail["Subject"] == "Please answer now"
    assert mail["Message-ID"] == "<6f1d3f5e@river.example>"
    assert mail.get_content().splitlines() == ["Please open the app."]


def test_a_mail_in_another_language_arrives_whole(mailer: SmtpMailer, moody: Moody) -> None:
    words = {
        "sender_name": "Mensajes Río",
        "subject": "¿Está ahí?",
        "body": "Abra la aplicación.\n",
    }
    mailer.send(replace(MAIL, **words))

    (envelope,) = moody.taken
    mail = email.message_from_bytes(envelope.content, policy=default)
    assert str(mail["From"]) == "Mensajes Río <no-reply@river.example>"
    assert mail["Subject"] == "¿Está ahí?"
    assert mail["Date"].datetime is not None
    assert mail.get_content().splitlines() == ["Abra la aplicación."]


@pytest.mark.parametrize("field", ["subject", "sender_name", "recipient_address", "message_id"])
def test_nobody_adds_a_header_by_a_line_break(mailer: SmtpMailer, moody: Moody, field: str) -> None:
    with pytest.raises(FailedPrecondition):
        mailer.send(replace(MAIL, **{field: "x\r\nBcc: lee@staff.example"}))

    assert moody.taken == []


def test_mails_one_after_another_share_a_connection(mailer: SmtpMailer, moody: Moody) -> None:
    for _ in range(3):
        mailer.send(MAIL)

    assert len(moody.taken) == 3
    assert len(moody.connections) == 1


def test_mails_at_the_same_time_have_a_connection_each(mailer: SmtpMailer, moody: Moody) -> None:
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda _: mailer.send(MAIL), range(20)))

    assert len(moody.taken) == 20
    assert len(mailer._kept) <= KEPT


def test_a_connection_on_which_a_mail_failed_is_not_used_again(
    mailer: SmtpMailer, moody: Moody
) -> None:
    moody.to_mail = "451 later"
    with pytest.raises(Unavailable):
        mailer.send(MAIL)
    moody.to_mail = "250 OK"

    mailer.send(MAIL)

    assert len(moody.connections) == 2


def test_a_server_that_ended_a_kept_connection_costs_no_mail(
    mailer: SmtpMailer, moody: Moody
) -> None:
    mailer.send(MAIL)
    for each in moody.connections:
        each.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    mailer.send(MAIL)

    assert len(moody.taken) == 2
    assert len(moody.connections) == 2


def test_a_kept_connection_that_has_gone_mute_leaves_time_for_a_new_one(
    mailer: SmtpMailer, moody: Moody
) -> None:
    mailer.send(MAIL)
    moody.is_mute = True

    mailer.send(MAIL)

    assert len(moody.taken) == 2
    assert len(moody.connections) == 2


def test_what_has_been_kept_for_long_is_not_used(
    mailer: SmtpMailer, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "KEPT_SECONDS", 0.0)
    mailer.send(MAIL)
    mailer.send(MAIL)

    assert len(moody.connections) == 2
    assert len(mailer._kept) == 1


def test_two_attempts_at_one_message_carry_the_same_id(mailer: SmtpMailer, moody: Moody) -> None:
    mailer.send(MAIL)
    mailer.send(MAIL)

    ids = [email.message_from_bytes(each.content)["Message-ID"] for each in moody.taken]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("where", ["to_recipient", "to_mail"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 no such mailbox", FailedPrecondition),
        ("554 never", FailedPrecondition),
        ("451 later", Unavailable),
        ("421 closing", Unavailable),
    ],
)
def test_a_refusal_is_for_good_or_for_now(
    mailer: SmtpMailer, moody: Moody, where: Any, answer: Any, kind: Any
) -> None:
    setattr(moody, where, answer)

    with pytest.raises(kind) as refused:
        mailer.send(MAIL)

    assert refused.value.reason in {"PROVIDER_REFUSED", "PROVIDER_BUSY"}
    assert moody.taken == []


def test_a_refusal_does_not_repeat_the_address(mailer: SmtpMailer, moody: Moody) -> None:
    moody.to_recipient = "550 lee@staff.example is unknown"

    with pytest.raises(FailedPrecondition) as refused:
        mailer.send(MAIL)

    assert "staff.example" not in repr(refused.value)
    assert refused.value.__suppress_context__


def test_an_address_that_the_server_cannot_carry_is_refused_for_good(mailer: SmtpMailer) -> None:
    with pytest.raises(FailedPrecondition):
        mailer.send(replace(MAIL, recipient_address="l\u00fc@staff.example"))


def test_a_server_that_says_nothing_costs_no_more_than_the_bound(silent_port: int) -> None:
    mailer = SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{silent_port}"), seconds=0.5)
    start = time.monotonic()

    with pytest.raises(Unavailable) as refused:
        mailer.send(MAIL)

    assert refused.value.reason == "PROVIDER_UNREACHABLE"
    assert time.monotonic() - start < 5


def test_a_server_that_speaks_nonsense_is_taken_for_away(babbling_port: Any) -> None:
    mailer = SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{babbling_port}"), seconds=2)

    with pytest.raises(Unavailable):
        mailer.send(MAIL)


def test_nobody_listens(silent_port: int) -> None:
    mailer = SmtpMailer(SmtpServer.of("smtp://127.0.0.1:1"), seconds=2)

    with pytest.raises(Unavailable) as refused:
        mailer.send(MAIL)

    assert refused.value.reason == "PROVIDER_UNREACHABLE"


@pytest.mark.parametrize(
    "uri", ["", "http://mail.example", "smtp://", "mail.example:25", "smtp:mail.example"]
)
def test_a_uri_that_is_not_one_stops_the_start_and_is_not_repeated(uri: Any) -> None:
    with pytest.raises(SettingsError) as refused:
        SmtpServer.of(uri)

    assert "mail.example" not in str(refused.value)


def test_a_uri_may_hold_credentials_and_a_port() -> None:
    server = SmtpServer.of("smtps://river:s%40crit@mail.example:4650")

    assert (server.host, server.port, server.is_tls) == ("mail.example", 4650, True)
    assert (server.user, server.password) == ("river", "s@crit")
