"""Words that are refused before anybody reads them, and may be what somebody must hear.

Bounded: who floods is heard at the policy's pace, and the rest is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from haven.sessions.v1 import sessions_pb2
from prometheus_client import Counter

from chassis.call import Call, RequestOnce
from chassis.crypto import fingerprint
from chassis.errors import HavenError, is_retryable
from chassis.ids import is_uuid
from chassis.log import failure, get_logger
from services.sessions.codec import orders
from services.sessions.domain.commands import Say, SayPrivately
from services.sessions.domain.pace import Bucket
from services.sessions.live.connection import Connection

AT_ONCE = 4  # of one participant; each takes a thread for a moment
TRIES, PAUSE_SECONDS = 3, 1.0

Overhear = Callable[[Call, Any], object]

log = get_logger(__name__)
unheard = Counter(
    "haven_sessions_refused_chat_unheard",
    "Refused chat that the risk rules did not see: a flood's rest, or the store was away.",
)


def once_of(connection: Connection, chat: sessions_pb2.Chat) -> RequestOnce:
    """One message, however often its frame comes."""
    return RequestOnce(
        request_id=chat.request_id.lower(),
        method=f"room.chat/{connection.session_id}",
        fingerprint=fingerprint(chat.text.encode()),
        encode=lambda event: str(event.number).encode(),
    )


def _key_of(request_id: str) -> RequestOnce | None:
    """What makes a repetition the same worry; nothing is answered."""
    if not is_uuid(request_id):
        return None
    return RequestOnce(request_id.lower(), method="", fingerprint=b"", encode=lambda _: b"")


class Overhearing:
    """Of one connection. What was begun goes on when the connection ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection, policy = connection, connection.policy
        self._pace = Bucket(
            policy.refused_chat_burst, policy.refused_chat_per_second, now=time.monotonic()
        )
        self._hearing: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore(AT_ONCE)

    def hear(self, chat: sessions_pb2.Chat) -> None:
        """Let the risk rules read it, aside: nothing waits for it."""
        connection = self._connection
        say = Say(connection.session_id, chat.text)
        self._begin(connection.live.sessions.chats.overhear, say, chat.request_id)

    def hear_word(self, word: sessions_pb2.SayPrivately) -> None:
        """The same of a word to staff."""
        connection = self._connection
        say = orders.say_privately(connection.session_id, word)
        self._begin(connection.live.sessions.words.overhear, say, word.request_id)

    def _begin(self, overhear: Overhear, said: Say | SayPrivately, request_id: str) -> None:
        if not self._pace.take(time.monotonic()):
            unheard.inc()
            return
        hearing = asyncio.create_task(self._hear(overhear, said, _key_of(request_id)))
        self._hearing.add(hearing)
        hearing.add_done_callback(self._hearing.discard)

    async def _hear(
        self, overhear: Overhear, said: Say | SayPrivately, once: RequestOnce | None
    ) -> None:
        for attempt in range(TRIES):
            try:
                async with self._turn:
                    await self._connection.step(overhear, said, once=once)
            except HavenError as error:
                if not is_retryable(error):
                    break
                log.warning("chat.not-heard-yet", attempt=attempt, **failure(error))
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
        unheard.inc()
