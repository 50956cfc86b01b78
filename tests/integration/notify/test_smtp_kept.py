"""Mail connections that are kept: what servers do to them, and the form of what they carry."""

from __future__ import annotations

import email
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.errors import FailedPrecondition
from services.notify.gateways import smtp
from services.notify.gateways.failover import NEXT_AFTER
from services.notify.gateways.smtp import SmtpMailer, SmtpServer
from tests.integration.notify.conftest import Moody, _free_port
from tests.integration.notify.test_smtp import MAIL


def keep_several(mailer: SmtpMailer, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(mailer, "_take", lambda _until: None)
        for _ in range(number):
            mailer.send(MAIL)
    assert len(mailer._kept) == number


@pytest.mark.parametrize("number", [2, 8, 40])
def test_many_kept_connections_that_went_mute_leave_time_for_a_new_one(
    mailer: SmtpMailer, moody: Moody, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    keep_several(mailer, monkeypatch, number)
    moody.is_mute = True

    mailer.send_within(MAIL, NEXT_AFTER)

    assert len(moody.taken) == number + 1


def test_many_mute_connections_cost_no_more_than_a_probe_or_two(
    mailer: SmtpMailer, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_several(mailer, monkeypatch, 40)
    moody.is_mute = True
    begin = time.monotonic()

    mailer.send_within(MAIL, smtp.SEND_SECONDS)

    assert time.monotonic() - begin < 1.0


class OneMailEach(Moody):
    """Takes one mail of each connection, as servers with such a bound do."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.mails: dict[int, int] = {}

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        self.mails[id(server)] = self.mails.get(id(server), 0) + 1
        if self.mails[id(server)] > 1:
            return self.words
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"


@pytest.fixture(
    params=[
        "421 4.7.0 too many mails on one connection",
        "451 4.7.0 too many mails on one connection",
        "554 5.7.0 too many mails on one connection",
    ]
)
def strict(request: pytest.FixtureRequest) -> Iterator[tuple[OneMailEach, SmtpMailer]]:
    mood = OneMailEach(request.param)
    controller = Controller(mood, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield mood, SmtpMailer(SmtpServer.of(f"smtp://127.0.0.1:{controller.port}"), seconds=3)
    controller.stop()


def test_a_server_that_takes_one_mail_of_a_connection_still_gets_the_next(
    strict: tuple[OneMailEach, SmtpMailer],
) -> None:
    mood, mailer = strict
    mailer.send(MAIL)
    mailer.send(MAIL)

    assert len(mood.taken) == 2


def test_a_cut_off_that_comes_late_spares_the_next_mail(
    mailer: SmtpMailer, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The timer's thread is held up between its decision and its deed, as on a busy machine."""
    cut, decided, go, done = smtp._cut, threading.Event(), threading.Event(), threading.Event()

    def late(connection: Any) -> None:
        decided.set()
        go.wait(10)
        cut(connection)
        done.set()

    monkeypatch.setattr(smtp, "_cut", late)
    handle = moody.handle_DATA

    async def slowly(*args: Any) -> str:
        decided.wait(10)  # the first mail's time is over just as it is taken
        answer = await handle(*args)
        if len(moody.taken) == 2:
            go.set()
            done.wait(10)
        return answer

    monkeypatch.setattr(moody, "handle_DATA", slowly)
    real = smtp._bound
    monkeypatch.setattr(smtp, "_bound", lambda one, until: real(one, until + 0.5))
    mailer.send_within(MAIL, 0.5)
    assert len(moody.taken) == 1

    mailer.send_within(MAIL, 3)  # it was taken: an error would send it again

    assert len(moody.taken) == 2


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\x00"])
@pytest.mark.parametrize("field", ["subject", "sender_name"])
@pytest.mark.parametrize("rest", ["Bcc: lee@staff.example", "no header"])
def test_no_sign_adds_a_header_or_breaks_the_mail(
    mailer: SmtpMailer, moody: Moody, sign: str, field: str, rest: str
) -> None:
    with pytest.raises(FailedPrecondition):
        mailer.send(replace(MAIL, **{field: f"x{sign}{rest}"}))

    assert moody.taken == []


@pytest.mark.parametrize("body", ["word " * 400, "wörd " * 400, "From me\n.dot\n\x0c"])
def test_lines_keep_within_what_mail_allows(mailer: SmtpMailer, moody: Moody, body: str) -> None:
    mailer.send(replace(MAIL, body=f"{body}\n"))

    (envelope,) = moody.taken
    assert max(len(line) for line in envelope.content.split(b"\r\n")) <= 998


@pytest.mark.parametrize("letter", ["a", "ü", "漢"])
def test_long_subjects_arrive_whole(mailer: SmtpMailer, moody: Moody, letter: str) -> None:
    subject = " ".join([letter * 9] * 30)
    mailer.send(replace(MAIL, subject=subject, sender_name=letter * 90))

    (envelope,) = moody.taken
    mail = email.message_from_bytes(envelope.content, policy=default)
    assert mail["Subject"] == subject
    assert mail["From"].addresses[0].display_name == letter * 90
