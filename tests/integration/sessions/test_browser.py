"""A browser at the edge: the handshake, the token, close codes, and readers that do not read."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from haven.sessions.v1 import sessions_pb2 as pb
from prometheus_client import REGISTRY

from chassis.auth.pki import ensure_local_pki
from chassis.call import Role
from chassis.errors import Unavailable
from services.sessions.live import hub, socket, stream
from tests.integration.sessions.browser import CUT, PATH, Ended, SocketStream
from tests.integration.sessions.clinic import WEBSOCKET, Attendance, Clinic, refusal
from tests.waiting import eventually

PAGE = "https://app.example"
CALM = {"chat_burst": 100_000, "frame_burst": 100_000, "heartbeat_seconds": 30.0}


class Doorstep:
    """The edge of one replica, and the token of a patient with a seat in a session that runs."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack
        self.token = clinic.issuer.issue(clinic.tenant_id, "p-1", [Role.PATIENT])
        self.address = ""

    async def opens(self, **changes: Any) -> Doorstep:
        self.clinic.wire = WEBSOCKET
        self.clinic.counts(**CALM)
        self.clinic.schedules()
        settings = {"allowed_origins": PAGE, **changes}
        address = await self.stack.enter_async_context(self.clinic.replica(**settings))
        self.address = self.clinic.way(address)
        lead, ana = (
            self.clinic.person(address, "f-1", Role.CLINICIAN),
            self.clinic.person(address, "p-1"),
        )
        for person in (lead, ana):
            self.stack.push_async_callback(person.close)
        await lead.changes("StartSession", session_id="s-1")
        await ana.attests()
        self.lead, self.ana = lead, ana
        return self

    def attends(self, token: str | None = None, **handshake: Any) -> Attendance:
        made = SocketStream(self.address, self.token if token is None else token, **handshake)
        self.stack.push_async_callback(made.close)
        return Attendance(made)

    async def joins(self, **handshake: Any) -> Attendance:
        hello = await self.ana.hello()
        attendance = self.attends(**handshake)
        await attendance.send(hello=hello)
        await attendance.next("welcome")
        return attendance

    async def refused(self, query: str = "", **changes: str) -> tuple[int, str]:
        """Status and reason of a handshake that must not succeed."""
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol": f"haven.v1, bearer.{self.token}",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        url = f"http://{self.address}{PATH}{query}"
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers=headers) as answer,
        ):
            assert answer.status != 101, "it was not refused"
            return answer.status, (await answer.json())["error"]["reason"]


@pytest.fixture
def doorstep(clinic: Clinic, stack: AsyncExitStack) -> Doorstep:
    return Doorstep(clinic, stack)


def handshakes(outcome: str) -> float:
    found = REGISTRY.get_sample_value("haven_sessions_handshakes_total", {"outcome": outcome})
    assert found is not None
    return found


def open_sockets() -> float | None:
    return REGISTRY.get_sample_value("haven_sessions_sockets_open")


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, holds, within=20)


# --- the handshake


