"""Waiting for a condition, always bounded."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from chassis.errors import Unavailable


def wait_until(
    is_true: Callable[[], bool],
    what: str,
    *,
    within: float,
    every: float = 0.05,
    explain: Callable[[], str] = str,
) -> None:
    """Return as soon as the condition holds; Unavailable with an explanation when it never does."""
    deadline = time.monotonic() + within
    while not is_true():
        if time.monotonic() > deadline:
            raise Unavailable("NOT_READY", f"{what} not ready in {within:.0f} s\n{explain()}")
        time.sleep(every)


def accepts(port: int) -> bool:
    """True when something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
