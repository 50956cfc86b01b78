"""A page reaches its person, whatever breaks on the way. Seen at the servers that receive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from haven.notify.v1 import events_pb2
from prometheus_client import REGISTRY
from pymongo import MongoClient

from chassis.ids import new_id
from services.notify.domain.message import Channel
from tests.integration.notify.conftest import Moody
from tests.integration.notify.station import NUMBER, OURS, Station, open_station

MAIL, TEXT, CALL = Channel.EMAIL, Channel.SMS, Channel.VOICE
ACKNOWLEDGE = events_pb2.PAGE_ANSWER_ACKNOWLEDGE


@pytest.fixture
async def station(
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    tmp_path: Path,
    moody: Moody,
    smtp_port: int,
) -> AsyncIterator[Station]:
    async with open_station(
        mongo_client, name=test_name, folder=tmp_path, moody=moody, smtp_port=smtp_port
    ) as opened:
        yield opened


async def test_where_the_first_channel_is_refused_the_second_has_the_page(
    station: Station,
) -> None:
    station.moody.to_recipient = "550 no such mailbox"
    await station.register(MAIL, TEXT)
    await station.page()

    (text,) = await station.until(lambda: station.exchange.by("sms"))
    assert text["to"] == NUMBER
    assert station.emitted(events_pb2.MessageFailed) == []


async def test_a_page_survives_a_mail_server_that_lets_nobody_in_for_a_while(
    station: Station,
) -> None:
    station.moody.to_login = "535 5.7.8 nobody is let in"
    await station.register(MAIL)
    await station.page()
    await station.until(lambda: station.moody.logins >= 3)
    assert station.emitted(events_pb2.MessageFailed) == []

    station.moody.to_login = "235 2.7.0 welcome"
    await station.until(station.mails)
    assert await station.settled() == ["delivered"]
    assert len(station.mails()) == 1
    tries = [each["reason"] for each in station.messages()[0]["attempts"]]
    assert set(tries[:-1]) == {"PROVIDER_CLOSED"}
    assert tries[-1] == ""


async def test_a_page_that_is_never_let_in_ends_with_its_time_and_crisis_hears_of_it_once(
    station: Station,
) -> None:
    station.moody.to_login = "535 5.7.8 nobody is let in"
    await station.register(MAIL)
    page_id = await station.page(seconds=2)

    assert await station.settled() == ["failed_final"]
    assert [(told.page_id, told.reason) for told in station.emitted(events_pb2.MessageFailed)] == [
        (page_id, "EXPIRED")
    ]
    assert station.moody.logins > 1
    assert station.mails() == []


async def test_a_mail_that_nobody_answers_is_followed_by_a_text_and_then_by_a_call(
    station: Station,
) -> None:
    await station.register(MAIL, TEXT, CALL)
    await station.page()

    (text,) = await station.until(lambda: station.exchange.by("sms"))
    await station.line.says(text["status_path"], reference=text["reference"], state="delivered")
    (call,) = await station.until(lambda: station.exchange.by("voice"))
    assert len(station.mails()) == 1
    assert call["key"] == text["key"] == station.messages()[0]["_id"]
    await station.line.says(call["status_path"], reference=call["reference"], state="delivered")
    assert await station.settled() == ["delivered"]
    assert [told.channel for told in station.emitted(events_pb2.MessageDelivered)] == [
        "email", "sms", "voice"
    ]  # fmt: skip


async def test_a_case_acknowledged_meanwhile_wakes_nobody_any_more(station: Station) -> None:
    await station.register(MAIL, TEXT, CALL)
    await station.page(version=2)
    await station.until(station.mails)
    await station.acknowledged(version=3)

    assert await station.settled() == ["delivered"]
    assert station.exchange.taken == []


async def test_when_every_channel_fails_crisis_hears_of_it_once(station: Station) -> None:
    station.moody.to_mail = "554 never"
    station.exchange.status = 400
    await station.register(MAIL, TEXT, CALL)
    page_id = await station.page()

    assert await station.settled() == ["failed_final"]
    assert [told.page_id for told in station.emitted(events_pb2.MessageFailed)] == [page_id]
    assert station.exchange.asked == 2


async def test_a_telephone_company_that_is_busy_is_asked_again_until_it_takes_the_page(
    station: Station,
) -> None:
    station.exchange.status = 503
    await station.register(TEXT)
    await station.page()
    await station.until(lambda: station.exchange.asked >= 3)
    station.exchange.status = 201

    await station.until(lambda: station.exchange.by("sms"))


async def test_a_text_that_is_taken_and_never_arrives_makes_way_for_a_call(
    station: Station,
) -> None:
    await station.register(TEXT, CALL)
    await station.page()

    await station.until(lambda: station.exchange.by("voice"))
    reasons = [each["reason"] for each in station.messages()[0]["attempts"]]
    assert reasons[0] == "RECEIPT_MISSING"


async def test_a_text_that_did_not_arrive_makes_way_for_a_call_at_once(station: Station) -> None:
    await station.register(TEXT, CALL)
    await station.page()
    (text,) = await station.until(lambda: station.exchange.by("sms"))
    await station.line.says(text["status_path"], reference=text["reference"], state="undelivered")

    await station.until(lambda: station.exchange.by("voice"))
    assert station.messages()[0]["attempts"][0]["reason"] == "UNDELIVERED"


async def test_reports_that_come_again_and_out_of_order_count_once(station: Station) -> None:
    await station.register(TEXT)
    await station.page()
    (text,) = await station.until(lambda: station.exchange.by("sms"))
    for state in ("delivered", "sent", "delivered", "undelivered", "sent"):
        status, _ = await station.line.says(
            text["status_path"], reference=text["reference"], state=state
        )
        assert status == 204

    assert await station.settled() == ["delivered"]
    assert station.messages()[0]["attempts"][0]["receipt"] == "delivered"
    assert len(station.exchange.by("sms")) == 1


async def test_a_page_asked_for_a_hundred_times_at_once_is_one_message_and_one_send_per_channel(
    station: Station,
) -> None:
    await station.register(MAIL, CALL)
    page_id = await station.page(version=2)
    await asyncio.gather(*(station.page(page_id=page_id, version=2) for _ in range(99)))

    (call,) = await station.until(lambda: station.exchange.by("voice"))
    await station.line.says(call["status_path"], reference=call["reference"], state="delivered")
    assert await station.settled() == ["delivered"]
    assert (len(station.messages()), len(station.mails())) == (1, 1)
    assert len(station.exchange.taken) == 1


async def test_a_key_pressed_in_the_call_acknowledges(station: Station) -> None:
    await station.register(CALL, MAIL)
    page_id = await station.page()
    (call,) = await station.until(lambda: station.exchange.by("voice"))
    pressed = {"reference": call["reference"], "digits": "1"}
    answers = [await station.line.says(call["digits_path"], **pressed) for _ in range(3)]

    assert [status for status, _ in answers] == [200] * 3
    assert "recorded" in answers[0][1]
    (told,) = station.answered()
    assert (told.page_id, told.recipient_id, told.answer) == (page_id, "dr-one", ACKNOWLEDGE)
    assert await station.settled() == ["delivered"]
    assert station.mails() == []


async def test_a_key_without_a_meaning_is_asked_for_again(station: Station) -> None:
    await station.register(CALL)
    await station.page()
    (call,) = await station.until(lambda: station.exchange.by("voice"))
    path = call["digits_path"] + "&language=es"
    _, said = await station.line.says(path, reference=call["reference"], digits="5")

    assert said == "press 1, 2 or 9 es"
    assert station.answered() == []


async def wrote(station: Station, body: str, *, by: str = NUMBER, to: str = OURS) -> Any:
    """Somebody texts; what the exchange is answered, and what they are texted back."""
    known = len(_answers(station))
    form = {"from": by, "to": to, "reference": new_id(), "body": body}
    answered = await station.line.says("/exchange/text", **form)
    return answered, await station.until(lambda: _answers(station)[known:])


def _answers(station: Station) -> list[tuple[str, str]]:
    """Texts that are no pages: to whom, and what."""
    found = [(each["to"], each["body"]) for each in station.exchange.by("sms")]
    return [(to, body) for to, body in found if "acknowledge" not in body]


async def test_a_reply_to_a_text_acknowledges_the_newest_open_page(station: Station) -> None:
    await station.register(TEXT)
    for case_id in ("c-1", "c-2"):
        newest = await station.page(case_id=case_id)
    await station.until(lambda: len(station.exchange.by("sms")) == 2)
    answered, unclear = await wrote(station, "what is this")
    _, thanks = await wrote(station, "Yes")

    assert answered == (200, "nothing")
    assert [(to, body[:7]) for to, body in unclear] == [(NUMBER, "Reply 1")]
    assert thanks == [(NUMBER, "Thank you. Your answer was recorded.")]
    assert [told.page_id for told in station.answered()] == [newest]


async def test_an_unknown_number_learns_nothing(station: Station) -> None:
    await station.register(TEXT)
    await station.page()
    await station.until(lambda: station.exchange.by("sms"))
    answered, told = await wrote(station, "1", by="+15555550199")

    assert answered == (200, "nothing")
    assert ["988" in body for _, body in told] == [True]
    assert station.answered() == []


async def test_a_text_to_a_number_that_is_nobodys_is_counted_and_not_kept(
    station: Station,
) -> None:
    before = REGISTRY.get_sample_value("haven_notify_misdirected_texts_total") or 0
    form = {"from": NUMBER, "to": "+15555550077", "reference": "IN-1", "body": "I want to die"}
    answered = await station.line.says("/exchange/text", **form)

    assert answered == (200, "nothing")
    assert REGISTRY.get_sample_value("haven_notify_misdirected_texts_total") == before + 1
    assert list(station.rows.inbound_texts.find()) == list(station.rows.outbox.find()) == []


@pytest.mark.parametrize("signature", ["forged", "="])
async def test_a_text_that_is_not_signed_leaves_nothing(station: Station, signature: Any) -> None:
    form = {"from": NUMBER, "to": OURS, "reference": "IN-1", "body": "I want to die"}
    status, _ = await station.line.says("/exchange/text", signature=signature, **form)

    assert status == 403
    assert list(station.rows.inbound_texts.find()) == list(station.rows.outbox.find()) == []


async def test_a_text_that_is_posted_twenty_times_at_once_is_taken_once(station: Station) -> None:
    form = {"from": NUMBER, "to": OURS, "reference": "IN-1", "body": "I want to die"}
    answers = await asyncio.gather(
        *(station.line.says("/exchange/text", **form) for _ in range(20))
    )

    assert {status for status, _ in answers} == {200}
    assert len(station.emitted(events_pb2.InboundRiskRaised)) == 1
    assert len(list(station.rows.inbound_texts.find())) == 1


@pytest.mark.parametrize(
    ("path", "signature", "status"),
    [
        ("/exchange/status?tenant_id=river", "forged", 403),
        ("/somebody/status?tenant_id=river", "", 403),
        ("/exchange/status?tenant_id=nowhere", "", 404),
        ("/exchange/status", "", 404),
        ("/exchange/status?tenant_id=river", "", 404),  # nothing of ours is called so
        ("/exchange/status?tenant_id=river&message_id=" + "x" * 65, "", 400),
    ],
)
async def test_what_is_not_ours_or_not_signed_changes_nothing(
    station: Station, path: Any, signature: Any, status: Any
) -> None:
    await station.register(TEXT)
    await station.page()
    await station.until(lambda: station.exchange.by("sms"))
    answered, text = await station.line.says(
        path, signature=signature, reference="not-ours", state="undelivered"
    )

    assert answered == status, text
    assert station.messages()[0]["attempts"][0]["receipt"] == ""
