"""From telephones to cases and back, over real HTTP: the stand-in of a telephone company with its
signatures, notify's edge, and crisis behind it."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from pymongo import MongoClient

from chassis import http
from chassis.topology import MessageClass
from cli.servers import ProviderServer, SmtpServer
from cli.servers.ports import free_port
from cli.servers.provider import Received, Side, write_providers_file
from services.crisis.domain.escalation import SUPERVISOR_POOL, Rung
from services.notify.domain.message import Channel
from services.notify.gateways.providers import callbacks_of, providers_of
from services.notify.http import Edge
from tests.integration.crisis.test_inbound_texts import ANA, known
from tests.integration.crisis.ward import OURS, TENANT, Ward, rung_of
from tests.integration.notify.test_failover import local
from tests.waiting import eventually

T = TypeVar("T")
MAIL, TEXT, CALL = Channel.EMAIL, Channel.SMS, Channel.VOICE
LEE, KIM, POOL = "+15555550142", "+15555550143", "+15555550144"
ACTION = re.compile(r'action="([^"]+)"')
PATIENT = timedelta(seconds=30)  # rungs that wait longer than a test


@dataclass(frozen=True)
class Line:
    """A ward whose people have telephones."""

    ward: Ward
    provider: ProviderServer
    url: str

    async def do(self, act: Callable[[], T]) -> T:
        """Do it on a thread: the edge goes on meanwhile."""
        return await asyncio.to_thread(act)

    async def until(self, attempt: Callable[[], T]) -> T:
        """Wait for what must come true."""
        return await self.do(lambda: eventually(attempt, within=15))

    async def called(self, number: str) -> Received:
        """The first call to a number."""
        calls = await self.until(lambda: self.sent(Side.VOICE, number))
        return calls[0]

    def sent(self, side: Side, number: str) -> list[Received]:
        """What a telephone got."""
        return [each for each in self.provider.received(side) if each.content["To"] == number]

    async def press(self, call: Received, digits: str) -> tuple[int, str]:
        """Somebody presses keys in the call."""
        url = unescape(ACTION.findall(call.content["Twiml"])[0])
        return await self.do(lambda: self.provider.press(call, digits, url=url))

    async def text(self, words: str, *, by: str = ANA, sid: str = "") -> tuple[int, str]:
        """Somebody texts the tenant."""
        sid = sid or f"SM{secrets.token_hex(16)}"
        form = {"MessageSid": sid, "From": by, "To": OURS, "Body": words}
        return await self.do(lambda: self.provider.call_back(f"{self.url}/sms-1/text", form))

    async def owned(self, *, by: str, patient_id: str = "p-1") -> None:
        """The patient's case is taken by somebody."""
        await self.until(lambda: self.case(patient_id) == ("acknowledged", by))

    def case(self, patient_id: str = "p-1") -> tuple[str, str]:
        """Where the case stands, and whose it is."""
        case = self.ward.case_of(patient_id)
        return case["state"], case["owner_id"]


@pytest.fixture
async def line(
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    smtp: SmtpServer,
    provider: ProviderServer,
    tmp_path: Path,
) -> AsyncIterator[Line]:
    """Nobody further is woken while a test runs."""
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}/callbacks"
    settings = local(
        write_providers_file(tmp_path / "providers", [provider], callback_url=url, tenants=[TENANT])
    )
    telephones = {each: made for each, made in providers_of(settings).items() if each != MAIL}
    ward = Ward(
        mongo_client, name=test_name, smtp_uri=smtp.uri, folder=tmp_path, telephones=telephones
    )
    # Threads of its own: those that wait for it in the test's name must not keep it from working.
    threads = ThreadPoolExecutor(8)
    run = partial(asyncio.get_running_loop().run_in_executor, threads)
    edge = Edge(ward.notify, run, tenant_ids=[TENANT], callbacks=callbacks_of(settings))
    async with http.serving(edge.application(), address):
        await asyncio.to_thread(ward.open)
        rungs = rung_of("on-call", PATIENT), rung_of("back-up", PATIENT)
        await asyncio.to_thread(ward.put_policy, *rungs, Rung(PATIENT, (SUPERVISOR_POOL,)))
        yield Line(ward, provider, url)
        await asyncio.to_thread(ward.close)
    threads.shutdown()
    assert ward.guard.violations == []


async def reached(line: Line, clinician_id: str, number: str, *channels: Channel) -> None:
    """A clinician has these channels, in this order."""
    mail = line.ward.address(clinician_id)
    addresses = {each: mail if each is MAIL else number for each in channels}
    await line.do(lambda: line.ward.reached_by(clinician_id, addresses))


