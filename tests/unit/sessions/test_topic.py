"""Telling other replicas without ever waiting for a broker, and hearing them without trust."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.errors import Unavailable
from services.sessions.live import line as line_module
from services.sessions.live import topic as topic_module
from services.sessions.live.tail import SOMEWHERE
from services.sessions.live.topic import Topic, key_of
from tests.waiting import eventually

ROOM, OTHER = ("north", "s-1"), ("south", "s-1")
WITHIN = 10.0


class Broker:
    """What a broker is told, and what it says when it is asked."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []  # of each room
        self.messages = 0
        self.bound: set[str] = set()
        self.takes = threading.Event()
        self.takes.set()
        self.is_asked = threading.Event()
        self.connections: list[Connection] = []
        self.is_away = False

    def connect(self, _uri: str, **options: Any) -> Connection:
        if self.is_away:
            raise Unavailable("BROKER_UNAVAILABLE", "no broker")
        self.connections.append(Connection(self, **options))
        return self.connections[-1]


class Connection:
    """One connection, which is its own channel."""

    def __init__(
        self,
        broker: Broker,
        on_blocked: Callable[[str], None] | None = None,
        on_unblocked: Callable[[], None] | None = None,
    ) -> None:
        self.broker, self.block, self.unblock = broker, on_blocked, on_unblocked
        self.is_cut = threading.Event()
        self.take: Callable[[Message], None] | None = None

    def channel(self) -> Connection:
        return self

    def exchange_declare(self, *_: Any, **__: Any) -> None: ...
    def queue_declare(self, *_: Any, **__: Any) -> None: ...
    def heartbeat_tick(self) -> None: ...
    def collect(self) -> None: ...

    def basic_consume(self, _queue: str, **options: Any) -> None:
        self.take = options["callback"]

    def queue_bind(self, _queue: str, _exchange: str, key: str) -> None:
        self.broker.bound.add(key)

    def queue_unbind(self, _queue: str, _exchange: str, key: str) -> None:
        self.broker.bound.discard(key)

    def basic_publish(self, message: Any, *, exchange: str, routing_key: str) -> None:
        assert exchange == topic_module.EXCHANGE
        self.broker.is_asked.set()
        assert self.broker.takes.wait(WITHIN)
        keys = [routing_key, *message.headers.get("CC", [])]
        numbers = message.body.split(b" ")
        assert len(keys) <= topic_module.ROOMS
        self.broker.messages += 1
        self.broker.published += zip(keys, numbers, strict=True)

    def drain_events(self, timeout: float) -> None:
        assert timeout > 0
        if self.is_cut.wait(timeout):
            raise ConnectionResetError
        raise TimeoutError


class Message:
    """One message as it comes."""

    def __init__(
        self, body: bytes | str, key: str = "", app_id: str = "another", cc: Any = None
    ) -> None:
        headers = {} if cc is None else {"application_headers": {"CC": cc}}
        self.body, self.properties = body, {"app_id": app_id, **headers}
        self.delivery_info = {"routing_key": key or key_of(ROOM)}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(line_module, "connect", made.connect)
    return made


@pytest.fixture
def topic(broker: Broker) -> Iterator[Topic]:  # connects to it
    made = Topic("amqp://broker")
    yield made
    made.stop()


class Heard:
    """What the loop was told."""

    def __init__(self) -> None:
        self.grown: list[tuple[str, str, int]] = []
        self.looks = 0

    def start(self, topic: Topic) -> Heard:
        topic.start(lambda *news: self.grown.append(news), self._look)
        return self

    def _look(self) -> None:
        self.looks += 1


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"haven_sessions_topic_{name}", labels) or 0.0


