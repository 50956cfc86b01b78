"""What an idle process weighs, and how long a warm one takes to be ready."""

from __future__ import annotations

import time

import psutil

from tests.bench.figures import Figure, percentile
from tests.bench.platform import Platform, platform

KINDS = ("api", "worker", "relay")
ROUNDS = 3
IDLE_SECONDS = 5.0
MIB = 1024 * 1024


def measure() -> list[Figure]:
    """The heaviest of all, and the slowest start of each kind (median of three)."""
    with platform() as running:
        time.sleep(IDLE_SECONDS)
        weights = {
            name: psutil.Process(child.pid).memory_info().rss / MIB
            for name, child in running.stack.processes.items()
        }
        heaviest = max(weights, key=lambda name: weights[name])
        figures = [
            Figure(
                "service_rss_mib",
                weights[heaviest],
                "MiB",
                f"heaviest of {len(weights)} idle processes, {heaviest}; "
                f"lightest {min(weights.values()):.0f}",
                "<= 160",
            )
        ]
        return figures + [_start(running, kind) for kind in KINDS]


def _start(running: Platform, kind: str) -> Figure:
    names = [name for name in running.stack.processes if name.endswith(f"-{kind}")]
    medians = {
        name: percentile([_seconds(running, name) for _ in range(ROUNDS)], 0.5) for name in names
    }
    slowest = max(medians, key=lambda name: medians[name])
    return Figure(f"{kind}_start_s", medians[slowest], "s", f"slowest of five, {slowest}", "<= 5")


def _seconds(running: Platform, name: str) -> float:
    running.stack.processes[name].stop(within=20.0)
    before = time.perf_counter()
    running.stack.restart(name)
    return time.perf_counter() - before
