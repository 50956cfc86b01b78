"""Texts and calls as they are really set up: the providers file, the stand-in for a telephone
company of Twilio's form, its signatures and our edge."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from haven.notify.v1 import events_pb2
from pymongo.database import Database

from cli.servers import ProviderServer
from cli.servers.ports import free_port
from cli.servers.provider import Mood, Received, Side, write_providers_file
from services.notify.domain.message import Channel
from services.notify.gateways.providers import callbacks_of, providers_of
from tests.integration.notify.conftest import Moody
from tests.integration.notify.station import NUMBER, OURS, TENANT, Station, Telephones, open_station
from tests.integration.notify.test_failover import local

MAIL, TEXT, CALL, PUSH = Channel.EMAIL, Channel.SMS, Channel.VOICE, Channel.PUSH
ACTION = re.compile(r'action="([^"]+)"')


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def telephones(tmp_path: Path, provider: ProviderServer, port: int) -> Telephones:
    """All channels of a providers file but mail."""
    file = write_providers_file(
        tmp_path / "providers",
        [provider],
        callback_url=f"http://127.0.0.1:{port}/callbacks",
        tenants=[TENANT],
    )
    settings = local(file)
    found = {channel: made for channel, made in providers_of(settings).items() if channel != MAIL}
    return Telephones(found, callbacks_of(settings), port)


@pytest.fixture
async def station(
    database: Database[dict[str, Any]],
    tmp_path: Path,
    moody: Moody,
    smtp_port: int,
    telephones: Telephones,
) -> AsyncIterator[Station]:
    async with open_station(
        database.client,
        name=database.name,
        folder=tmp_path,
        moody=moody,
        smtp_port=smtp_port,
        telephones=telephones,
    ) as opened:
        yield opened


async def came(station: Station, provider: ProviderServer, side: Side) -> Received:
    """The first text or call."""
    found = await station.until(lambda: provider.received(side))
    return found[0]


async def test_a_text_whose_delivery_is_reported_has_arrived(
    station: Station, provider: ProviderServer
) -> None:
    await asyncio.to_thread(provider.be, Side.SMS, Mood("report"))
    await station.register(TEXT)
    await station.page()

    assert await station.settled() == ["delivered"]
    (attempt,) = station.messages()[0]["attempts"]
    assert (attempt["provider"], attempt["receipt"]) == ("sms-1", "delivered")


async def test_a_text_that_failed_makes_way_for_a_call(
    station: Station, provider: ProviderServer
) -> None:
    await station.register(TEXT, CALL)
    await station.page()
    text = await came(station, provider, Side.SMS)
    assert await asyncio.to_thread(provider.report, text, "undelivered") == 204

    await came(station, provider, Side.VOICE)
    assert station.messages()[0]["attempts"][0]["reason"] == "UNDELIVERED"


async def test_a_key_pressed_in_the_call_acknowledges(
    station: Station, provider: ProviderServer
) -> None:
    await station.register(CALL, MAIL)
    page_id = await station.page()
    call = await came(station, provider, Side.VOICE)
    url = unescape(ACTION.findall(call.content["Twiml"])[0])
    status, script = await asyncio.to_thread(lambda: provider.press(call, "1", url=url))

    assert (status, "recorded" in script) == (200, True)
    (told,) = station.answered()
    assert (told.page_id, told.answer) == (page_id, events_pb2.PAGE_ANSWER_ACKNOWLEDGE)
    assert await station.settled() == ["delivered"]
    assert station.mails() == []


async def test_a_reply_to_a_text_acknowledges(
    station: Station, provider: ProviderServer, port: int
) -> None:
    await station.register(TEXT)
    await station.page()
    await came(station, provider, Side.SMS)
    url = f"http://127.0.0.1:{port}/callbacks/sms-1/text"
    status, script = await asyncio.to_thread(lambda: provider.text(NUMBER, "Yes", url=url, to=OURS))

    assert (status, script) == (200, "<Response />")
    assert [told.recipient_id for told in station.answered()] == ["dr-one"]


async def test_a_device_whose_app_is_gone_is_asked_once_and_a_new_token_is_used(
    station: Station, provider: ProviderServer
) -> None:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": "UNREGISTERED"}]
    gone = json.dumps({"error": {"code": 404, "status": "NOT_FOUND", "details": details}})
    await asyncio.to_thread(provider.be, Side.PUSH, Mood("answer", 404, gone))
    await station.register(PUSH, TEXT)
    for texts in (1, 2):
        await station.page(case_id=f"c-{texts}")
        await station.until(lambda texts=texts: len(provider.received(Side.SMS)) >= texts)

    assert len(provider.received(Side.PUSH)) == 1
    tries = [each["attempts"][0] for each in station.messages()]
    assert [(each["channel"], each["reason"]) for each in tries] == [
        ("push", "ADDRESS_GONE"), ("sms", "")
    ]  # fmt: skip

    await asyncio.to_thread(provider.be, Side.PUSH, Mood())
    await station.register(PUSH)
    await station.page(case_id="c-3")
    await station.until(lambda: len(provider.received(Side.PUSH)) == 2)
    assert provider.received(Side.PUSH)[-1].is_taken
