"""One person's board: a snapshot or what they missed, then every change, until either side ends it.

A watcher keeps nothing but where it stands on the tape, so the slowest one costs the others
nothing; one that falls too far behind is told to come again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from prometheus_client import Counter

from chassis.call import Call
from chassis.deadline import Deadline
from chassis.errors import OutOfRange, ResourceExhausted, Unauthenticated, Unavailable
from chassis.store import Page
from chassis.store.feed import Place
from services.crisis.codec import board as codec
from services.crisis.codec.board import Cursors, Frame, Goodbye
from services.crisis.domain.case import Case
from services.crisis.live.hub import Hub, Run
from services.crisis.live.tape import Entry, Strip, newer
from services.crisis.queries import BoardQueries

STEP_SECONDS = 8.0  # for each use case inside a stream
BATCH = 50  # changes that are noted in the audit trail together
LAST_WORD_SECONDS = 5.0  # for a reader that was told to go and does not even take that

goodbyes = Counter(
    "haven_crisis_board_goodbyes", "Streams that were told to come again.", ["reason"]
)
for _reason in Goodbye:
    goodbyes.labels(_reason)


class WireLost(Exception):
    """The other side is gone; nobody is left to be told."""


class Wire(Protocol):
    """Frames out, in order."""

    async def write(self, frame: Frame) -> None:
        """Hand over a frame; waits while the other side does not take any. WireLost if gone."""
        ...


@dataclass(frozen=True)
class Live:
    """What every stream of this process works with."""

    queries: BoardQueries
    hub: Hub
    run: Run
    # Names this deployment in cursors.
    deployment: str
    heartbeat_seconds: float
    # Changes that may wait for one reader; a slower one is told to come again.
    reader_queue: int


async def watch(wire: Wire, call: Call, cursor: str, live: Live, *, expire_time: float) -> None:
    """Serve one person. Returns after a goodbye; raises what the stream must end with."""
    live.hub.require_serving()
    watcher = CaseWatcher(wire, call, live)
    try:
        # The credential's time is the wall's; what is left of it is counted from here.
        async with asyncio.timeout(max(0.0, expire_time - time.time())):
            with suppress(WireLost), live.hub.attached(watcher):
                await watcher.serve(cursor)
    except TimeoutError:
        text = "the token has expired; come again with the last cursor"
        raise Unauthenticated("TOKEN_EXPIRED", text) from None


class CaseWatcher:
    """One stream."""

    def __init__(self, wire: Wire, call: Call, live: Live) -> None:
        self.tenant_id = call.tenant_id
        self._wire, self._call, self._live = wire, call, live
        self._cursors = Cursors(live.deployment, call.tenant_id)
        # The tape this stream began on; another one would number anew.
        self._tape = live.hub.tape
        self._next, self._live_from = 0, 0
        # What the cursor's own replica had shown; it may be ahead of this one.
        self._after = Place(0, 0, -1)
        # Of every case that this stream has shown: its version. None knows what a cursor knew.
        self._shown: dict[str, int] = {}
        self._open: set[str] = set()
        self._is_resumed, self._is_complete = False, False
        self._swept: list[Entry] = []
        self._wake, self._closed = asyncio.Event(), asyncio.Event()
        self._goodbye: Goodbye | None = None

    def wake(self) -> None:
        """Something of the tenant is on the tape."""
        strip = self._strip
        if strip is not None and strip.next - max(self._next, self._live_from) > (
            self._live.reader_queue
        ):
            self.close(Goodbye.RESUME)
        self._wake.set()

    def close(self, reason: Goodbye) -> None:
        """Say nothing more but this. The first reason stays."""
        if self._goodbye is None:
            self._goodbye = reason
            goodbyes.labels(reason).inc()
        self._closed.set()
        self._wake.set()

    def missed(self, versions: dict[str, int]) -> list[str]:
        """What a silent feed has not told, of what is stored; for a stream that began with a
        cursor nobody can say, and it is sent for a snapshot."""
        if self._is_resumed:
            self.close(Goodbye.NEW_SNAPSHOT)
        if not self._is_complete:  # the next sweep asks again
            return []
        changed = [id for id, version in versions.items() if version > self._shown.get(id, 0)]
        return changed + [id for id in self._open if id not in versions]

    def take_swept(self, entries: list[Entry]) -> None:
        """What a sweep found; nothing where the feed has told it meanwhile."""
        self._swept = newer(entries, self._shown)
        self._wake.set()

    async def serve(self, cursor: str) -> None:
        """Write until the goodbye, or raise why not. A reader that is told to go and does not
        take it in time is left."""
        speaking = asyncio.create_task(self._speak(cursor))
        patience = asyncio.create_task(self._patience())
        try:
            done, _ = await asyncio.wait({speaking, patience}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (speaking, patience):
                task.cancel()
            await asyncio.gather(speaking, patience, return_exceptions=True)
        (speaking if speaking in done else patience).result()

    async def _speak(self, cursor: str) -> None:
        if cursor:
            await self._resume(self._cursors.place(cursor))
        else:
            await self._show_snapshot()
        while self._goodbye is None:
            self._wake.clear()
            if self._swept:
                await self._show_swept()
            elif entries := self._entries():
                self._next += len(entries)
                await self._show([each for each in entries if each.place > self._after])
            elif not await self._woken():
                beat = codec.heartbeat(self._live.heartbeat_seconds, self._cursor())
                await self._wire.write(beat)
        await self._wire.write(codec.goodbye(self._goodbye))

    async def _resume(self, place: Place) -> None:
        self._is_resumed = True
        if self._tape is None:
            raise Unavailable("BOARD_NOT_READY", "this replica has just begun; come again")
        self._tape.refuse_ahead(place)
        strip = self._tape.strip(self.tenant_id)
        self._next, self._live_from, self._after = strip.after(place), strip.next, place
        await self._step(self._live.queries.note_opened)

    async def _show_snapshot(self) -> None:
        """Everything unresolved, as of now or later: what is committed meanwhile is on the tape
        behind this place, and shown after it where it says more."""
        cursor = self._cursor()
        if (strip := self._strip) is not None:
            self._next = self._live_from = strip.next
        page_token = ""
        while True:
            page: Page[Case] = await self._step(self._live.queries.part, page_token)
            for case in page.items:
                self._note(case.id, case.version, is_open=True)
            page_token = page.next_page_token
            is_complete = not page_token
            part = codec.snapshot(
                page.items, cursor if is_complete else "", is_complete=is_complete
            )
            await self._wire.write(part)
            if is_complete:
                self._is_complete = True
                return

    async def _show(self, entries: list[Entry]) -> None:
        """Versions that this stream has not shown, and never an older one after a newer. Whose
        cases it has not shown before have it in their trails first, all in one stroke."""
        fresh = newer(entries, self._shown)
        strange = {each.case_id: each.patient_id for each in fresh}
        for case_id in self._shown.keys() & strange.keys():
            del strange[case_id]
        if strange:
            await self._step(self._live.queries.note_seen, strange)
        for entry in fresh:
            if self._goodbye is not None or entry.version <= self._shown.get(entry.case_id, 0):
                continue
            if entry.message is None:
                self.close(Goodbye.RESUME_ELSEWHERE)  # to a replica of the release that wrote it
                return
            self._note(entry.case_id, entry.version, is_open=entry.is_open)
            cursor = self._cursors.text(entry.place) if entry.place.seconds else ""
            await self._wire.write(codec.change(entry.message, cursor))

    async def _show_swept(self) -> None:
        entries, self._swept = self._swept, []
        await self._show(entries)

    def _note(self, case_id: str, version: int, *, is_open: bool) -> None:
        self._shown[case_id] = version
        (self._open.add if is_open else self._open.discard)(case_id)

    @property
    def _strip(self) -> Strip | None:
        return self._tape.strip(self.tenant_id) if self._tape is not None else None

    def _entries(self) -> list[Entry]:
        """What is on the tape and not shown, some of it."""
        strip = self._strip
        try:
            return strip.some(self._next, BATCH) if strip is not None else []
        except OutOfRange:
            self.close(Goodbye.RESUME)
            return []

    def _cursor(self) -> str:
        """After everything that is on the tape now."""
        if self._tape is None:
            return ""
        return self._cursors.text(max(self._tape.end, self._after))

    async def _woken(self) -> bool:
        """False where nothing came for a heartbeat's time."""
        try:
            async with asyncio.timeout(self._live.heartbeat_seconds):
                return await self._wake.wait()
        except TimeoutError:
            return False

    async def _step(self, handle: Callable[..., Any], *values: object) -> Any:
        """Run one use case for this person on a thread."""
        call = replace(self._call, deadline=Deadline.after(STEP_SECONDS))
        return await self._live.run(handle, call, *values)

    async def _patience(self) -> None:
        await self._closed.wait()
        await asyncio.sleep(LAST_WORD_SECONDS)
        raise ResourceExhausted("READER_TOO_SLOW", "come again with the last cursor")
