"""`make bench [NAME=...]`: measure, print the table, write build/bench.json."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence

from tests.bench.figures import Figure, show, write

# Which module measures which figures; each is a function `measure() -> list[Figure]`.
MEASURES: dict[str, tuple[str, ...]] = {
    "tests.bench.rpc": ("rpc_overhead_p50_ms", "rpc_throughput_ratio"),
    "tests.bench.read": ("read_ratio",),
    "tests.bench.relay": ("relay_events_per_s",),
    "tests.bench.processes": (
        "service_rss_mib",
        "api_start_s",
        "worker_start_s",
        "relay_start_s",
    ),
    "tests.bench.events": ("event_effect_p50_ms", "event_effect_p99_ms"),
    "tests.bench.pages": (
        "signal_to_page_p50_ms",
        "signal_to_page_p99_ms",
        "signal_to_page_storm100_p99_ms",
        "signal_to_page_storm1000_last_ms",
        "bulk_isolation_ratio",
        "rung_lateness_p99_ms",
    ),
    "tests.bench.messages": ("notify_messages_per_s",),
    "tests.bench.inbound": ("inbound_to_case_p99_ms",),
    "tests.bench.rooms": (
        "participants_at_knee",
        "event_delivery_p50_ms",
        "event_delivery_p99_ms",
    ),
    "tests.bench.replicas": (
        "participants_at_knee_of_1",
        "participants_at_knee_of_2",
        "participants_at_knee_of_3",
        "participants_at_knee_of_4",
    ),
    "tests.bench.storm": ("join_storm_p99_ms",),
    "tests.bench.fanout": ("fanout_ratio",),
    "tests.bench.reunions": (
        "cross_replica_p99_ms",
        "resume_p99_ms",
        "signal_to_case_p99_ms",
        "room_kib_per_participant",
    ),
}


def chosen(names: Sequence[str]) -> list[str]:
    """The modules that measure these figures; all of them where none is named."""
    unknown = set(names) - {name for figures in MEASURES.values() for name in figures}
    if unknown:
        raise SystemExit(f"no such figure: {', '.join(sorted(unknown))}")
    return [module for module, figures in MEASURES.items() if not names or set(names) & {*figures}]


def main(names: Sequence[str]) -> int:
    """Measure and report; non-zero where a bound is missed."""
    figures: list[Figure] = []
    for module in chosen(names):
        measure: Callable[[], list[Figure]] = importlib.import_module(module).measure
        figures += [each for each in measure() if not names or each.name in names]
    show(figures)
    write(figures)
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main([name for name in sys.argv[1:] if name]))
