"""Free loopback ports below the range that the kernel hands out to outgoing connections.

A port from that range can be taken by any client between two starts of the same server.
"""

from __future__ import annotations

import random
import socket

FIRST, LAST = 20_000, 31_999  # Linux starts its ephemeral range at 32,768

_given: set[int] = set()


def free_port(*, neighbours: int = 0) -> int:
    """A port that nothing listens on and that was not given before; so are its next neighbours."""
    for _ in range(1_000):
        first = random.randint(FIRST, LAST)  # noqa: S311  # not a secret
        ports = range(first, first + 1 + neighbours)
        if _given.isdisjoint(ports) and all(_is_free(port) for port in ports):
            _given.update(ports)
            return first
    raise AssertionError("no free loopback port found")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
