"""Everybody in all rooms, who talk while something breaks, and the books afterwards."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pymongo.errors import PyMongoError

from tests.bench.figures import percentile
from tests.bench.platform import TENANT
from tests.bench.roommates import Room, rooms
from tests.roomfaults.books import Seen, losses_in, wrong_in, wrong_minutes
from tests.roomfaults.guest import Guest, Pass
from tests.roomfaults.house import House
from tests.waiting import eventually

SPARE = 1  # a seat in each room for who will send nonsense
AT_ONCE = 16
RECOVERY_SECONDS = 300.0  # a bound for a busy machine; what it took is told
TOKEN_TIME = timedelta(hours=8)  # longer than any clock is stepped


@dataclass
class Report:
    """What a fault did to people."""

    name: str
    faults: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    back_seconds: float = 0.0  # until everybody is in the room again
    settled_seconds: float = 0.0  # until everybody has everything that was said
    lost: int = 0  # were taken for lost, because nothing was heard of them, and came again
    told: str = ""

    def text(self) -> str:
        """For whoever waits for it."""
        p50, p99 = (percentile(self.delays, share) * 1000 for share in (0.5, 0.99))
        return (
            f"{self.name}: {len(self.faults)} faults; connections ended {dict(self.ends)}; refused "
            f"{dict(self.refusals)}; {self.lost} taken for lost; all present after "
            f"{self.back_seconds:.1f} s, all told after {self.settled_seconds:.1f} s; "
            f"{len(self.delays)} deliveries, p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest "
            f"{max(self.delays) * 1000:.0f} ms{self.told}"
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """How much of a device's record is from before."""

    ends: int
    refusals: int
    delays: int


