"""A board in one process, with what is stored, what the feed tells and what a client takes in the
test's hand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chassis.call import Actor, Call, Role
from chassis.deadline import Deadline
from chassis.errors import HavenError, Unavailable
from chassis.store import Page
from chassis.store.feed import Change, Follower, Place
from services.crisis.codec.documents import case_document
from services.crisis.domain.case import Case
from services.crisis.live.hub import Hub
from services.crisis.live.watcher import Live, watch
from tests.unit.crisis.builders import a_case

TENANT = "river"
WITHIN = 5.0


def a_version(case_id: str, version: int, *, tenant_id: str = TENANT, is_open: bool = True) -> Any:
    case = a_case()
    case.id, case.version = case_id, version
    document = case_document(case)
    kept = {"_id": case_id, "version": version, "tenant_id": tenant_id, "is_open": is_open}
    return {**document, **kept}


class Shelf:
    """What is stored, and who was noted in the audit trail."""

    def __init__(self) -> None:
        self.stored: dict[str, Case] = {}
        self.seen: list[str] = []
        self.is_away = False
        self.asked = 0

    def keep(self, case_id: str, version: int) -> None:
        case = a_case()
        case.id, case.version = case_id, version
        self.stored[case_id] = case

    def part(self, _call: Call, _token: str) -> Page[Case]:
        self._answer()
        return Page(list(self.stored.values()), "")

    def note_seen(self, _call: Call, patients: Any) -> None:
        self._answer()
        self.seen += patients

    def note_opened(self, _call: Call) -> None:
        self._answer()

    def versions(self, _tenant_id: str) -> dict[str, int]:
        self._answer()
        self.asked += 1
        return {case.id: case.version for case in self.stored.values()}

    def cases(self, _tenant_id: str, case_ids: Any) -> list[Case]:
        return [self.stored[id] for id in case_ids if id in self.stored]

    def _answer(self) -> None:
        if self.is_away:
            raise Unavailable("STORE_UNAVAILABLE", "away")


class Feed:
    """Tells what the test says, and is as young as it says."""

    def __init__(self) -> None:
        self.follower: Follower | None = None
        self.seconds = 0.0
        self.place = Place(100, 0, -1)

    def open(self, follower: Follower) -> Feed:
        self.follower = follower
        return self

    def start(self) -> None:
        assert self.follower is not None
        self.follower.begun(self.place)

    def stop(self) -> None:
        """Nothing to end."""

    def age(self) -> float:
        return self.seconds

    def tell(self, document: Any) -> None:
        assert self.follower is not None
        self.place = Place(self.place.seconds + 1, 0, 0)
        self.follower.take(Change(self.place, document))

    def begin_anew(self) -> None:
        assert self.follower is not None
        self.place = Place(self.place.seconds + 1, 0, -1)
        self.follower.begun(self.place)


class Wire:
    """Takes frames, until it is told to take no more."""

    def __init__(self) -> None:
        self.frames: list[Any] = []
        self.taking = asyncio.Event()
        self.taking.set()

    async def write(self, frame: Any) -> None:
        await self.taking.wait()
        self.frames.append(frame)

    @property
    def versions(self) -> list[tuple[str, int]]:
        changes = [frame.change for frame in self.frames if frame.HasField("change")]
        return [(each.case.case_id, each.case_version) for each in changes]

    @property
    def cursor(self) -> str:
        return str([frame.cursor for frame in self.frames if frame.cursor][-1])


class World:
    """One process with a board."""

    def __init__(self, **limits: Any) -> None:
        self.shelf, self.feed = Shelf(), Feed()
        hub = Hub(
            self.shelf,
            _at_once,
            tape_limit=limits.get("tape", 100),
            most=limits.get("most", 10),
        )
        self.live = Live(
            queries=self.shelf,
            hub=hub,
            run=_at_once,
            deployment="crisis/test",
            heartbeat_seconds=limits.get("heartbeat", 30.0),
            reader_queue=limits.get("queue", 5),
        )
        self.hub = hub

    async def watches(
        self, cursor: str = "", expire_time: float = math.inf, wire: Wire | None = None
    ) -> Any:
        """A stream, once it has been written what there is at first."""
        wire = wire or Wire()
        actor = Actor("dr-one", frozenset({Role.CLINICIAN}))
        call = Call(TENANT, actor, "case.watch", None, Deadline.after(60))
        task = asyncio.create_task(watch(wire, call, cursor, self.live, expire_time=expire_time))
        if not cursor and wire.taking.is_set():
            await until(lambda: wire.frames or task.done())
        return wire, task


async def _at_once(handle: Any, *values: Any) -> Any:
    return handle(*values)


async def until(holds: Any) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110  # what is waited for does not know of the test
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(world: World) -> AsyncIterator[World]:
    async with world.hub.running(world.feed.open):
        yield world


async def ended(task: Any) -> HavenError | None:
    async with asyncio.timeout(WITHIN):
        try:
            await task
        except HavenError as error:
            return error
    return None


def resolved(case_id: str, version: int) -> Case:
    case = a_case()
    case.id, case.version = case_id, version
    return case