async def test_a_page_goes_by_mail_then_text_then_call_until_a_key_takes_the_case(
    line: Line, smtp: SmtpServer
) -> None:
    await reached(line, "dr-one", LEE, MAIL, TEXT, CALL)
    await line.do(lambda: line.ward.signal("p-1"))
    call = await line.called(LEE)

    (page,) = await line.do(line.ward.messages)
    assert [each["channel"] for each in page["attempts"]] == ["email", "sms", "voice"]
    assert len(smtp.mails_to(line.ward.address("dr-one"))) == len(line.sent(Side.SMS, LEE)) == 1
    assert line.case() == ("open", "")

    status, script = await line.press(call, "1")
    assert (status, "recorded" in script) == (200, True)
    await line.owned(by="dr-one")
    assert [each["state"] for each in await line.do(line.ward.messages)] == ["delivered"]


async def test_who_presses_that_they_cannot_is_followed_by_the_next_one_at_once(
    line: Line,
) -> None:
    await reached(line, "dr-one", LEE, CALL)
    await reached(line, "dr-two", KIM, CALL)
    await line.do(lambda: line.ward.signal("p-1"))
    await line.press(await line.called(LEE), "2")
    await line.press(await line.called(KIM), "1")

    await line.owned(by="dr-two")


async def test_two_people_press_and_the_second_is_thanked_and_changes_nothing(line: Line) -> None:
    await reached(line, "dr-one", LEE, CALL)
    await reached(line, "dr-two", KIM, CALL)
    await line.do(lambda: line.ward.signal("p-1"))
    first = await line.called(LEE)
    await line.press(first, "9")
    second = await line.called(KIM)
    await line.press(first, "1")
    await line.owned(by="dr-one")
    status, _ = await line.press(second, "1")

    assert status == 200
    await line.until(lambda: _pending(line.ward) == 0)
    assert line.case() == ("acknowledged", "dr-one")


def _pending(ward: Ward) -> int:
    """Events of notify that crisis has not done with."""
    return sum(len(ward.notify_store.pending(each, 100)) for each in MessageClass)


async def test_the_supervisors_answer_in_the_name_of_their_mailbox(line: Line) -> None:
    await reached(line, "supervisor-pool", POOL, CALL)
    await line.do(lambda: line.ward.put_policy(Rung(PATIENT, (SUPERVISOR_POOL,))))
    await line.do(lambda: line.ward.signal("p-1"))
    await line.press(await line.called(POOL), "1")

    await line.owned(by="supervisor-pool")
    assert line.ward.case_of("p-1")["owner_role"] == "supervisor"


async def test_a_text_that_worries_wakes_whoever_is_on_call_and_is_answered_once(
    line: Line, smtp: SmtpServer
) -> None:
    await line.do(lambda: known(line.ward, "p-1"))
    answers = await asyncio.gather(
        *(line.text("I want to die", sid="SM-the-same") for _ in range(20))
    )

    assert {status for status, _ in answers} == {200}
    mails = await line.until(lambda: smtp.mails_to(line.ward.address("dr-one")))
    assert "die" not in str(mails[0])
    assert [each["source"] for each in line.ward.cases()] == ["inbound_text"]
    assert len(line.ward.texts()) == 1
    (told,) = await line.until(lambda: line.sent(Side.SMS, ANA))
    assert "988" in told.content["Body"]


async def test_a_text_that_nobody_signed_brings_nobody_and_leaves_nothing(line: Line) -> None:
    await line.do(lambda: known(line.ward, "p-1"))
    form = {"MessageSid": "SM-1", "From": ANA, "To": OURS, "Body": "I want to die"}
    for headers in ({}, {"X-Twilio-Signature": "forged"}):
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{line.url}/sms-1/text", data=form, headers=headers) as answer,
        ):
            assert answer.status == 403

    assert (line.ward.texts(), line.ward.cases(), line.ward.messages()) == ([], [], [])


async def test_a_reply_to_a_paged_text_takes_the_case(line: Line) -> None:
    await reached(line, "dr-one", LEE, TEXT)
    await line.do(lambda: line.ward.signal("p-1"))
    await line.until(lambda: line.sent(Side.SMS, LEE))
    await line.text("Yes!", by=LEE)

    await line.owned(by="dr-one")
    thanks = await line.until(lambda: line.sent(Side.SMS, LEE)[1:])
    assert [each.content["Body"] for each in thanks] == ["Thank you. Your answer was recorded."]
