"""Named places where a test can kill, stop or fail this process, to prove what survives there.

HAVEN_FAILPOINTS="relay.after-confirm=kill, store.after-commit=error:3" acts on the first, or the
n-th, passage. Only a local or test environment can arm one.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field

from chassis.errors import Unavailable


@dataclass
class Arm:
    """What happens at one point, and on which passage."""

    act: str
    nth: int = 1
    passed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_armed: dict[str, Arm] = {}


def arm(specification: str, *, environment: str) -> None:
    """Arm the points of a HAVEN_FAILPOINTS value; refused outside the local environment."""
    _armed.clear()
    for part in filter(None, (piece.strip() for piece in specification.split(","))):
        if environment != "local":
            raise AssertionError("failpoints can be armed only with HAVEN_ENV=local")
        name, _, act = part.partition("=")
        act, _, nth = act.partition(":")
        if act not in {"kill", "stop", "error"}:
            raise AssertionError(f"unknown failpoint act for {name}")
        _armed[name] = Arm(act, int(nth or 1))


def failpoint(name: str) -> None:
    """Do what a test armed here; otherwise nothing."""
    if not _armed or (armed := _armed.get(name)) is None:
        return
    with armed.lock:
        armed.passed += 1
        if armed.passed != armed.nth:
            return
    if armed.act == "error":
        raise Unavailable("FAILPOINT", "failed on purpose")
    os.kill(os.getpid(), signal.SIGKILL if armed.act == "kill" else signal.SIGSTOP)
