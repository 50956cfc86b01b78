"""Notify over real MongoDB, a real mail server and a telephone company over real HTTP, with its
relay's timers running and its edge served: what leaves is seen from the outside."""

from __future__ import annotations

import asyncio
import email
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis_pb2
from haven.notify.v1 import events_pb2
from pymongo import MongoClient

from chassis import http
from chassis.call import Actor, Call, EventOnce, Role
from chassis.clock import DatabaseClock
from chassis.crypto import FieldCipher, KeyManagement, make_master_key
from chassis.deadline import Deadline
from chassis.ids import new_id
from chassis.store import CHASSIS_INDEXES, Store, connect
from services.notify.bootstrap import Notify, Surroundings, bootstrap
from services.notify.domain.commands import RegisterContactPoint
from services.notify.domain.message import Channel
from services.notify.domain.policy import NotifyPolicy
from services.notify.domain.wish_commands import PutPreferences
from services.notify.domain.wording import Language
from services.notify.gateways.smtp import SmtpMailer, SmtpProvider, SmtpServer
from services.notify.http import Edge
from services.notify.ports import Provider
from services.notify.ports.callbacks import Callbacks
from services.notify.store import INDEXES
from services.notify.timers import due_work
from tests.due import RunningTimers
from tests.integration.notify.conftest import Moody
from tests.integration.notify.exchange import (
    NAME,
    Exchange,
    ExchangeProvider,
    Line,
    SignedCallbacks,
)
from tests.tenant_guard import TenantGuard
from tests.waiting import eventually

T = TypeVar("T")
M = TypeVar("M", bound=Message)
TENANT = "river"
NUMBER, DEVICE = "+15555550142", "device-token-of-nobody:APA91b"
# The number to which people text the tenant.
OURS = "+15555550000"
STEP = 0.6
PUBLIC, CALLBACK = "https://messages.example", "https://messages.example/callbacks"
LINK = re.compile(r"https://messages\.example(/a/[0-9a-f]{12}/\S+)")


