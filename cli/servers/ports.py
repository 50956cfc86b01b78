"""Free loopback ports below the range that the kernel hands out to outgoing connections.

A port from that range can be taken by any client between two starts of the same server. What was
given stays this process's as long as it lives, also before anything listens on it: several stacks
may start on one machine at the same moment.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

FIRST, LAST = 20_000, 31_999  # Linux starts its ephemeral range at 32,768

_given: set[int] = set()
_locks: list[int] = []  # open for as long as the process lives


def free_port(*, neighbours: int = 0) -> int:
    """A port that nothing listens on and that was not given before; so are its next neighbours."""
    for _ in range(1_000):
        first = random.randint(FIRST, LAST)  # noqa: S311  # not a secret
        ports = range(first, first + 1 + neighbours)
        if _given.isdisjoint(ports) and all(_is_free(port) and _is_ours(port) for port in ports):
            _given.update(ports)
            return first
    raise AssertionError("no free loopback port found")


def _is_ours(port: int) -> bool:
    """Whether no other process was given it; from now on none is."""
    folder = Path(tempfile.gettempdir(), f"haven-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    _locks.append(lock)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
