"""What the replicas of this service tell each other: which room's log has grown, and how far.

By a topic exchange of the broker, with one binding for each room that somebody here attends. Only
numbers travel: what was said is read from the store, where it is. So a message that is lost,
repeated, late or forged does no harm; the change stream and the sweep find the same without it.

Whoever tells never waits. While the broker is away, frozen or takes nothing, news is dropped and
counted; while it is slow, only the newest number of each room is kept.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import amqp
from prometheus_client import Counter

from chassis.ids import derived_id, new_id
from services.sessions.live.line import HEARING, TELLING, Line, Ready, hear
from services.sessions.live.tail import SOMEWHERE

EXCHANGE = "sessions.rooms"
# Of one replica, gone with its connection. What it does not take soon, its sweep has found.
QUEUE_ARGUMENTS = {
    "x-max-length": 1000,
    "x-max-length-bytes": 1 << 18,
    "x-overflow": "drop-head",
    "x-message-ttl": 2000,
}
TRANSIENT = 1
CC = "CC"  # the broker routes by the keys in this header too, to each queue once
DIGITS = 18
MOST = 5000  # rooms with news that wait for a slow broker
ROOMS = 100  # of one message; its header has to fit into a frame
# What comes so soon after a message is of rooms that grow together: then others are waited for.
CROWD_SECONDS, GATHER_SECONDS = 0.01, 0.005
TEND_SECONDS = 0.5
PUMP_SECONDS = 0.001
BIND_SECONDS = 0.05  # until a room's binding is asked for, at most

Place = tuple[str, str]  # tenant and session
Grown = Callable[[str, str, int], None]

told = Counter("haven_sessions_topic_told", "Times that other replicas were told of a room's log.")
untold = Counter(
    "haven_sessions_topic_untold", "Times that they were not, because the broker took nothing."
)
heard = Counter("haven_sessions_topic_heard", "Messages of other replicas about rooms' logs.")
unread = Counter(
    "haven_sessions_topic_unread", "Messages about rooms that are not here, or not to be read."
)


def key_of(place: Place) -> str:
    """A room's routing key: it names neither the tenant nor the session."""
    return derived_id(EXCHANGE, *place)


class Teller:
    """Says what was stored here."""

    def __init__(self, uri: str, name: str) -> None:
        self._name = name
        self._lock, self._more = threading.Lock(), threading.Event()
        self._news: dict[str, int] = {}
        self._sent = 0.0  # when the last message went, by this process's monotonic clock
        self._is_open = self._is_blocked = False
        self.line = Line(
            uri, TELLING, self._serve, on_blocked=self._block, on_unblocked=self._unblock
        )

    def tell(self, place: Place, number: int) -> None:
        """Soon or never; returns at once."""
        key = key_of(place)
        with self._lock:
            is_taken = self._is_open and not self._is_blocked
            is_taken = is_taken and (key in self._news or len(self._news) < MOST)
            if is_taken:
                self._news[key] = max(number, self._news.get(key, 0))
        if is_taken:
            self._more.set()
        else:
            untold.inc()

    def end(self) -> None:
        """No more."""
        self.line.end()
        self._more.set()

    def _serve(self, connection: amqp.Connection, ready: Ready) -> None:
        channel = connection.channel()
        _declare(channel)
        self._is_blocked, self._is_open = False, True
        ready()
        try:
            while not self.line.is_ending:
                self._more.wait(TEND_SECONDS)
                self._gather()
                self._more.clear()
                self._send(channel)
                while hear(connection, PUMP_SECONDS):
                    continue
        finally:
            self._is_open = False
            untold.inc(len(self._taken()))

    def _gather(self) -> None:
        if self._more.is_set() and time.monotonic() - self._sent < CROWD_SECONDS:
            self.line.pause(GATHER_SECONDS)

    def _send(self, channel: Any) -> None:
        news = list(self._taken().items())
        if self._is_blocked:
            untold.inc(len(news))
            return
        for start in range(0, len(news), ROOMS):
            self._publish(channel, news[start : start + ROOMS])

    def _publish(self, channel: Any, news: Sequence[tuple[str, int]]) -> None:
        (first, *others), numbers = zip(*news, strict=True)
        message = amqp.Message(
            b" ".join(b"" if each >= SOMEWHERE else b"%d" % each for each in numbers),
            app_id=self._name,
            delivery_mode=TRANSIENT,
            application_headers={CC: others} if others else {},
        )
        channel.basic_publish(message, exchange=EXCHANGE, routing_key=first)
        self._sent = time.monotonic()
        told.inc(len(news))

    def _taken(self) -> dict[str, int]:
        with self._lock:
            news, self._news = self._news, {}
        return news

    def _block(self, _reason: str) -> None:
        self._is_blocked = True

    def _unblock(self) -> None:
        self._is_blocked = False


