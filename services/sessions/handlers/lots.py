"""Everyday words of many people, of any rooms, in one transaction.

In a room where many speak, who may speak there need not be read for every word. Whatever takes
somebody's voice, or closes the room, writes the head of the room's log in the same transaction
(ports.Participants, ports.Log). So what was read once holds as long as the head has the version
that it had; a head that has moved on refuses the write, and everything is read again.
"""

from __future__ import annotations

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count as counting
from threading import Lock

from chassis.call import Call
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    HavenError,
    InvalidArgument,
    NotFound,
    is_retryable,
)
from chassis.store import Contended, Store, Tx
from services.sessions.domain.commands import Say
from services.sessions.domain.log import RoomEvent, RoomEventKind, of_participant, spoken
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Voice
from services.sessions.domain.session import Session
from services.sessions.handlers.chats import assessed
from services.sessions.handlers.standing import asked_of, quiet
from services.sessions.ports import Head, Policies, Records

# A floor is read anew after so long, whatever its head says; of so many rooms one is kept.
FLOOR_SECONDS, FLOORS = 5.0, 1_000
Key = tuple[str, str]  # session and person


class Apart(Exception):
    """Not a refusal: this message is to be said by itself."""


@dataclass(frozen=True, slots=True)
class Saying:
    """Somebody who wants to say something; the call has its RequestOnce."""

    call: Call
    command: Say


@dataclass(frozen=True, slots=True)
class Floor:
    """People who may speak in an open room, as long as the log's head is this one."""

    head: Head
    voices: Mapping[str, Voice]
    read_at: float  # seconds of a clock that never goes back


