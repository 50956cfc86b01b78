"""The database's clock where the database does not answer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from chassis.clock import READING_SECONDS, DatabaseClock
from chassis.errors import Unavailable


@pytest.fixture
def silent() -> Iterator[MongoClient[dict[str, Any]]]:
    """A client of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        client: MongoClient[dict[str, Any]] = MongoClient(
            f"mongodb://127.0.0.1:{port}/?directConnection=true", serverSelectionTimeoutMS=10_000
        )
        yield client
        client.close()


def test_a_server_that_hangs_does_not_hold_whoever_asks_the_time(
    silent: MongoClient[dict[str, Any]],
) -> None:
    began = time.monotonic()

    with pytest.raises(Unavailable) as raised:
        DatabaseClock(silent).now()

    assert raised.value.reason == "STORE_UNAVAILABLE"
    assert time.monotonic() - began < READING_SECONDS + 2
