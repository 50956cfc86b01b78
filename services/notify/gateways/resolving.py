"""From a host's name to addresses, within a bounded time, and which of them the public may name.

The system's resolver takes no deadline: it is asked on a thread of its own, which is left behind
when its time is over.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Threads that a resolver which does not answer may hold at once.
LOOKUPS = 32
# Public by their number, yet answered by the machine's own surroundings.
NEVER_PUBLIC: tuple[IPv4Network | IPv6Network, ...] = (
    ip_network("168.63.129.16/32"),  # a cloud's metadata and DNS
    ip_network("192.0.0.0/24"),  # IETF protocol assignments; another cloud's metadata
    ip_network("192.88.99.0/24"),  # 6to4 relays
    ip_network("2001::/23"),  # Teredo and other tunnels: they carry an IPv4 address inside
    ip_network("2002::/16"),  # 6to4, too
)
# Everything that is routed to one host. Outside of it: mapped, translated (64:ff9b::/96), unique
# local, link-local and multicast addresses, and what has not been given out.
GLOBAL_UNICAST = IPv6Network("2000::/3")

_lookups = threading.BoundedSemaphore(LOOKUPS)


def left(until: float) -> float:
    """Seconds until then, by the monotonic clock; TimeoutError when there are none."""
    if (seconds := until - time.monotonic()) <= 0:
        raise TimeoutError
    return seconds


def resolve(host: str, until: float) -> Sequence[Address]:
    """The host's addresses, at least one, in the system's order of preference.

    OSError where there are none, TimeoutError (one of them) where none came in time.
    """
    try:
        return [ip_address(host)]
    except ValueError:
        return _looked_up(host, until)


def is_public(address: Address) -> bool:
    """False for whatever could be a machine of ours, or not one single machine."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in NEVER_PUBLIC)


def connected(addresses: Sequence[Address], port: int, until: float) -> socket.socket:
    """A connection to the first address that takes one; each has an even share of the time.

    OSError, the last one's, where none does.
    """
    failure = OSError("no address")
    for tried, address in enumerate(addresses):
        try:
            return _connected(address, port, left(until) / (len(addresses) - tried))
        except OSError as error:
            failure = error
    raise failure


def _connected(address: Address, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect((str(address), port))
        # A request goes out in two writes; the second one must not wait for an acknowledgement.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        line.close()
        raise
    return line


def _looked_up(host: str, until: float) -> Sequence[Address]:
    if not _lookups.acquire(timeout=left(until)):
        raise TimeoutError
    answer: Future[Sequence[Address]] = Future()
    threading.Thread(target=_look_up, args=[host, answer], name="lookup", daemon=True).start()
    return answer.result(left(until))


def _look_up(host: str, answer: Future[Sequence[Address]]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # not a name at all: as good as unknown
        answer.set_exception(OSError(type(error).__name__))
    else:
        answer.set_result([ip_address(name[0]) for *_, name in found])
    finally:
        _lookups.release()