class Floors:
    """What is known of rooms; safe for threads. Whoever takes a floor has it alone."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, str], Floor] = OrderedDict()  # by tenant and session
        self._lock = Lock()

    def now(self) -> float:
        """The clock of `Floor.read_at`."""
        return self._monotonic()

    def take(self, tenant_id: str, rooms: Collection[str]) -> dict[str, Floor]:
        """Those of these rooms that are known, and no longer are from now on."""
        since = self.now() - FLOOR_SECONDS
        with self._lock:
            found = {room: self._known.pop((tenant_id, room), None) for room in rooms}
        return {room: each for room, each in found.items() if each and each.read_at > since}

    def keep(self, tenant_id: str, floors: Mapping[str, Floor]) -> None:
        """For who speaks there next; after the commit that made them true."""
        with self._lock:
            for room, floor in floors.items():
                self._known[tenant_id, room] = floor
                self._known.move_to_end((tenant_id, room))
            while len(self._known) > FLOORS:
                self._known.popitem(last=False)


class Lots:
    """One per process: it remembers who may speak where."""

    def __init__(self, store: Store, records: Records, policies: Policies) -> None:
        self._store, self._records, self._policies = store, records, policies
        self._floors = Floors()

    def say(self, sayings: Sequence[Saying]) -> list[RoomEvent | Exception]:
        """What each message came to: the event that is stored now, or why there is none.

        Everyday words go together, in one transaction for each tenant. What worries, what cannot
        be said and what nobody foresaw is left for `Chats.say`, with Apart. Several rooms are tried
        once: where one of them is contended, Contended leaves each for itself.
        """
        outcomes: list[RoomEvent | Exception] = [Apart() for _ in sayings]
        together: defaultdict[str, list[int]] = defaultdict(list)
        for place, each in enumerate(sayings):
            if self._is_everyday(each):
                together[each.call.tenant_id].append(place)
        for places in together.values():
            came_to = self._try_together([sayings[place] for place in places])
            for place, outcome in zip(places, came_to, strict=True):
                outcomes[place] = outcome
        return outcomes

    def _is_everyday(self, saying: Saying) -> bool:
        call, text = saying.call, saying.command.text
        try:
            spoken(text, self._policies(call.tenant_id).text_length)
        except InvalidArgument:
            return False
        return assessed(call, saying.command).severity is None

    def _try_together(self, sayings: Sequence[Saying]) -> list[RoomEvent | Exception]:
        try:
            try:
                return self._transact(sayings)
            except Aborted:
                # A room has moved on since its floor was kept; by now the floor is forgotten.
                return self._transact(sayings)
        except Contended as error:
            return [error for _ in sayings]
        except Exception as error:  # whatever it is: only where the database is away is it for all
            told = error if isinstance(error, HavenError) and is_retryable(error) else Apart()
            return [told for _ in sayings]

    def _transact(self, sayings: Sequence[Saying]) -> list[RoomEvent | Exception]:
        calls = [self._records.room_log.keeping(each.call) for each in sayings]
        first = min(calls, key=lambda call: call.deadline.remaining())
        floors: dict[str, Floor] = {}

        def act(tx: Tx, places: Sequence[int]) -> Sequence[RoomEvent | HavenError]:
            floors.clear()
            return self._say_together(tx, [sayings[place] for place in places], floors)

        outcomes: list[RoomEvent | Exception] = self._store.transact_batch(
            replace(quiet(first), once=None),
            calls,
            act,
            tries_once=len({each.command.session_id for each in sayings}) > 1,
        )
        self._floors.keep(first.tenant_id, floors)
        return outcomes

    def _say_together(
        self, tx: Tx, sayings: Sequence[Saying], floors: dict[str, Floor]
    ) -> list[RoomEvent | HavenError]:
        """New messages, of any rooms: as many statements for all of them as for one. Leaves in
        `floors` what is known of the rooms from then on."""
        keys = [(each.command.session_id, each.call.actor.subject) for each in sayings]
        now, known = self._floors.now(), self._floors.take(tx.call.tenant_id, {*dict(keys)})
        voices = self._voices(tx, keys, known)
        outcomes = [
            _event(saying, voices[key], tx.now) for key, saying in zip(keys, sayings, strict=True)
        ]
        heads, numbered = self._write(tx, [room for room, _ in keys], outcomes, known)
        floors |= known
        for room, head in heads.items():
            heard = {
                person_id: voice
                for (place, person_id), voice in voices.items()
                if place == room and isinstance(voice, Voice)
            }
            floors[room] = Floor(head, heard, known[room].read_at if room in known else now)
        return numbered

    def _voices(
        self, tx: Tx, keys: Sequence[Key], known: Mapping[str, Floor]
    ) -> dict[Key, Voice | HavenError]:
        """How each of them is heard, or why not. Of whom nothing is known it is read."""
        voices: dict[Key, Voice | HavenError] = {
            (room, person_id): voice
            for room, floor in known.items()
            for person_id, voice in floor.voices.items()
        }
        unknown = [key for key in dict.fromkeys(keys) if key not in voices]
        if unknown:
            places = self._records.participants.those(tx, unknown)
            rooms = {"_id": {"$in": sorted({room for room, _ in unknown})}}
            sessions = {each.id: each for each in self._records.sessions.find(tx, rooms)}
            voices |= {key: _voice(places.get(key), sessions.get(key[0])) for key in unknown}
        return voices

    def _write(
        self,
        tx: Tx,
        rooms: Sequence[str],
        outcomes: Sequence[RoomEvent | HavenError],
        known: Mapping[str, Floor],
    ) -> tuple[dict[str, Head], list[RoomEvent | HavenError]]:
        """Each event under its number in its room's log; refusals as they are."""
        lines: defaultdict[str, list[RoomEvent]] = defaultdict(list)
        for room, outcome in zip(rooms, outcomes, strict=True):
            if isinstance(outcome, RoomEvent):
                lines[room].append(outcome)
        before = {room: floor.head for room, floor in known.items() if room in lines}
        heads = self._records.room_log.append_all(tx, lines, before)
        numbers = {
            room: counting(head.last_number - len(lines[room]) + 1) for room, head in heads.items()
        }
        numbered = [
            replace(outcome, number=next(numbers[room]), asked=None)
            if isinstance(outcome, RoomEvent)
            else outcome
            for room, outcome in zip(rooms, outcomes, strict=True)
        ]
        return heads, numbered


def _voice(place: Participant | None, session: Session | None) -> Voice | HavenError:
    if place is None or session is None:
        return NotFound("NOT_FOUND", "no such session")
    try:
        session.require_open()
        place.require_voice()
    except FailedPrecondition as refused:
        return refused
    return Voice(place.alias, place.role, place.patient_id)


def _event(saying: Saying, voice: Voice | HavenError, now: datetime) -> RoomEvent | HavenError:
    if isinstance(voice, HavenError):
        return voice
    text, asked = saying.command.text, asked_of(saying.call)
    return of_participant(RoomEventKind.CHAT, voice, now, text=text, asked=asked)