async def until(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(eventually, holds, within=WITHIN, every=0.005)


async def is_connected(broker: Broker) -> None:
    await until(
        lambda: value("connected", kind="telling") + value("connected", kind="hearing") == 2
    )
    assert len(broker.connections) >= 2


async def test_what_nobody_can_be_told_is_counted_and_not_kept(
    broker: Broker, topic: Topic
) -> None:
    broker.is_away = True
    Heard().start(topic)
    before = value("untold_total")
    for number in range(1000):
        topic.tell(*ROOM, number)
    assert value("untold_total") - before == 1000
    broker.is_away = False
    await is_connected(broker)
    topic.tell(*ROOM, 1001)
    await until(lambda: broker.published)
    assert broker.published == [(key_of(ROOM), b"1001")]


async def test_a_slow_broker_is_told_the_newest_of_each_room_and_nobody_waits_for_it(
    broker: Broker, topic: Topic
) -> None:
    Heard().start(topic)
    await is_connected(broker)
    broker.takes.clear()
    topic.tell(*ROOM, 1)
    await until(broker.is_asked.is_set)
    for number in range(2, 5000):
        topic.tell(*ROOM, number)
        topic.tell(*OTHER, number)
    topic.tell(*OTHER, SOMEWHERE)
    topic.tell(*OTHER, 5000)
    broker.takes.set()
    await until(lambda: len(broker.published) == 3)
    first, *rest = broker.published
    assert first == (key_of(ROOM), b"1")
    assert sorted(rest) == sorted([(key_of(ROOM), b"4999"), (key_of(OTHER), b"")])


async def test_a_broker_that_takes_nothing_has_no_more_rooms_waiting_than_a_bound(
    broker: Broker, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_module, "MOST", 10)
    Heard().start(topic)
    await is_connected(broker)
    broker.takes.clear()
    topic.tell(*ROOM, 1)
    await until(broker.is_asked.is_set)
    before = value("untold_total")
    for number in range(100):
        topic.tell("north", f"room-{number}", 7)
    assert value("untold_total") - before == 90
    broker.takes.set()
    await until(lambda: len(broker.published) == 11)


async def test_nothing_is_said_while_the_broker_blocks_publishers(
    broker: Broker, topic: Topic
) -> None:
    Heard().start(topic)
    await is_connected(broker)
    (telling,) = [each for each in broker.connections if each.block is not None]
    assert telling.block is not None
    assert telling.unblock is not None
    before = value("untold_total")
    telling.block("memory")
    topic.tell(*ROOM, 1)
    telling.unblock()
    topic.tell(*ROOM, 2)
    await until(lambda: broker.published)
    assert broker.published == [(key_of(ROOM), b"2")]
    assert value("untold_total") - before == 1


async def test_rooms_are_bound_while_they_are_here_and_again_after_a_lost_connection(
    broker: Broker, topic: Topic
) -> None:
    heard = Heard().start(topic)
    topic.host(*ROOM)
    topic.host(*OTHER)
    await until(lambda: broker.bound == {key_of(ROOM), key_of(OTHER)})
    topic.leave(*OTHER)
    await until(lambda: broker.bound == {key_of(ROOM)})
    await is_connected(broker)
    broker.bound.clear()
    looks = heard.looks
    for connection in list(broker.connections):
        connection.is_cut.set()
    await until(lambda: broker.bound == {key_of(ROOM)})
    await until(lambda: heard.looks > looks)


async def test_only_news_of_rooms_that_are_here_is_passed_on(broker: Broker, topic: Topic) -> None:
    heard = Heard().start(topic)
    topic.host(*ROOM)
    await is_connected(broker)
    (hearing,) = [each for each in broker.connections if each.take is not None]
    assert hearing.take is not None
    before = value("unread_total")
    for body in (b"-1", b"x", b"\xff", b"1" * 19, "\u0663", b"1.5", b" 1"):
        hearing.take(Message(body))
    hearing.take(Message(b"8", key_of(OTHER)))
    assert value("unread_total") - before == 8
    for body in (b"4", b"6", b"5"):
        hearing.take(Message(body))
    await until(lambda: heard.grown)
    assert heard.grown[-1] == (*ROOM, 6)
    hearing.take(Message(b""))
    await until(lambda: heard.grown[-1] == (*ROOM, SOMEWHERE))


async def test_rooms_that_grow_together_are_told_of_in_few_messages(
    broker: Broker, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_module, "ROOMS", 20)
    Heard().start(topic)
    await is_connected(broker)
    broker.takes.clear()
    topic.tell(*ROOM, 1)
    await until(broker.is_asked.is_set)
    rooms = [("north", f"room-{number}") for number in range(50)]
    for number, room in enumerate(rooms):
        topic.tell(*room, number)
    broker.takes.set()
    await until(lambda: len(broker.published) == 51)
    assert broker.messages == 1 + 3
    assert broker.published[1:] == [
        (key_of(room), b"%d" % number) for number, room in enumerate(rooms)
    ]


async def test_of_a_message_about_many_rooms_those_that_are_here_are_heard(
    broker: Broker, topic: Topic
) -> None:
    heard = Heard().start(topic)
    topic.host(*ROOM)
    topic.host(*OTHER)
    await is_connected(broker)
    (hearing,) = [each for each in broker.connections if each.take is not None]
    assert hearing.take is not None
    before = value("unread_total")
    hearing.take(Message(b"7 9 ", "elsewhere", cc=[key_of(OTHER), key_of(ROOM)]))
    await until(lambda: len(heard.grown) == 2)
    assert sorted(heard.grown) == sorted([(*OTHER, 9), (*ROOM, SOMEWHERE)])
    assert value("unread_total") == before

    for body, keys in (
        (b"1 2 3", [key_of(ROOM)]),
        (b"1", [key_of(ROOM)]),
        (b"1 2", "x"),
        (b"1", 5),
    ):
        hearing.take(Message(body, key_of(OTHER), cc=keys))
    assert value("unread_total") - before == 4
    assert len(heard.grown) == 2


def test_a_routing_key_is_of_one_room_and_names_nobody() -> None:
    assert key_of(ROOM) != key_of(OTHER)
    assert key_of(ROOM) == key_of(ROOM)
    assert not {"north", "s-1"} & set(key_of(ROOM).split("."))
