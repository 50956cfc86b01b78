"""Ten thousand people come within five minutes, and all checks of the door are made."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence

from tests.bench.audience import Audience, Outcome, audience, processes, subjects, tickets
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure, percentile
from tests.bench.platform import Platform
from tests.bench.roommates import SEATS, Room, house, rooms

JOINS, MINUTES = 10_000, 5
PER_SECOND = JOINS / MINUTES / 60
# All who come in five minutes would send a thousand heartbeats a second: another figure's question
# (participants_at_knee). Here each stays for two heartbeats and goes in order.
STAY_SECONDS = 20.0
LEADS_STAY = 3  # times as long: whoever leads goes last
TOGETHER = 20  # rooms that fill at the same time
# A step is longer than anybody stays: people go while others come.
STEPS, STEP_SECONDS = (50, 75, 100, 125, 150, 200), 45.0
CALMER = (15, 20, 25, 30)  # where the storm itself was too much
BOUND_MS = 500


def measure() -> list[Figure]:
    """The storm; then how hard it may blow."""
    with house() as running, audience(processes(running)) as crowd:
        assert running.stack.database is not None
        ceiling = f"{transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        opened = rooms(running, -(-JOINS // SEATS))
        people = [person for each in _in_blocks(opened) for person in _mixed(running, each)]
        seen = _storm(crowd, people[:JOINS], PER_SECOND)
        text = (
            f"{JOINS:,} joins at {PER_SECOND:.0f}/s, a ticket and a connection each, who stay "
            f"{STAY_SECONDS:.0f} s and go: {_told(seen)}; {_most(crowd, people, seen)}; "
            f"{os.cpu_count()} cores for all; {ceiling}"
        )
        return [Figure("join_storm_p99_ms", _p99(seen), "ms", text, f"<= {BOUND_MS}")]


def _most(crowd: Audience, people: Sequence[dict[str, str]], storm: Outcome) -> str:
    """The same people come again, faster and faster."""
    has_held = _p99(storm) <= BOUND_MS
    held, steps = PER_SECOND if has_held else 0.0, []
    for per_second in STEPS if has_held else CALMER:
        seen = _storm(crowd, people[: int(per_second * STEP_SECONDS)], per_second)
        steps.append(f"{per_second}/s {_told(seen)}")
        if _p99(seen) > BOUND_MS:
            break
        held = per_second
    return f"sustainable {held:.0f} joins/s in steps of {STEP_SECONDS:.0f} s: {'; '.join(steps)}"


def _storm(crowd: Audience, people: Sequence[dict[str, str]], per_second: float) -> Outcome:
    return crowd.do("storm", people=[*people], per_second=per_second, stay=STAY_SECONDS)


def _p99(seen: Outcome) -> float:
    """Of a storm in which somebody stayed outside: never."""
    if seen.answer["failed"]:
        return float("inf")
    return percentile(seen.answer["seconds"], 0.99) * 1000


def _told(seen: Outcome) -> str:
    seconds, failed = seen.answer["seconds"], seen.answer["failed"]
    p50, p99 = (percentile(seconds, share) * 1000 for share in (0.5, 0.99)) if seconds else (0, 0)
    odd = f", {failed} did not come in ({seen.answer['odd']})" if failed else ""
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms{odd} (of a core: {seen.cores})"


def _in_blocks(opened: Sequence[Room]) -> Iterator[Sequence[Room]]:
    for first in range(0, len(opened), TOGETHER):
        yield opened[first : first + TOGETHER]


def _mixed(running: Platform, some: Sequence[Room]) -> list[dict[str, str]]:
    """Who leads is there before; a patient would wait for somebody with a license."""
    patients = tickets(running, some, staff=False)
    known = set(subjects(patients))
    leads = [
        {**each, "stays": str(LEADS_STAY)}
        for each in tickets(running, some)
        if each["subject"] not in known
    ]
    random.Random(len(patients)).shuffle(patients)  # an order, not a secret
    return leads + patients
