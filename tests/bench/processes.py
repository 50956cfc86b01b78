"""What an idle process weighs, and how long a warm one takes to be ready."""

from __future__ import annotations

import time

import psutil

from tests.bench.figures import Figure
from tests.bench.platform import Platform, platform

KINDS = ("api", "worker", "relay")
IDLE_SECONDS = 5.0
MIB = 1024 * 1024


def measure() -> list[Figure]:
    """The heaviest of all, and the slowest start of each kind."""
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
    """Each once and alone: the same one again differs by a few tenths, the bound is far."""
    names = [name for name in running.stack.processes if name.endswith(f"-{kind}")]
    for name in names:  # all at once: how long they take to end is not asked
        running.stack.processes[name].ask_to_end()
    for name in names:
        running.stack.processes[name].stop(within=20.0)
    starts = {name: _seconds(running, name) for name in names}
    slowest = max(starts, key=lambda name: starts[name])
    text = f"slowest of {len(names)}, {slowest}; fastest {min(starts.values()):.1f}"
    return Figure(f"{kind}_start_s", starts[slowest], "s", text, "<= 5")


def _seconds(running: Platform, name: str) -> float:
    before = time.perf_counter()
    running.stack.restart(name)
    return time.perf_counter() - before
