"""Replicas of one service meet at the broker, and need it for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

import amqp
import pytest
from haven.sessions.v1 import resources_pb2 as resources
from prometheus_client import REGISTRY

from chassis.broker import connect, drop
from chassis.call import Role
from chassis.settings import Secret
from cli.servers import RabbitServer
from services.sessions.live import hub, opening
from services.sessions.live.topic import CC, EXCHANGE, QUEUE_ARGUMENTS, key_of
from tests.broker import Management
from tests.integration.sessions.clinic import Attendance, Clinic
from tests.waiting import eventually

NEVER = 600.0
WITHIN = 30.0


class Deaf:
    """A change stream of which nothing comes, but that somebody should look."""

    wakes: ClassVar[list[Callable[[dict[str, Any]], None]]] = []

    def __init__(self, _store: Any) -> None: ...
    def listen(self, _collection: str, wake: Any, **_: Any) -> None:
        self.wakes.append(wake)

    def start(self) -> None: ...
    def stop(self) -> None: ...


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Replicas that hear nothing from the database."""
    Deaf.wakes.clear()
    monkeypatch.setattr(opening, "Watch", Deaf)
    return monkeypatch


@pytest.fixture
def sweepless(deaf: pytest.MonkeyPatch) -> None:
    """And never look by themselves: only the topic is left."""
    deaf.setattr(hub, "SWEEP_SECONDS", NEVER)


class Bindings:
    """What is bound to the topic, as the broker tells it."""

    def __init__(self, management: Management, uri: str) -> None:
        self._management, self._vhost = management, urlsplit(uri).path[1:] or "/"

    def now(self) -> list[tuple[str, str]]:
        """Queue and routing key of each."""
        path = f"/api/exchanges/{quote(self._vhost, safe='')}/{EXCHANGE}/bindings/source"
        return [(each["destination"], each["routing_key"]) for each in self._management.get(path)]

    async def are(self, *keys: str) -> None:
        await _until(lambda: sorted(key for _, key in self.now()) == sorted(keys))


class Apart:
    """A patient on one replica, the facilitator on another."""

    def __init__(self, clinic: Clinic, stack: AsyncExitStack) -> None:
        self.clinic, self.stack = clinic, stack
        self.key = key_of((clinic.tenant_id, "s-1"))

    async def meet(self, uri: str) -> Apart:
        clinic, enter = self.clinic, self.stack.enter_async_context
        clinic.settings = replace(clinic.settings, amqp_uri=Secret(uri))
        clinic.counts(heartbeat_seconds=60.0, silence_seconds=300.0)
        clinic.schedules()
        here, there = await enter(clinic.replica()), await enter(clinic.replica())
        self.ana = clinic.person(here, "p-1")
        self.lead = clinic.person(there, "f-1", Role.CLINICIAN)
        for person in (self.ana, self.lead):
            self.stack.push_async_callback(person.close)
        await self.ana.attests()
        await self.lead.changes("StartSession", session_id="s-1")
        self.hers, self.theirs = await self.ana.joins(), await self.lead.joins()
        return self

    async def are_there(self, bindings: Bindings) -> None:
        """Both replicas tell, and hear of this room."""
        await bindings.are(self.key, self.key)
        kinds = ("telling", "hearing")
        await _until(lambda: [_value("connected", kind=kind) for kind in kinds] == [2, 2])

    async def says(self, text: str) -> None:
        """She speaks and hears herself; the other side hears her."""
        await self.hers.say(text)
        await self.hers.hears(text)
        await self.theirs.hears(text)


@pytest.fixture
def bindings(vhost: str, management: Management) -> Bindings:
    """In the test's virtual host."""
    return Bindings(management, vhost)


@pytest.fixture
def apart(clinic: Clinic, stack: AsyncExitStack) -> Apart:
    """Not met yet."""
    return Apart(clinic, stack)


@pytest.mark.usefixtures("sweepless")
async def test_what_is_said_on_one_replica_is_heard_on_another_by_the_topic_alone(
    apart: Apart, vhost: str, bindings: Bindings
) -> None:
    await apart.meet(vhost)
    await apart.are_there(bindings)
    for text in ("good morning", "I slept well", "for the first time"):
        await apart.says(text)
    await apart.lead.changes("StartBreak", session_id="s-1")
    kind = resources.ROOM_EVENT_KIND_BREAK_STARTED
    await apart.hers.next("room_event", lambda event: event.kind == kind)
    await apart.lead.changes("EndSession", session_id="s-1")
    await apart.hers.next("goodbye")
    assert apart.hers.events == [_as_peer(event) for event in await _all(apart.theirs)]


@pytest.mark.usefixtures("sweepless")
async def test_who_waits_at_one_replica_comes_in_when_the_session_starts_at_another(
    apart: Apart, vhost: str, bindings: Bindings
) -> None:
    clinic = apart.clinic
    await apart.meet(vhost)
    await apart.are_there(bindings)
    clinic.schedules(session_id="s-2", group_id="g-2")
    waiting = apart.ana.attends()
    await waiting.send(hello=await apart.ana.hello("s-2"))
    await waiting.next("waiting")
    await bindings.are(apart.key, apart.key, key_of((clinic.tenant_id, "s-2")))
    await apart.lead.changes("StartSession", session_id="s-2")
    await waiting.next("welcome")


