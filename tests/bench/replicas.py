"""What more replicas bring: the knee of one to four of them, and what is busy at it."""

from __future__ import annotations

import os

from tests.bench.audience import Audience, audience, processes
from tests.bench.ceiling import transactions_per_second
from tests.bench.figures import Figure
from tests.bench.knee import climb, names
from tests.bench.platform import Platform
from tests.bench.roommates import SEATS, house

FIRST = "sessions-api"
MOST_REPLICAS = 4
STEP = 6  # rooms


def measure() -> list[Figure]:
    """One house, in which replicas are added and all rooms are left between two measurements."""
    with house() as running, audience(processes(running)) as crowd:
        assert running.stack.database is not None
        ceiling = f"{transactions_per_second(running.stack.database.uri):,.0f} bare txn/s"
        serving, figures = [FIRST], [_knee(running, crowd, [FIRST], ceiling)]
        while len(serving) < MOST_REPLICAS:
            serving.append(f"{FIRST}-{len(serving) + 1}")
            running.stack.add(serving[-1], like=FIRST)
            crowd.watch(serving[-1], running.stack.processes[serving[-1]].pid)
            figures.append(_knee(running, crowd, serving, ceiling))
        return figures


def _knee(running: Platform, crowd: Audience, serving: list[str], ceiling: str) -> Figure:
    addresses = [running.stack.grpc_address(name) for name in serving]
    knee = climb(running, crowd, addresses=addresses, step=STEP)
    crowd.do("leave", subjects=names(knee.groups))
    text = (
        f"{len(serving)} replicas with people of every room at each, {os.cpu_count()} cores for "
        f"all: {knee.text}; {ceiling}; rooms p50/p99 ms: {', '.join(knee.curve)}"
    )
    name = f"participants_at_knee_of_{len(serving)}"
    return Figure(name, knee.held * SEATS, "people", text, ">= 0")
