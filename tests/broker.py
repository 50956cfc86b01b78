"""RabbitMQ's management API, as far as tests need it."""

from __future__ import annotations

import json
from base64 import b64encode
from http.client import HTTPConnection
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlsplit

# Where brokers put their management port: the usual offset, then next door.
OFFSETS = (10_000, 1)


class Management:
    """Calls one broker's management API; any answer but success is an AssertionError."""

    def __init__(self, host: str, port: int, *, user: str, password: str) -> None:
        self._host, self._port = host, port
        token = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Content-Type": "application/json"}

    @classmethod
    def of(cls, amqp_uri: str, management_uri: str | None = None) -> Management:
        """The API of the broker at an AMQP URI; found by the usual ports unless it is given."""
        amqp = urlsplit(amqp_uri)
        if management_uri:
            return cls._at(urlsplit(management_uri), amqp)
        for offset in OFFSETS:
            candidate = cls._at(urlsplit(f"//{amqp.hostname}:{(amqp.port or 5672) + offset}"), amqp)
            if candidate._answers():
                return candidate
        raise AssertionError(
            "no management API beside HAVEN_AMQP_URI: set HAVEN_AMQP_MANAGEMENT_URI"
        )

    @classmethod
    def _at(cls, address: SplitResult, amqp: SplitResult) -> Management:
        user, password = unquote(amqp.username or "guest"), unquote(amqp.password or "guest")
        return cls(
            address.hostname or "127.0.0.1", address.port or 15672, user=user, password=password
        )

    def get(self, path: str) -> Any:
        """The decoded answer."""
        return self._call("GET", path, None)

    def put(self, path: str, body: object = None) -> Any:
        """Create or replace."""
        return self._call("PUT", path, body)

    def post(self, path: str, body: object = None) -> Any:
        """Do."""
        return self._call("POST", path, body)

    def delete(self, path: str) -> Any:
        """Remove; nothing there is as good."""
        return self._call("DELETE", path, None)

    def queues(self, vhost: str) -> list[dict[str, Any]]:
        """The queues of one virtual host, with their counters."""
        rows: list[dict[str, Any]] = self.get(f"/api/queues/{quote(vhost, safe='')}")
        return rows

    def _answers(self) -> bool:
        try:
            self.get("/api/overview")
        except (OSError, AssertionError):
            return False
        return True

    def _call(self, method: str, path: str, body: object) -> Any:
        connection = HTTPConnection(self._host, self._port, timeout=30)
        try:
            payload = (
                json.dumps({} if body is None else body) if method in {"PUT", "POST"} else None
            )
            connection.request(method, path, body=payload, headers=self._headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 400 and (method, answer.status) != ("DELETE", 404):
            raise AssertionError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return json.loads(content) if content else None