async def test_a_binding_comes_with_the_first_of_a_room_and_goes_with_the_last(
    apart: Apart, vhost: str, bindings: Bindings, management: Management
) -> None:
    await apart.meet(vhost)
    await bindings.are(apart.key, apart.key)
    (queue, other) = {queue for queue, _ in bindings.now()}
    assert queue != other
    told = f"{queue} {other} {apart.key}"
    assert apart.clinic.tenant_id not in told
    assert "s-1" not in told.replace(EXCHANGE, "")
    name = urlsplit(vhost).path[1:]
    for each in (queue, other):
        row = management.get(f"/api/queues/{name}/{each}")
        assert (row["durable"], row["exclusive"], row["auto_delete"]) == (False, True, True)
        assert row["arguments"] == QUEUE_ARGUMENTS

    await apart.hers.send(leave={})
    await apart.hers.next("goodbye")
    await bindings.are(apart.key)
    again = await apart.ana.joins()
    await bindings.are(apart.key, apart.key)
    for attendance in (again, apart.theirs):
        attendance.stream.cancel()
    await bindings.are()


@pytest.mark.usefixtures("sweepless")
async def test_lost_repeated_and_forged_messages_do_no_harm(
    apart: Apart, vhost: str, bindings: Bindings
) -> None:
    await apart.meet(vhost)
    await apart.are_there(bindings)
    forged = [b"", b"1", b"2", b"999999", b"-1", b"\xff\x00", b"9" * 4000, b"{}", b" 7 ", b"2"]
    channel = _channel(apart.stack, vhost)
    for number in range(5):
        for body in forged:
            message = amqp.Message(body, content_encoding="utf-8", app_id="nobody")
            channel.basic_publish(message, EXCHANGE, apart.key)
            channel.basic_publish(amqp.Message(body), EXCHANGE, "a-room-of-nobody")
        await apart.says(f"word {number}")
    texts = [event.text for event in apart.theirs.events if event.text]
    assert texts == [f"word {number}" for number in range(5)]
    numbers = [event.number for event in apart.theirs.events]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.usefixtures("sweepless")
async def test_a_message_about_many_rooms_comes_once_to_whoever_hears_of_several(
    apart: Apart, vhost: str, bindings: Bindings
) -> None:
    await apart.meet(vhost)
    await apart.are_there(bindings)
    channel = _channel(apart.stack, vhost)
    queue = channel.queue_declare("", exclusive=True).queue
    for key in (apart.key, "another-room"):
        channel.queue_bind(queue, EXCHANGE, key)
    heard, unread = _value("heard_total"), _value("unread_total")
    keys = [apart.key, "another-room"]

    message = amqp.Message(b"1 999999 1", application_headers={CC: keys})
    channel.basic_publish(message, EXCHANGE, "a-room-of-nobody")

    await _until(lambda: _value("heard_total") >= heard + 2)  # each replica
    found = channel.basic_get(queue, no_ack=True)
    assert (found.body, found.headers[CC]) == (b"1 999999 1", keys)
    assert channel.basic_get(queue, no_ack=True) is None
    assert _value("unread_total") == unread
    await apart.says("that number was forged")


@pytest.mark.usefixtures("sweepless")
async def test_a_flood_costs_no_room_its_words(
    apart: Apart, vhost: str, bindings: Bindings
) -> None:
    await apart.meet(vhost)
    await apart.are_there(bindings)
    channel = _channel(apart.stack, vhost)

    def flood() -> None:
        for number in range(10_000):
            channel.basic_publish(amqp.Message(b"%d" % number), EXCHANGE, apart.key)

    flooding = asyncio.create_task(asyncio.to_thread(flood))
    for number in range(5):
        await apart.says(f"word {number}")
    await flooding
    await apart.says("after it")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitServer]:
    """A RabbitMQ that the test may freeze, block and stop."""
    own = RabbitServer(tmp_path / "rabbitmq").start()
    yield own
    own.abandon()


async def test_rooms_go_on_without_the_broker_and_the_topic_comes_again_by_itself(
    apart: Apart, broker: RabbitServer, deaf: pytest.MonkeyPatch
) -> None:
    bindings = Bindings(Management.of(broker.uri), broker.uri)
    await apart.meet(broker.uri)

    async def works_by_the_topic_alone(word: str) -> None:
        heard = _value("heard_total")
        await apart.are_there(bindings)
        await _come_true(lambda: _value("heard_total") > heard, by=lambda: apart.says("again"))
        with deaf.context() as patched:
            patched.setattr(hub, "SWEEP_SECONDS", NEVER)
            await apart.says(word)
        for wake in Deaf.wakes:  # whoever has begun to wait for ever sweeps again
            wake({})

    await works_by_the_topic_alone("with it")
    broker.freeze()
    await apart.says("while it is frozen")
    broker.thaw()
    await works_by_the_topic_alone("thawed")

    await asyncio.to_thread(broker.block_publishers)
    untold = _value("untold_total")

    await _come_true(
        lambda: _value("untold_total") > untold, by=lambda: apart.says("while it takes nothing")
    )
    await asyncio.to_thread(broker.unblock_publishers)
    await works_by_the_topic_alone("taken again")

    await asyncio.to_thread(broker.control, "stop_app")
    await apart.says("while it is gone")
    await asyncio.to_thread(broker.control, "start_app")
    await works_by_the_topic_alone("there again")


def _channel(stack: AsyncExitStack, uri: str) -> Any:
    connection = connect(uri)
    stack.callback(drop, connection)
    return connection.channel()


def _value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"haven_sessions_topic_{name}", labels) or 0.0


async def _until(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(eventually, holds, within=WITHIN)


async def _come_true(holds: Callable[[], bool], *, by: Callable[[], Awaitable[None]]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():
            await by()
            await asyncio.sleep(0.1)


async def _all(attendance: Attendance) -> list[resources.RoomEvent]:
    await attendance.next("goodbye")
    return attendance.events


def _as_peer(event: resources.RoomEvent) -> resources.RoomEvent:
    """The same event without what only staff see."""
    shown = resources.RoomEvent()
    shown.CopyFrom(event)
    shown.ClearField("patient_id")
    return shown
