"""One-time pages, in a browser: looking changes nothing, pressing works once."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from haven.notify.v1 import events_pb2
from pymongo import MongoClient

from chassis.auth.pki import ensure_local_pki
from services.notify.codec import html
from services.notify.domain.answer import Answer
from services.notify.domain.lock_screen import TELLING
from services.notify.domain.message import Channel
from services.notify.domain.wording import Language
from services.notify.http import Edge, served_over_http
from tests.integration.notify.conftest import Moody
from tests.integration.notify.station import Station, open_station

ACKNOWLEDGE, DECLINE = events_pb2.PAGE_ANSWER_ACKNOWLEDGE, events_pb2.PAGE_ANSWER_DECLINE


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


async def mailed(station: Station, *recipient_ids: str, **parts: Any) -> list[str]:
    """These people were paged by mail; the paths of their links."""
    for recipient_id in recipient_ids:
        await station.register(Channel.EMAIL, recipient_id=recipient_id)
        await station.page(recipient_id, **parts)
        await station.until(partial(_has, station, recipient_id))
    return station.links()


def _has(station: Station, recipient_id: str) -> bool:
    return any(f"{recipient_id}@staff.example" in each.rcpt_tos for each in station.moody.taken)


def kept(station: Station) -> Any:
    """Everything that a stranger or a scanner must not change."""
    names = ("messages", "page_links", "outbox", "audit_entries")
    return [list(station.rows[name].find().sort("_id")) for name in names]


async def test_a_mail_scanner_that_follows_the_link_acknowledges_nothing(
    station: Station,
) -> None:
    (path,) = await mailed(station, "dr-one")
    await station.settled()
    before = kept(station)
    for method in ("GET", "HEAD", "GET"):
        status, _, headers = await station.browse(method, path)
        assert status == 200
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"

    assert kept(station) == before


async def test_the_button_acknowledges_for_whom_the_mail_was_meant(station: Station) -> None:
    (path,) = await mailed(station, "dr-one")
    _, shown, _ = await station.browse("GET", path)
    assert 'value="acknowledge"' in shown

    status, said, _ = await station.browse("POST", path, answer="acknowledge")

    assert (status, "recorded" in said) == (200, True)
    assert [(told.recipient_id, told.answer) for told in station.answered()] == [
        ("dr-one", ACKNOWLEDGE)
    ]


async def test_a_token_works_once_however_often_it_is_pressed_at_the_same_time(
    station: Station,
) -> None:
    (path,) = await mailed(station, "dr-one")
    answers = await asyncio.gather(
        *(station.browse("POST", path, answer="acknowledge") for _ in range(8))
    )

    assert sorted(status for status, _, _ in answers) == [200] + [410] * 7
    assert len(station.answered()) == 1
    status, _, _ = await station.browse("GET", path)
    assert status == 410


async def test_who_reads_spanish_is_asked_and_thanked_in_spanish(station: Station) -> None:
    await station.register(Channel.EMAIL)
    await station.speaks(Language.SPANISH)
    (path,) = await mailed(station, "dr-one")
    tongue = Language.SPANISH

    _, shown, _ = await station.browse("GET", path)
    assert (html.CALLED[tongue] in shown, html.BUTTONS[Answer.DECLINE][tongue] in shown) == (
        True, True
    )  # fmt: skip
    for status, form, words in (
        (400, {}, html.UNCLEAR),
        (200, {"answer": "acknowledge"}, html.RECORDED),
        (410, {"answer": "acknowledge"}, html.USED),
    ):
        answered, said, _ = await station.browse("POST", path, **form)
        assert (answered, words[tongue] in said) == (status, True)
        assert words[Language.ENGLISH] not in said


async def test_two_people_answer_each_for_themselves(station: Station) -> None:
    one, two = await mailed(station, "dr-one", "dr-two")
    await station.browse("POST", two, answer="decline")
    await station.browse("POST", one, answer="acknowledge")

    assert [(told.recipient_id, told.answer) for told in station.answered()] == [
        ("dr-two", DECLINE), ("dr-one", ACKNOWLEDGE)
    ]  # fmt: skip


async def test_a_link_outlives_its_page_until_somebody_has_the_case(station: Station) -> None:
    (path,) = await mailed(station, "dr-one", seconds=1)

    async def status() -> int:
        return (await station.browse("POST", path, answer="nothing-at-all"))[0]

    assert await status() == 400
    await station.until(lambda: station.store.clock.now() >= _expiry(station))
    assert (await station.browse("GET", path))[0] == 200
    await station.acknowledged(version=2)
    answered, said, _ = await station.browse("POST", path, answer="acknowledge")
    assert (answered, "no longer valid" in said) == (410, True)
    assert station.answered() == []


def _expiry(station: Station) -> Any:
    return station.messages()[0]["expire_time"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_strangers_token_is_nobodys_and_leaves_nothing(
    station: Station, method: Any
) -> None:
    (path,) = await mailed(station, "dr-one")
    await station.settled()
    before = kept(station)
    tag = path.split("/")[2]
    for wrong in (path[:-1], f"{path}x", f"/a/{tag}/x", f"/a/ffffffffffff/{path.split('/')[3]}"):
        status, said, _ = await station.browse(method, wrong, answer="acknowledge")
        assert (status, "not valid" in said) == (404, True)

    assert kept(station) == before


@pytest.mark.parametrize("form", [{}, {"answer": ""}, {"answer": "resolve"}])
async def test_a_form_without_an_answer_uses_nothing_up(station: Station, form: Any) -> None:
    (path,) = await mailed(station, "dr-one")
    status, _, _ = await station.browse("POST", path, **form)
    assert status == 400

    status, _, _ = await station.browse("POST", path, answer="acknowledge")
    assert status == 200


async def test_no_page_tells_what_it_is_about(station: Station) -> None:
    (path,) = await mailed(station, "dr-one", case_id="c-77")
    texts = [(await station.browse("GET", path))[1]]
    texts.append((await station.browse("POST", path, answer="acknowledge"))[1])
    texts.append((await station.browse("GET", path))[1])
    texts.append((await station.browse("GET", f"{path}x"))[1])

    for text in texts:
        seen = re.sub(r"<[^>]*>", " ", text.split("<body>")[1])
        assert not TELLING.search(seen.casefold())
        for secret in ("dr-one", "c-77", "river", path.split("/")[3]):
            assert secret not in text


async def test_beyond_this_machine_the_edge_speaks_tls(station: Station, tmp_path: Path) -> None:
    ensure_local_pki(tmp_path / "pki", ["notify"])
    certificate, key = tmp_path / "pki" / "notify.pem", tmp_path / "pki" / "notify-key.pem"
    settings = SimpleNamespace(
        public_certificate_file=certificate, public_key_file=key, http_address="127.0.0.1:0"
    )
    edge = Edge(station.notify, asyncio.to_thread, tenant_ids=[], callbacks={})
    trusted = ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.pem"))
    trusted.check_hostname = False
    async with (
        served_over_http(edge, settings) as address,
        aiohttp.ClientSession() as session,
        session.get(f"https://{address}/livez", ssl=trusted) as answer,
    ):
        assert answer.status == 200
