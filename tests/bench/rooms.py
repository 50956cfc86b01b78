"""How many people one replica serves in rooms of twelve, and how soon they hear each other."""

from __future__ import annotations

import os

from tests.bench.audience import Outcome, audience, processes
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure
from tests.bench.knee import chat_once, climb, missing, names, told
from tests.bench.roommates import SEATS, house

STEP = 6  # rooms


def measure() -> list[Figure]:
    """The knee, then half of it."""
    with house() as running, audience(processes(running)) as crowd:
        assert running.stack.database is not None
        ceiling = f"{transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        addresses = [running.stack.environment.addresses["sessions"]]
        knee = climb(running, crowd, addresses=addresses, step=STEP)
        text = (
            f"one replica, {os.cpu_count()} cores for all: {knee.text}; {ceiling}; "
            f"rooms p50/p99 ms: {', '.join(knee.curve)}"
        )
        figures = [Figure("participants_at_knee", knee.held * SEATS, "people", text, ">= 0")]
        half = knee.groups[: max(1, knee.held // 2)]
        crowd.do("leave", subjects=names(knee.groups[len(half) :]))
        return figures + _delivery(chat_once(crowd, half), len(half), ceiling)


def _delivery(seen: Outcome, count: int, ceiling: str) -> list[Figure]:
    text = f"half of the knee, {count} rooms: {told(seen)}; {ceiling}"
    lost = float("inf") if missing(seen.answer) else 0.0
    return [
        Figure(f"event_delivery_{key}", seen.answer[key] + lost, "ms", text, f"<= {bound}")
        for key, bound in (("p50_ms", 20), ("p99_ms", 100))
    ]
