"""The whole platform on private servers, for figures that need real processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymongo import MongoClient

from chassis.clock import DatabaseClock
from chassis.store import Store, connect
from cli.environment import Uris
from cli.stack import Stack

TENANT = "riverbend"


@dataclass(frozen=True)
class Platform:
    """The running stack and its database."""

    stack: Stack
    client: MongoClient[dict[str, Any]]

    def rows(self, service: str, collection: str) -> Any:
        """A collection as the service sees it."""
        return self.client[service][collection]

    def store(self, service: str) -> Store:
        """The service's own store, in this process."""
        return Store(self.client, service, service=service, clock=DatabaseClock(self.client))


@contextmanager
def platform(**variables: str) -> Iterator[Platform]:
    """Everything up, ended afterwards. Always on servers of its own: figures need a quiet house.

    The processes are told `variables` on top of what they always are.
    """
    more = {"HAVEN_CRISIS_DRILLS": "false", **variables}
    with TemporaryDirectory() as folder, Stack(Path(folder), given=Uris(), more=more) as stack:
        assert stack.database is not None
        client = connect(stack.database.uri, app_name="bench", pool_size=8)
        try:
            yield Platform(stack, client)
        finally:
            client.close()