class Hearer:
    """Hears what was stored elsewhere, of the rooms that are here."""

    def __init__(self, uri: str, name: str) -> None:
        self._name = name
        self._lock, self._changed = threading.Lock(), threading.Event()
        self._hosted: dict[str, Place] = {}
        self._news: dict[Place, int] = {}
        self._pass_on: Callable[[], None] = lambda: None
        self._look: Callable[[], None] = lambda: None
        self.line = Line(uri, HEARING, self._serve)

    def start(self, grown: Grown, look: Callable[[], None]) -> None:
        """Call these in the running loop."""
        loop = asyncio.get_running_loop()

        def tell_all() -> None:
            for place, number in self._taken().items():
                grown(*place, number)

        self._pass_on = lambda: _call_in(loop, tell_all)
        self._look = lambda: _call_in(loop, look)
        self.line.start()

    def host(self, place: Place) -> None:
        """Somebody here attends it."""
        with self._lock:
            self._hosted[key_of(place)] = place
        self._changed.set()

    def leave(self, place: Place) -> None:
        """Nobody here attends it any more."""
        with self._lock:
            self._hosted.pop(key_of(place), None)
        self._changed.set()

    def _serve(self, connection: amqp.Connection, ready: Ready) -> None:
        channel = connection.channel()
        _declare(channel)
        # A name for each connection: the broker may not know yet that the last one is gone.
        queue = f"{EXCHANGE}.{new_id()}"
        channel.queue_declare(
            queue, durable=False, exclusive=True, auto_delete=True, arguments=QUEUE_ARGUMENTS
        )
        channel.basic_consume(queue, no_ack=True, callback=self._take)
        bound: set[str] = set()
        self._rebind(channel, queue, bound)
        ready()
        while not self.line.is_ending:
            if self._changed.is_set():
                self._rebind(channel, queue, bound)
            hear(connection, BIND_SECONDS)

    def _rebind(self, channel: Any, queue: str, bound: set[str]) -> None:
        self._changed.clear()
        with self._lock:
            hosted = set(self._hosted)
        for key in bound - hosted:
            channel.queue_unbind(queue, EXCHANGE, key)
        for key in hosted - bound:
            channel.queue_bind(queue, EXCHANGE, key)
        if not hosted <= bound:
            self._look()  # for what was told before the binding was there
        bound.clear()
        bound.update(hosted)

    def _take(self, message: Any) -> None:
        if message.properties.get("app_id") == self._name:
            return
        heard.inc()
        known = _news_of(message)
        with self._lock:
            mine = [
                (self._hosted[key], number) for key, number in known.items() if key in self._hosted
            ]
            is_first = bool(mine) and not self._news
            for place, number in mine:
                self._news[place] = max(number, self._news.get(place, 0))
        if not mine:
            unread.inc()
        if is_first:
            self._pass_on()

    def _taken(self) -> dict[Place, int]:
        with self._lock:
            news, self._news = self._news, {}
        return news


class Topic:
    """One per api process. Works while the broker does; nothing waits for it."""

    def __init__(self, uri: str) -> None:
        name = new_id()
        self._teller, self._hearer = Teller(uri, name), Hearer(uri, name)

    def start(self, grown: Grown, look: Callable[[], None]) -> None:
        """From the loop, where `grown` is called with news of others, and `look` when some of it
        may have been missed."""
        self._hearer.start(grown, look)
        self._teller.line.start()

    def stop(self) -> None:
        """From a thread; within seconds, whatever the broker does."""
        self._teller.end()
        self._hearer.line.end()
        self._teller.line.join()
        self._hearer.line.join()

    def host(self, tenant_id: str, session_id: str) -> None:
        """The first on this replica attends this room."""
        self._hearer.host((tenant_id, session_id))

    def leave(self, tenant_id: str, session_id: str) -> None:
        """The last one is gone."""
        self._hearer.leave((tenant_id, session_id))

    def tell(self, tenant_id: str, session_id: str, number: int) -> None:
        """Other replicas: the room's log has grown to this number."""
        self._teller.tell((tenant_id, session_id), number)


def _declare(channel: Any) -> None:
    """Whoever comes first after a restart of the broker makes it."""
    channel.exchange_declare(EXCHANGE, "topic", durable=False, auto_delete=False)


def _news_of(message: Any) -> dict[str, int]:
    """By routing key, how far each log goes; nothing of what no replica of ours would say."""
    others = (message.properties.get("application_headers") or {}).get(CC, [])
    body: bytes | str = message.body
    text = body.decode("ascii", "replace") if isinstance(body, bytes) else body
    numbers = [_number_of(each) for each in text.split(" ")]
    if not isinstance(others, list) or len(numbers) != 1 + len(others):
        return {}
    keys = [message.delivery_info["routing_key"], *map(str, others)]
    return {key: number for key, number in zip(keys, numbers, strict=True) if number is not None}


def _number_of(text: str) -> int | None:
    """None for what is no number of a log."""
    if not text:
        return SOMEWHERE
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS
    return int(text) if is_number else None


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended before this thread
        loop.call_soon_threadsafe(call)
