"""Moves a message to another queue: first a confirmed publish, only then it is acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from chassis.broker import Backoff, Outgoing, Publisher
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.log import failure, get_logger

# Facts of the message itself. Not among them: `expiration` (a parked message must not vanish),
# `user_id` (the broker compares it) and whatever else asks the broker to do something.
KEPT = ("content_type", "content_encoding", "type", "timestamp", "correlation_id")
IDLE_SECONDS = 2.0  # nobody sends heartbeats on this connection; past this it is opened anew

log = get_logger(__name__)


class Message(Protocol):
    """A received message, kombu's or py-amqp's."""

    body: Any
    properties: Mapping[str, Any]
    headers: Mapping[str, Any]


class Forwarder:
    """One publishing connection that the handlers of a process share."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._lock = threading.Lock()
        self._used = 0.0

    def forward(
        self,
        message: Message,
        queue: str,
        headers: Mapping[str, Any],
        *,
        is_wanted: Callable[[], bool],
    ) -> bool:
        """True once the queue holds a copy; tries until then, or until it is not wanted any more.

        Not wanted: the connection that brought the message is gone, so the broker brings it again.
        """
        backoff = Backoff()
        while is_wanted():
            try:
                if self._publish(outgoing(message, queue, headers)):
                    return True
                log.error("forward.not-taken", queue=queue)
            except Unavailable as error:
                log.warning("forward.failed", queue=queue, **failure(error))
            time.sleep(backoff.next())
        return False

    def close(self) -> None:
        """Forget the connection."""
        with self._lock:
            self._publisher.close()

    def _publish(self, message: Outgoing) -> bool:
        with self._lock:
            if time.monotonic() - self._used > IDLE_SECONDS:
                self._publisher.close()
            self._publisher.open()
            known = self._publisher.publish([message])
            self._used = time.monotonic()
        return message.id in known.confirmed


def outgoing(message: Message, queue: str, headers: Mapping[str, Any]) -> Outgoing:
    """The same message, addressed to one queue, with further headers."""
    kept = {name: message.properties[name] for name in KEPT if name in message.properties}
    message_id = message.properties.get("message_id")
    body = message.body
    return Outgoing(
        message_id if isinstance(message_id, str) and message_id else new_id(),
        exchange="",
        routing_key=queue,
        body=body.encode() if isinstance(body, str) else bytes(body),
        properties={**kept, "application_headers": {**message.headers, **headers}},
    )
