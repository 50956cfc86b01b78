"""How long green threads wait for their turn: the health of a worker.

A call that computes or blocks outside of eventlet stops every handler, heartbeat and probe.
"""

from __future__ import annotations

import time

import eventlet
from prometheus_client import Histogram

from chassis.telemetry.metrics import SECONDS

TICK_SECONDS = 0.25
STALLED_SECONDS = 5.0

hub_lag = Histogram(
    "haven_worker_hub_lag_seconds", "How late green threads get their turn.", buckets=SECONDS
)


class HubWatch:
    """Ticks, and measures how late each tick is."""

    def __init__(self) -> None:
        self._beat = time.monotonic()

    def start(self) -> None:
        """Tick from now on."""
        eventlet.spawn(self._run)

    def is_alive(self) -> bool:
        """False where the last tick is too long ago."""
        return time.monotonic() - self._beat < STALLED_SECONDS

    def _run(self) -> None:
        while True:
            eventlet.sleep(TICK_SECONDS)
            now = time.monotonic()
            hub_lag.observe(max(0.0, now - self._beat - TICK_SECONDS))
            self._beat = now
