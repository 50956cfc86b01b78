"""A connection to the broker that a room never waits for: on a thread of its own, made again as
often as it is lost. Nothing that goes over it is needed, so nothing is kept for it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import amqp
from prometheus_client import Gauge

from chassis.broker import ERRORS, Backoff, connect, drop
from chassis.errors import Unavailable
from chassis.log import failure, get_logger

WAYS = TELLING, HEARING = "telling", "hearing"
STOP_SECONDS = 2.0  # a thread that waits for a frozen broker ends with the process

log = get_logger(__name__)
connected = Gauge(
    "haven_sessions_topic_connected",
    "1 while this replica tells others, or hears them, by the broker.",
    ["kind"],
)
for _way in WAYS:
    connected.labels(_way).set(0)

Ready = Callable[[], None]
Serve = Callable[[amqp.Connection, Ready], None]


class Line:
    """Calls `serve` with each new connection; it says when it is ready, and returns at the end."""

    def __init__(self, uri: str, way: str, serve: Serve, **options: Any) -> None:
        self._uri, self._serve, self._options = uri, serve, options
        self._connected = connected.labels(way)
        self._stopping, self._backoff = threading.Event(), Backoff()
        self._is_ready = self._is_told = False
        self._thread = threading.Thread(target=self._run, name=f"topic-{way}", daemon=True)

    @property
    def is_ending(self) -> bool:
        """True once `serve` has to return."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def end(self) -> None:
        """Say that it is over; wait for it with `join`."""
        self._stopping.set()

    def pause(self, seconds: float) -> None:
        """From `serve`: for so long, or until the end."""
        self._stopping.wait(seconds)

    def join(self) -> None:
        """Wait for the end, but not for a broker."""
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self.is_ending:
            try:
                self._connect()
            except (*ERRORS, Unavailable) as error:
                self._tell(error)
                self._stopping.wait(self._backoff.next())

    def _connect(self) -> None:
        connection = connect(self._uri, **self._options)
        try:
            self._serve(connection, self._ready)
        finally:
            if self._is_ready:
                self._connected.dec()
            self._is_ready = False
            drop(connection)

    def _tell(self, error: Exception) -> None:
        """Once, not for each try."""
        if not self._is_told:
            log.warning("topic.lost", **failure(error))
        self._is_told = True

    def _ready(self) -> None:
        self._is_ready, self._is_told = True, False
        self._backoff.reset()
        self._connected.inc()
        log.info("topic.connected")


def hear(connection: amqp.Connection, seconds: float) -> bool:
    """Take what the broker says within so long, and keep the connection alive; False for nothing.
    Never 0 seconds: half a frame would then be waited for in a busy loop."""
    try:
        connection.drain_events(timeout=seconds)
    except TimeoutError:
        connection.heartbeat_tick()
        return False
    return True
