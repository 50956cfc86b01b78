"""What a participant does besides speaking: each frame at its pace, done in the order of all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any

from google.protobuf.message import Message
from haven.sessions.v1 import sessions_pb2

from chassis.call import Call, RequestOnce
from chassis.crypto import fingerprint
from chassis.errors import HavenError
from chassis.ids import is_uuid
from chassis.store import AlreadyAnswered
from services.sessions.bootstrap import Sessions
from services.sessions.codec import acts, frames, orders
from services.sessions.domain.pace import Bucket
from services.sessions.domain.policy import SessionsPolicy
from services.sessions.live.connection import Connection
from services.sessions.live.overhearing import Overhearing

Job = Callable[[], Awaitable[None]]
UNNUMBERED = 0


class Pace(Enum):
    """Each participant has a bucket of each: signs to the room do not hold back a mood."""

    ACT = "act"
    REACTION = "reaction"
    MOOD = "mood"
    QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of frame: how it is read, which use case does it, and under what conditions."""

    decode: Callable[[str, Any], object]
    handle: Callable[[Sessions], Callable[[Call, Any], Any]]
    pace: Pace = Pace.ACT
    # What it answers with is its place in the room.
    is_numbered: bool = True
    # Refused while waiting at the door.
    is_of_room: bool = True
    # Refused without a usable key.
    is_keyed: bool = True
    # Answered by a receipt, and once for its key.
    is_answered: bool = True
    # Words: judged for danger though they are refused.
    is_said: bool = False


ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "admit": Act(acts.decide, lambda of: of.ushers.admit, is_numbered=False),
        "deny": Act(acts.decide, lambda of: of.ushers.deny, is_numbered=False),
        "raise_hand": Act(acts.in_room, lambda of: of.gestures.raise_hand),
        "lower_hand": Act(acts.lower_hand, lambda of: of.gestures.lower_hand),
        "react": Act(acts.react, lambda of: of.gestures.react, Pace.REACTION),
        "open_poll": Act(acts.open_poll, lambda of: of.polls.open),
        "vote": Act(acts.vote, lambda of: of.polls.vote, is_numbered=False),
        "close_poll": Act(acts.close_poll, lambda of: of.polls.close),
        "ask_mood": Act(acts.in_room, lambda of: of.moods.ask),
        "give_mood": Act(
            acts.give_mood,
            lambda of: of.moods.give,
            Pace.MOOD,
            is_numbered=False,
            is_of_room=False,
            is_keyed=False,
        ),
        "moderate": Act(orders.moderate, lambda of: of.moderating.moderate),
        "say_privately": Act(
            orders.say_privately, lambda of: of.words.say, is_numbered=False, is_said=True
        ),
        "pull_aside": Act(orders.pull_aside, lambda of: of.asides.pull),
        "report_quality": Act(
            acts.report_quality,
            lambda of: of.qualities.report,
            Pace.QUALITY,
            is_of_room=False,
            is_numbered=False,
            is_keyed=False,
            is_answered=False,
        ),
    }
)


class Acts:
    """Those of one connection; they are done where its chat is done, and in one order with it."""

    def __init__(
        self, connection: Connection, jobs: asyncio.Queue[Job], overhearing: Overhearing
    ) -> None:
        self._connection, self._jobs, self._overhearing = connection, jobs, overhearing
        self._buckets = _buckets(connection.policy)

    def take(self, kind: str, frame: sessions_pb2.AttendSessionRequest) -> None:
        """Do it in its turn, or say why not."""
        act, message = ACTS[kind], getattr(frame, kind)
        request_id = getattr(message, "request_id", "")
        reason = self._refusal(act, request_id)
        if not reason:
            self._jobs.put_nowait(partial(self._do, kind, message, request_id))
            return
        self._refuse(request_id, reason)
        if act.is_said:
            self._overhearing.hear_word(message)

    def _refusal(self, act: Act, request_id: str) -> str:
        """Why it is not even begun; empty where it is."""
        if act.is_keyed and not is_uuid(request_id):
            return "REQUEST_ID_INVALID"
        if act.is_of_room and not self._connection.is_admitted:
            return "NOT_ADMITTED"
        if not self._buckets[act.pace].take(time.monotonic()) or self._jobs.full():
            return "RATE_LIMITED"
        return ""

    async def _do(self, kind: str, message: Message, request_id: str) -> None:
        act, connection = ACTS[kind], self._connection
        try:
            command = act.decode(connection.session_id, message)
            number = await self._done(kind, command, message, request_id)
        except HavenError as error:
            self._refuse(request_id, error.reason, error.metadata.get("help", ""))
            return
        if act.is_numbered:
            connection.written(number)
        if act.is_answered:
            connection.tell(frames.receipt(request_id, number))

    async def _done(self, kind: str, command: object, message: Message, request_id: str) -> int:
        act, connection = ACTS[kind], self._connection
        number_of = int if act.is_numbered else _unnumbered
        once = RequestOnce(
            request_id=request_id.lower(),
            method=f"room.{kind}/{connection.session_id}",
            fingerprint=fingerprint(message.SerializeToString(deterministic=True)),
            encode=lambda result: str(number_of(result)).encode(),
        )
        is_once = act.is_answered and is_uuid(request_id)
        place = (connection.tenant_id, connection.session_id)
        turn = connection.live.hub.turns.take(*place) if act.is_answered else nullcontext()
        try:
            async with turn:
                result = await connection.step(
                    act.handle(connection.live.sessions), command, once=once if is_once else None
                )
        except AlreadyAnswered as repeated:
            return int(repeated.answer)
        return number_of(result)

    def _refuse(self, request_id: str, reason: str, help: str = "") -> None:
        self._connection.tell(frames.refusal(request_id, reason, help))


def _unnumbered(_: object) -> int:
    return UNNUMBERED


def _buckets(policy: SessionsPolicy) -> Mapping[Pace, Bucket]:
    now = time.monotonic()
    return {
        Pace.ACT: Bucket(policy.act_burst, policy.acts_per_second, now=now),
        Pace.REACTION: Bucket(policy.reaction_burst, policy.reactions_per_second, now=now),
        Pace.MOOD: Bucket(policy.mood_burst, policy.moods_per_second, now=now),
        Pace.QUALITY: Bucket(policy.quality_burst, policy.qualities_per_second, now=now),
    }