async def test_the_subprotocol_is_chosen_and_the_token_never_echoed(
    doorstep: Doorstep, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp")
    await doorstep.opens()
    made = await doorstep.attends().stream.opened()
    assert made.protocol == "haven.v1"
    told = str(made._response.headers)
    assert "Sec-WebSocket-Extensions" not in told
    await doorstep.refused(Sec_WebSocket_Protocol=f"bearer.{doorstep.token}")
    for text in (told, caplog.text):
        assert doorstep.token not in text


async def test_nothing_is_compressed_even_where_a_browser_offers_it(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins(compress=15)
    assert (await hers.stream.opened()).compress == 0


async def test_a_program_may_bring_its_token_in_a_header(doorstep: Doorstep) -> None:
    await doorstep.opens()
    headers = {"Authorization": f"Bearer {doorstep.token}"}
    await doorstep.joins(protocols=["haven.v1"], headers=headers)


async def test_a_browser_s_token_counts_before_a_header_that_a_proxy_has_set(
    doorstep: Doorstep,
) -> None:
    await doorstep.opens()
    await doorstep.joins(headers={"Authorization": "Basic aGF2ZW46aGF2ZW4="})


@pytest.mark.parametrize("place", ["access_token", "token", "authorization"])
async def test_a_token_in_the_address_is_no_token(doorstep: Doorstep, place: str) -> None:
    await doorstep.opens()
    hers = doorstep.attends(protocols=["haven.v1"], params={place: doorstep.token})
    assert await refusal(hers.stream) == ("UNAUTHENTICATED", "TOKEN_MISSING")


@pytest.mark.parametrize(
    ("protocols", "reason"),
    [
        (["haven.v1"], "TOKEN_MISSING"),
        (["haven.v1", "bearer.garbage"], "TOKEN_MALFORMED"),
        (["haven.v1", "bearer.one", "bearer.two"], "TOKEN_MALFORMED"),
    ],
)
async def test_who_does_not_say_who_they_are_is_told_so_by_a_close_code(
    doorstep: Doorstep, protocols: list[str], reason: str
) -> None:
    await doorstep.opens()
    with pytest.raises(Ended) as ended:
        await doorstep.attends(protocols=protocols).stream.read()
    assert (ended.value.number, ended.value.reason) == (4016, reason)


async def test_a_page_of_ours_is_let_in(doorstep: Doorstep) -> None:
    await doorstep.opens()
    before = handshakes("opened")
    await doorstep.joins(origin=PAGE)
    assert handshakes("opened") == before + 1


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://app.example", "https://app.example.evil.example", ""],
)
async def test_a_page_of_somebody_else_is_not(doorstep: Doorstep, origin: str) -> None:
    await doorstep.opens()
    before = handshakes("origin")
    assert await doorstep.refused(Origin=origin) == (403, "ORIGIN_NOT_ALLOWED")
    assert handshakes("origin") == before + 1


async def test_without_a_list_no_page_is_let_in(doorstep: Doorstep) -> None:
    await doorstep.opens(allowed_origins="")
    assert await doorstep.refused(Origin=PAGE) == (403, "ORIGIN_NOT_ALLOWED")
    await doorstep.joins()  # a program is not a page


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"Sec_WebSocket_Protocol": "chat"}, "SUBPROTOCOL_MISSING"),
        ({"Upgrade": "h2c"}, "HANDSHAKE_INVALID"),
        ({"Sec_WebSocket_Version": "12"}, "HANDSHAKE_INVALID"),
        ({"Sec_WebSocket_Key": "short"}, "HANDSHAKE_INVALID"),
    ],
)
async def test_what_is_no_handshake_of_ours_is_refused(
    doorstep: Doorstep, changes: dict[str, str], reason: str
) -> None:
    await doorstep.opens()
    assert await doorstep.refused(**changes) == (400, reason)


async def test_one_socket_more_than_allowed_is_refused_until_another_ends(
    doorstep: Doorstep,
) -> None:
    await doorstep.opens(most_sockets=1)
    hers = await doorstep.joins()
    assert await doorstep.refused() == (503, "SOCKETS_TOO_MANY")
    await hers.say("the others go on")
    await hers.hears("the others go on")
    hers.stream.cancel()
    await until(lambda: open_sockets() == 0)
    await doorstep.joins()


async def test_beyond_this_machine_browsers_are_served_with_tls(
    doorstep: Doorstep, tmp_path: Path
) -> None:
    ensure_local_pki(tmp_path / "pki", ["sessions"])
    certificate, key = tmp_path / "pki" / "sessions.pem", tmp_path / "pki" / "sessions-key.pem"
    settings = {"public_certificate_file": certificate, "public_key_file": key}
    address = await doorstep.stack.enter_async_context(doorstep.clinic.replica(**settings))
    doorstep.clinic.wire = WEBSOCKET
    trust = ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.pem"))
    trust.check_hostname = False
    made = SocketStream(doorstep.clinic.way(address), doorstep.token, ssl=trust, scheme="wss")
    doorstep.stack.push_async_callback(made.close)
    await made.write(pb.AttendSessionRequest(hello=pb.Hello(session_id="s-9")))
    with pytest.raises(Ended) as ended:
        await made.read()
    assert (ended.value.number, ended.value.reason) == (4005, "NOT_FOUND")


# --- messages