class Crew:
    """Rooms whose people sit at both replicas, half and half."""

    def __init__(self, house: House, opened: Sequence[Room], *, pace_seconds: float) -> None:
        self.house, self._pace = house, pace_seconds
        self._lost = 0  # how often the rooms have told so far that one of them was lost
        self.spare: dict[str, Pass] = {}
        self.rooms: dict[str, list[Guest]] = {}
        for room in opened:
            *patients, spare = room.patient_ids
            self.spare[room.session_id] = self.pass_of(room, spare)
            passes = [self.pass_of(room, room.facilitator_id, "clinician")]
            passes += [self.pass_of(room, each) for each in patients]
            self.rooms[room.session_id] = [
                Guest(each, house.addresses, at=at) for at, each in enumerate(passes)
            ]
        self._callers = iter([each for guests in self.rooms.values() for each in guests[1:]])

    @classmethod
    async def gather(cls, house: House, count: int, *, people: int, pace_seconds: float) -> Crew:
        """So many rooms of so many people, all of them in."""
        opened = await asyncio.to_thread(rooms, house.platform, count, seats=people + SPARE)
        crew = cls(house, opened, pace_seconds=pace_seconds)
        turn = asyncio.Semaphore(AT_ONCE)

        async def come(guest: Guest) -> None:
            async with turn:
                await guest.come()

        await asyncio.gather(*(come(each) for each in crew.guests))
        return crew

    @property
    def guests(self) -> Iterator[Guest]:
        """Everybody."""
        return (each for guests in self.rooms.values() for each in guests)

    def at(self, place: int) -> list[Guest]:
        """Who is connected to that replica."""
        count = len(self.house.addresses)
        return [each for each in self.guests if each.place % count == place]

    def next_caller(self) -> Guest:
        """A patient who has not called for help yet."""
        return next(self._callers)

    def pass_of(self, room: Room, subject: str, role: str = "patient") -> Pass:
        """A token of their own."""
        return Pass(room.session_id, subject, self.token(subject, role), role == "patient")

    def token(self, subject: str, role: str) -> str:
        """A new one."""
        issuer = self.house.stack.environment.issuer
        return issuer.issue(TENANT, subject, [role], ttl=TOKEN_TIME)

    def take(self, older: Guest, newer: Guest) -> None:
        """From now on this device is the person's."""
        newer.came, newer.since = older.came, older.since
        newer.said |= older.answered
        guests = self.rooms[older.own.session_id]
        guests[guests.index(older)] = newer

    async def leave(self) -> None:
        """Everybody goes in order."""
        await asyncio.gather(*(each.leave() for each in self.guests))

    async def back(self, within: float = RECOVERY_SECONDS) -> float:
        """Return when everybody is in the room; seconds that it took."""
        return await until(
            lambda: [
                f"{each.own.subject}: {each.record.ends[-3:]}"
                for each in self.guests
                if not each.is_present
            ],
            within,
        )

    @asynccontextmanager
    async def judged(self, name: str) -> AsyncIterator[Report]:
        """Everybody talks while the body does its harm; then all come back and are asked."""
        report, marks = Report(name), {each: _mark(each) for each in self.guests}
        async with self._talking():
            yield report
            back_seconds = await self.back()
        report.back_seconds = report.back_seconds or back_seconds
        report.settled_seconds = await self._settled()
        for guest in self.guests:
            mark = marks.get(guest, Mark(0, 0, 0))
            report.ends.update(guest.record.ends[mark.ends :])
            report.refusals.update(guest.record.refusals[mark.refusals :])
            report.delays += guest.record.delays[mark.delays :]
        seen, heads = await self._seen(), await self._heads()
        for session_id, everyone in seen.items():
            report.faults += wrong_in(heads[session_id], everyone)
        known, self._lost = self._lost, sum(losses_in(everyone) for everyone in seen.values())
        report.lost = self._lost - known
        report.faults += await self.wrong_minutes(self.house.addresses)

    def ends_since(self, marks: Mapping[Guest, int]) -> dict[str, list[str]]:
        """How these people's connections ended since the marks were taken."""
        return {
            guest.own.subject: ends
            for guest, mark in marks.items()
            if (ends := guest.record.ends[mark:])
        }

    @asynccontextmanager
    async def _talking(self) -> AsyncIterator[None]:
        enough = asyncio.Event()
        talking = [
            asyncio.create_task(self._talk(guests, at, enough))
            for guests in self.rooms.values()
            for at in range(len(guests))
        ]
        try:
            yield
        finally:
            enough.set()  # a writer that is canceled cuts its connection
            await asyncio.gather(*talking)

    async def _talk(self, guests: Sequence[Guest], at: int, enough: asyncio.Event) -> None:
        """Whoever sits there, with whichever device."""
        pause = random.uniform(0, self._pace)
        while not await _is_set_within(pause, enough):
            await guests[at].say()
            pause = self._pace

    async def _settled(self) -> float:
        """Return when all have their receipts and stand where their room's log ends."""

        async def missing() -> list[str]:
            heads = await self._heads()
            return [
                f"{each.own.subject} has {each.record.numbers[-1:]} of {heads[session_id]}, "
                f"answered {each.is_answered}, present {each.is_present}, {each.record.ends[-3:]}"
                for session_id, guests in self.rooms.items()
                for each in guests
                if not each.is_answered or each.record.numbers[-1:] != [heads[session_id]]
            ]

        start = time.monotonic()
        while found := await missing():
            if time.monotonic() - start > RECOVERY_SECONDS:
                raise AssertionError(found[:5])
            await asyncio.sleep(0.1)
        return time.monotonic() - start

    async def wrong_minutes(self, addresses: Sequence[str]) -> list[str]:
        """Whose minutes are off, as each of these replicas counts them."""
        patients = [each for each in self.guests if each.own.is_patient]
        found = await asyncio.gather(*(_minutes(each, addresses) for each in patients))
        return [text for each in found for text in each]

    async def _seen(self) -> dict[str, list[Seen]]:
        """By room, what everybody saw there, and when they were heard."""
        rows = self.house.platform.rows("sessions", "participants")
        wanted = {"tenant_id": TENANT, "session_id": {"$in": list(self.rooms)}}
        places = await asyncio.to_thread(persist, lambda: list(rows.find(wanted)))
        heard = {
            (each["session_id"], each["person_id"]): [
                (span["start"], span["end"]) for span in each["spans"]
            ]
            for each in places
        }
        return {
            session_id: [
                Seen(
                    name=each.own.subject,
                    alias=each.alias,
                    events=each.record.events,
                    said=list(each.said.values()),
                    heard=heard[session_id, each.own.subject],
                )
                for each in guests
            ]
            for session_id, guests in self.rooms.items()
        }

    async def _heads(self) -> dict[str, int]:
        rows = self.house.platform.rows("sessions", "room_logs")
        wanted = {"tenant_id": TENANT, "log_key": {"$in": list(self.rooms)}}
        found = await asyncio.to_thread(persist, lambda: list(rows.find(wanted)))
        return {each["log_key"]: int(each["last_number"]) for each in found}


async def _minutes(guest: Guest, addresses: Sequence[str]) -> list[str]:
    """What is wrong; what is too little may be a heartbeat that a busy machine has not stored."""
    wrong = []
    for address in addresses:
        start, found, is_little = time.monotonic(), [""], True
        while found and is_little and time.monotonic() - start < RECOVERY_SECONDS:
            least = time.monotonic() - guest.since
            counted = await guest.minutes(address)
            most = time.monotonic() - guest.came
            found = wrong_minutes(guest.own.subject, counted, least=least, most=most)
            is_little = counted < least
            await asyncio.sleep(1.0 if found else 0.0)
        wrong += found
    return wrong


async def until(missing: Callable[[], Sequence[object]], within: float = RECOVERY_SECONDS) -> float:
    """Return when nothing is missing; seconds that it took."""
    start = time.monotonic()
    while found := missing():
        if time.monotonic() - start > within:
            raise AssertionError(found[:5])
        await asyncio.sleep(0.05)
    return time.monotonic() - start


async def _is_set_within(seconds: float, event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await event.wait()
    return False


def persist(ask: Callable[[], Any]) -> Any:
    """The first answer that is not empty; asked again where the database is just away."""

    def answered() -> Any:
        with suppress(PyMongoError):
            return ask()
        return None

    return eventually(answered, within=RECOVERY_SECONDS, every=0.05)


def _mark(guest: Guest) -> Mark:
    record = guest.record
    return Mark(len(record.ends), len(record.refusals), len(record.delays))
