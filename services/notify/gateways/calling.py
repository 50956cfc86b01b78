"""One POST to a provider: a fresh connection to a known address, bounded as a whole.

A client's usual timeouts bound each single wait, so that a server which drips bytes holds its
caller for as long as it likes. Here every wait, from the look-up of the name to the last byte of
the answer, gets what is left of one time. No redirect is followed, no proxy is asked, nothing is
kept between calls: a page never meets a connection that died while it was idle.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chassis.errors import Unavailable
from services.notify.gateways.resolving import Address, connected, left, resolve

LARGEST_ANSWER = 64 * 1024
PORTS = {"http": 80, "https": 443}
VISIBLE = re.compile(r"[!-~]{1,2000}")  # no blanks, no line ends, nothing that needs encoding
NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*|[0-9a-f:.]*:[0-9a-f:.]*")


@dataclass(frozen=True, slots=True)
class Place:
    """A URL in its parts."""

    scheme: str
    host: str
    port: int
    # Path and query.
    target: str

    @classmethod
    def of(cls, url: str) -> Place:
        """Read the URL; ValueError, without its text, where it is not a plain http(s) one."""
        if not VISIBLE.fullmatch(url):
            raise ValueError("not a URL")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("not a URL") from None
        if parts.scheme not in PORTS or not NAME.fullmatch(parts.hostname or ""):
            raise ValueError("http://host or https://host is needed")
        if "@" in parts.netloc or parts.fragment:
            raise ValueError("neither user nor fragment belongs here")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.scheme, parts.hostname or "", port or PORTS[parts.scheme], target)

    def under(self, path: str) -> Place:
        """The same server, with a path below this one's."""
        return Place(self.scheme, self.host, self.port, self.target.rstrip("/") + path)

    @property
    def authority(self) -> str:
        """As the Host header names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; at most LARGEST_ANSWER bytes of it."""

    status: int
    body: bytes = field(repr=False)

    @property
    def is_success(self) -> bool:
        """True for 2xx."""
        return self.status // 100 == 2

    def document(self) -> Mapping[str, Any]:
        """The body as a JSON object; Unavailable PROVIDER_GARBLED where it is not one."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            raise garbled() from None
        if not isinstance(found, dict):
            raise garbled()
        return found


def garbled() -> Unavailable:
    """For an answer that cannot be understood: whether the message was taken is not known."""
    return Unavailable("PROVIDER_GARBLED", "the provider's answer cannot be understood")


class Caller:
    """Makes calls. Safe to share between threads."""

    def __init__(self, authorities: Path | None = None) -> None:
        """Trust the system's certificate authorities, or those of that file alone."""
        self._tls = ssl.create_default_context(cafile=authorities)

    def post(
        self,
        place: Place,
        headers: Mapping[str, str],
        body: bytes,
        *,
        until: float,
        addresses: Sequence[Address] = (),
    ) -> Answer:
        """The answer to one POST; `until` is an instant of the monotonic clock.

        `addresses` are those that the caller has checked; the name is then not asked for again.
        Raises Unavailable: PROVIDER_UNREACHABLE or PROVIDER_GARBLED. The errors behind it are not
        chained: their texts may quote an address.
        """
        try:
            found = addresses or resolve(place.host, until)
            with self._connected(place, found, until) as connection:
                return _converse(_Line(connection, until), place, headers, body)
        except OSError:
            text = "the provider cannot be reached"
            raise Unavailable("PROVIDER_UNREACHABLE", text) from None
        except http.client.HTTPException:
            raise garbled() from None

    def _connected(self, place: Place, found: Sequence[Address], until: float) -> socket.socket:
        plain = connected(found, place.port, until)
        if place.scheme == "http":
            return plain
        try:
            plain.settimeout(left(until))  # for the whole handshake
            return self._tls.wrap_socket(plain, server_hostname=place.host)
        except OSError:
            plain.close()
            raise


class _Line:
    """What http.client needs of a socket; each single wait gets what is left of the whole."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(left(self._until))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._connection, self._until))

    def close(self) -> None:
        """Nothing: http.client lets go before the body is read, and whoever connected closes."""


class _Incoming(io.RawIOBase):
    """The bytes that come."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        super().__init__()
        self._connection, self._until = connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(left(self._until))
        return self._connection.recv_into(buffer)


def _converse(line: _Line, place: Place, headers: Mapping[str, str], body: bytes) -> Answer:
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = line
    connection.request("POST", place.target, body, {"Host": place.authority, **headers})
    response = connection.getresponse()
    return Answer(response.status, response.read(LARGEST_ANSWER))


def deadline(seconds: float) -> float:
    """The instant of the monotonic clock in which a call that starts now must have ended."""
    return time.monotonic() + seconds
