"""A page reaches its person, whatever breaks on the way. Seen at the servers that receive it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from haven.notify.v1 import events_pb2
from pymongo import MongoClient

from services.notify.domain.message import Channel
from tests.integration.notify.conftest import Moody
from tests.integration.notify.station import NUMBER, Station, open_station

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
    _, said = await station.line.says(call["digits_path"], reference=call["reference"], digits="5")

    assert "<Gather" in said
    assert station.answered() == []


async def test_a_reply_to_a_text_acknowledges_the_newest_open_page(station: Station) -> None:
    await station.register(TEXT)
    await station.page(case_id="c-1")
    newest = await station.page(case_id="c-2")
    form = {"from": NUMBER, "to": "+15555550100", "reference": "IN-1"}
    path = "/exchange/text?tenant_id=river"
    _, unclear = await station.line.says(path, **form, body="what is this")
    _, thanks = await station.line.says(path, **form, body="Yes")

    assert "Reply 1" in unclear
    assert "recorded" in thanks
    assert [told.page_id for told in station.answered()] == [newest]


async def test_an_unknown_number_learns_nothing(station: Station) -> None:
    await station.register(TEXT)
    await station.page()
    form = {"from": "+15555550199", "to": "+15555550100", "reference": "IN-1", "body": "1"}
    said = await station.line.says("/exchange/text?tenant_id=river", **form)

    assert said == (200, "<Response/>")
    assert station.answered() == []


@pytest.mark.parametrize(
    ("path", "signature", "status"),
    [
        ("/exchange/status?tenant_id=river", "forged", 401),
        ("/somebody/status?tenant_id=river", "", 401),
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
