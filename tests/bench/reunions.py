"""Rooms across replicas, coming again all at once, calling for help, and what a place weighs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import psutil

from tests.bench.audience import Audience, Outcome, audience, processes, subjects, tickets
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure, percentile
from tests.bench.platform import Platform
from tests.bench.roommates import SEATS, Room, house, rooms
from tests.waiting import eventually

SECOND = "sessions-api-2"
FEW = 5  # rooms of a quiet afternoon
EVERY_SECONDS, SETTLE_SECONDS, SECONDS = 5.0, 3.0, 40.0
RETURNING, MISSED = 200, 10
WARM, PRESSING, PAUSE_SECONDS = 5, 50, 0.25
WEIGHED = 35
KIB = 1024


def measure() -> list[Figure]:
    """All of one house, one after the other."""
    with house() as running, audience(processes(running)) as crowd:
        assert running.stack.database is not None
        ceiling = f"{transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        return [
            _across(running, crowd, ceiling),
            _resume(running, crowd, ceiling),
            _signals(running, crowd, ceiling),
            _weight(running, crowd),
        ]


def _across(running: Platform, crowd: Audience, ceiling: str) -> Figure:
    """Patients of one replica speak; who hears them is at another."""
    running.stack.add(SECOND, like="sessions-api")
    address = running.stack.grpc_address(SECOND)
    crowd.watch(SECOND, running.stack.processes[SECOND].pid)
    speaking, hearing = [], []
    for room in rooms(running, FEW):
        half = SEATS // 2
        first = Room(room.session_id, room.facilitator_id, room.patient_ids[:half])
        rest = Room(room.session_id, room.facilitator_id, room.patient_ids[half:])
        hearing += tickets(running, [rest], address=address)
        speaking += tickets(running, [first], staff=False)
    for people in (hearing, speaking):
        crowd.do("join", people=people)
    crowd.do("deafen", subjects=subjects(speaking))
    readers = len(hearing) // FEW
    seen = crowd.do(
        "chat",
        subjects=subjects(speaking),
        settle=SETTLE_SECONDS,
        seconds=SECONDS,
        every=EVERY_SECONDS,
    )
    missing = seen.answer["said"] * readers - seen.answer["heard"]
    text = (
        f"{FEW} rooms, half of each at either replica, {seen.answer['said'] / SECONDS:.1f} "
        f"events/s, p50 {seen.answer['p50_ms']:.0f} ms, {missing} not heard; {ceiling} "
        f"({seen.text})"
    )
    value = float("inf") if missing else seen.answer["p99_ms"]
    crowd.do("leave", subjects=subjects([*speaking, *hearing]))
    crowd.forget(SECOND)
    running.stack.remove(SECOND)
    return Figure("cross_replica_p99_ms", value, "ms", text, "<= 50")


def _resume(running: Platform, crowd: Audience, ceiling: str) -> Figure:
    """So many are cut off, miss what is said, and come again in the same moment."""
    per_room = 10
    groups = [tickets(running, [room]) for room in rooms(running, RETURNING // per_room)]
    crowd.do("join", people=[each for group in groups for each in group])
    gone = [name for group in groups for name in subjects(group[-per_room:])]
    crowd.do("cut", subjects=gone)
    heads = crowd.do("say", subjects=[group[0]["subject"] for group in groups], times=MISSED).answer
    awaited = {
        name: heads[group[0]["subject"]] for group in groups for name in subjects(group[-per_room:])
    }
    back = crowd.do("resume", up_to=awaited)
    text = (
        f"{RETURNING} at once in {len(groups)} rooms, {MISSED} events missed by each, p50 "
        f"{percentile(back.answer, 0.5) * 1000:,.0f} ms, from the call to the last of them; "
        f"{ceiling} ({back.text})"
    )
    crowd.do("leave", subjects=[name for group in groups for name in subjects(group)])
    return _p99("resume_p99_ms", back.answer, text, 3000)


def _signals(running: Platform, crowd: Audience, ceiling: str) -> Figure:
    """From the press in a room to a case that a change stream shows."""
    people = tickets(running, rooms(running, FEW), staff=False)
    crowd.do("join", people=people)
    names = subjects(people)
    with _cases(running) as seen:
        pressed: dict[str, float] = {}
        for some in (names[:WARM], names[WARM : WARM + PRESSING]):
            outcome: Outcome = crowd.do("press", subjects=some, every=PAUSE_SECONDS)
            pressed = outcome.answer
            eventually(partial(_is_known, pressed, seen), within=30)
        seconds = [seen[name] - at for name, at in pressed.items()]
    text = (
        f"{len(seconds)} signals in {FEW} rooms, p50 {percentile(seconds, 0.5) * 1000:.0f} ms, as "
        f"a change stream of cases shows it; {ceiling} ({outcome.text})"
    )
    return _p99("signal_to_case_p99_ms", seconds, text, 150)


def _weight(running: Platform, crowd: Audience) -> Figure:
    """A fresh replica with a few in it, and with many."""
    running.stack.restart("sessions-api")
    pid = running.stack.processes["sessions-api"].pid
    crowd.watch("sessions-api", pid)
    process = psutil.Process(pid)

    def fill(count: int) -> int:
        people = tickets(running, rooms(running, count))
        crowd.do("join", people=people)
        time.sleep(SETTLE_SECONDS)
        rss: int = process.memory_info().rss
        return rss

    before = fill(FEW)
    after = fill(WEIGHED)
    count = WEIGHED * SEATS
    text = (
        f"{count} more people beside {FEW * SEATS} in a fresh replica: {before / KIB / KIB:.0f} -> "
        f"{after / KIB / KIB:.0f} MiB, who listen and send heartbeats"
    )
    return Figure("room_kib_per_participant", (after - before) / KIB / count, "KiB", text, "<= 64")


@contextmanager
def _cases(running: Platform) -> Iterator[dict[str, float]]:
    """When the first case of each patient was there, filled while this lasts."""
    seen: dict[str, float] = {}
    ended = threading.Event()

    def follow(next_: Callable[[], dict[str, dict[str, str]] | None]) -> None:
        while not ended.is_set():
            if (change := next_()) is not None:
                seen.setdefault(change["fullDocument"]["patient_id"], time.monotonic())

    inserts = [{"$match": {"operationType": "insert"}}]
    with running.rows("crisis", "cases").watch(inserts, max_await_time_ms=200) as stream:
        following = threading.Thread(target=follow, args=(stream.try_next,))
        following.start()
        try:
            yield seen
        finally:
            ended.set()
            following.join()


def _is_known(pressed: Mapping[str, float], seen: Mapping[str, float]) -> bool:
    return pressed.keys() <= seen.keys()


def _p99(name: str, seconds: list[float], text: str, bound: int) -> Figure:
    return Figure(name, percentile(seconds, 0.99) * 1000, "ms", text, f"<= {bound}")