async def test_a_text_message_is_no_frame(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins()
    await (await hers.stream.opened()).send_str("good morning")
    assert await refusal(hers.stream) == ("INVALID_ARGUMENT", "MESSAGE_UNDECODABLE")


async def test_text_is_refused_even_where_its_bytes_would_be_a_frame(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = doorstep.attends()
    hello = pb.AttendSessionRequest(hello=await doorstep.ana.hello())
    await (await hers.stream.opened()).send_str(hello.SerializeToString().decode())
    assert await refusal(hers.stream) == ("INVALID_ARGUMENT", "MESSAGE_UNDECODABLE")


async def test_a_message_far_above_the_limit_is_not_even_kept(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins()
    with suppress(Ended):  # it may be cut before all of it is written
        await hers.stream.write(b"x" * (5 << 20))
    code, _ = await refusal(hers.stream)
    assert code in {"1009", str(CUT)}


async def test_a_ping_is_answered_and_is_no_heartbeat(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins(autoping=False)
    made = await hers.stream.opened()
    await made.ping(b"still there?")
    while (message := await made.receive()).type is not WSMsgType.PONG:
        assert message.type is WSMsgType.BINARY
    assert message.data == b"still there?"


async def test_who_floods_with_pings_is_shown_out(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins()
    made = await hers.stream.opened()
    for _ in range(socket.MOST_PINGS + 1):
        await made.ping()
    assert await refusal(hers.stream) == ("RESOURCE_EXHAUSTED", "FRAMES_TOO_MANY")


async def test_a_tab_that_is_closed_ends_the_stream(doorstep: Doorstep) -> None:
    await doorstep.opens()
    hers = await doorstep.joins()
    made = await hers.stream.opened()
    await made.close(code=1001)
    await until(lambda: open_sockets() == 0)


async def test_nobody_begins_on_a_replica_that_leaves(
    doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_leaving(_: object) -> None:
        raise Unavailable("SERVER_DRAINING", "come again")

    await doorstep.opens()
    monkeypatch.setattr(hub.Hub, "require_serving", is_leaving)
    assert await refusal(doorstep.attends().stream) == ("UNAVAILABLE", "SERVER_DRAINING")


# --- readers that do not read


def stalling() -> aiohttp.TCPConnector:
    """A connection that takes little ahead of who reads it."""

    def small(info: Any) -> sockets.socket:
        family, kind, proto, _, _ = info
        made = sockets.socket(family, kind, proto)
        made.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 1 << 15)
        return made

    return aiohttp.TCPConnector(socket_factory=small)


async def talks(doorstep: Doorstep, *, batches: int = 40) -> None:
    """Somebody says more than a stalled reader's way and mailbox hold; those who read keep up."""
    theirs = await doorstep.lead.joins()
    for _ in range(batches):
        said = {await theirs.say("\N{SPEECH BALLOON}" * 2000) for _ in range(4)}
        while not said <= theirs.receipts:
            await theirs.next("receipt")


async def test_a_slow_reader_is_told_to_resume_and_holds_nobody_up(doorstep: Doorstep) -> None:
    await doorstep.opens(reader_queue=32)
    slow = await doorstep.joins(connector=stalling())
    await talks(doorstep)
    goodbye = await slow.next("goodbye")
    assert goodbye.reason == pb.GOODBYE_REASON_RESUME
    seen = slow.events[-1].number
    again = doorstep.attends()
    await again.send(hello=await doorstep.ana.hello(room_cursor=seen))
    assert (await again.next("room_event")).number == seen + 1


async def test_a_reader_that_never_reads_is_let_go_with_all_that_waits_for_it(
    doorstep: Doorstep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LAST_WORD_SECONDS", 0.1)
    monkeypatch.setattr(socket, "CLOSE_SECONDS", 0.2)
    await doorstep.opens(reader_queue=32)
    stuck = await doorstep.joins(connector=stalling())
    await talks(doorstep)
    await until(lambda: open_sockets() == 1)  # the facilitator's
    await asyncio.to_thread(eventually, lambda: _is_reset(stuck), within=20)


def _is_reset(attendance: Attendance) -> bool:
    """Whether the server has let go, though nobody reads here."""
    transport = attendance.stream._socket._writer.transport
    made = transport.get_extra_info("socket")
    return transport.is_closing() or made.getsockopt(sockets.SOL_SOCKET, sockets.SO_ERROR) != 0