@dataclass
class Station:
    """One deployment of notify for one test."""

    notify: Notify
    store: Store
    rows: Any
    moody: Moody
    exchange: Exchange
    address: str
    line: Line
    asked: list[str] = field(default_factory=list)

    async def register(self, *channels: Channel, recipient_id: str = "dr-one") -> None:
        """The recipient has these channels, in this order."""
        call = self.call("boss", Role.ADMINISTRATOR)
        for rank, channel in enumerate(channels, start=1):
            reach = {Channel.EMAIL: f"{recipient_id}@staff.example", Channel.PUSH: DEVICE}
            address = reach.get(channel, NUMBER)
            command = RegisterContactPoint(recipient_id, channel, address, "", rank)
            await asyncio.to_thread(self.notify.contacts.register, call, command)

    async def speaks(self, language: Language, *, recipient_id: str = "dr-one") -> None:
        """The recipient, who has a channel, wants to be written to in that language."""
        wish = PutPreferences(recipient_id, language, frozenset(), None, "")
        call = self.call("boss", Role.ADMINISTRATOR)
        await asyncio.to_thread(self.notify.wishing.put, call, wish)

    async def page(
        self, recipient_id: str = "dr-one", *, page_id: str = "", seconds: float = 60, **parts: Any
    ) -> str:
        """Crisis asks for a page; its id."""
        page_id = page_id or new_id()
        event = crisis_pb2.PageRequested(
            page_id=page_id, case_id=parts.pop("case_id", "c-1"), recipient_id=recipient_id
        )
        event.expire_time.FromDatetime(self.store.clock.now() + timedelta(seconds=seconds))
        await self.hear(event, **parts)
        return page_id

    async def acknowledged(self, case_id: str = "c-1", *, version: int) -> None:
        """A clinician took the case."""
        event = crisis_pb2.CaseAcknowledged(case_id=case_id, owner_id="dr-two")
        await self.hear(event, version=version)

    async def hear(self, event: Any, *, version: int = 1) -> None:
        """An event arrives."""
        once = EventOnce(f"notify.{type(event).__name__}", new_id(), version)
        call = self.call("service:crisis", Role.WORKLOAD, once=once)
        await asyncio.to_thread(self.notify.consumers[type(event)], call, event)

    def call(self, subject: str, *roles: Role, once: Any = None) -> Call:
        """Somebody's call."""
        return Call(TENANT, Actor(subject, frozenset(roles)), "test.act", once, Deadline.after(20))

    async def until(self, attempt: Callable[[], T], *, within: float = 15) -> T:
        """Wait for what must come true; the edge goes on meanwhile."""
        return await asyncio.to_thread(lambda: eventually(attempt, within=within))

    async def settled(self) -> list[str]:
        """The states of all messages once none is in flight."""
        ended = {"delivered", "failed_final", "parked", "withdrawn"}
        await self.until(lambda: set(self.states()) <= ended)
        return self.states()

    def states(self) -> list[str]:
        """Where the messages are, oldest first."""
        return [each["state"] for each in self.messages()]

    def messages(self) -> list[dict[str, Any]]:
        """As they are stored."""
        return list(self.rows.messages.find().sort("accept_time"))

    def mails(self) -> list[str]:
        """The texts of all mails."""
        found = [
            email.message_from_bytes(each.content, policy=default) for each in self.moody.taken
        ]
        return [str(each.get_content()) for each in found]

    def links(self) -> list[str]:
        """The paths of the links in the mails."""
        return [LINK.findall(text)[0] for text in self.mails()]

    def emitted(self, kind: type[M]) -> list[M]:
        """The committed events of one type."""
        found = self.rows.outbox.find({"type": kind.DESCRIPTOR.full_name}).sort("create_time")
        return [kind.FromString(each["body"]) for each in found]

    def answered(self) -> list[events_pb2.PageAnswered]:
        """What crisis is told of answers."""
        return self.emitted(events_pb2.PageAnswered)

    async def browse(self, method: str, path: str, **form: str) -> tuple[int, str, Any]:
        """What a browser gets: status, text and headers."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://{self.address}{path}", data=form or None) as answer,
        ):
            return answer.status, await answer.text(), answer.headers


@dataclass(frozen=True)
class Telephones:
    """Other providers than the exchange, who call back to a given port."""

    providers: Mapping[Channel, Provider]
    callbacks: Mapping[str, Callbacks]
    port: int


@asynccontextmanager
async def open_station(
    client: MongoClient[dict[str, Any]],
    *,
    name: str,
    folder: Path,
    moody: Moody,
    smtp_port: int,
    telephones: Telephones | None = None,
) -> AsyncIterator[Station]:
    """Everything running until left; no query of it may forget the tenant."""
    guard, exchange = TenantGuard(), Exchange().start()
    host, number = client.address or ("", 0)
    watched = connect(
        f"mongodb://{host}:{number}/?directConnection=true",
        app_name="tests",
        pool_size=32,
        listeners=[guard],
    )
    store = Store(watched, name, service="notify", clock=DatabaseClock(client))
    store.ensure_indexes((*CHASSIS_INDEXES, *INDEXES))
    cipher = FieldCipher(
        client,
        KeyManagement.of_file(make_master_key(folder / "master.key")),
        key_vault=f"{name}_keys.data_keys",
    )
    numbers = NotifyPolicy(
        crisis_retry_first_seconds=0.1,
        channel_step_seconds=STEP,
        crisis_receipt_seconds=STEP,
        call_receipt_seconds=STEP * 2,
    )
    telephone = ExchangeProvider(exchange, CALLBACK)
    server = SmtpServer.of(f"smtp://river:secret@127.0.0.1:{smtp_port}")
    mail = SmtpProvider("smtp", SmtpMailer(server, seconds=3))
    notify = bootstrap(
        store=store,
        policy_of=lambda _: numbers,
        cipher=cipher,
        providers={
            Channel.EMAIL: mail,
            Channel.SMS: telephone,
            Channel.VOICE: telephone,
            **(telephones.providers if telephones else {}),
        },
        surroundings=Surroundings(public_url=PUBLIC, receiving_numbers={OURS: TENANT}),
    )
    edge = Edge(
        notify,
        asyncio.to_thread,
        tenant_ids=[TENANT, "harbor"],
        callbacks=telephones.callbacks if telephones else {NAME: SignedCallbacks(CALLBACK)},
    )
    port = telephones.port if telephones else 0
    relay = RunningTimers(store, due_work(notify))
    relay.start()
    async with http.serving(edge.application(), f"127.0.0.1:{port}") as address:
        line = Line(address, CALLBACK)
        yield Station(notify, store, client[name], moody, exchange, address, line)
        await asyncio.to_thread(relay.stop)
    assert gap_of(notify) == 0
    exchange.stop()
    store.close()
    cipher.close()
    watched.close()
    client.drop_database(name)
    client.drop_database(f"{name}_keys")
    assert guard.violations == []


def gap_of(notify: Notify) -> int:
    """What the law of conservation lacks; 0 however a test went."""
    return notify.queries.census(TENANT).gap
