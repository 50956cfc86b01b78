"""A clinic per test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.clock import DatabaseClock
from chassis.store import CHASSIS_INDEXES
from services.sessions.store import INDEXES
from tests.integration.sessions.clinic import WIRES, Clinic


@pytest.fixture
def clinic(
    mongodb_uri: str,
    mongo_client: MongoClient[dict[str, Any]],
    database: Database[dict[str, Any]],
    tmp_path: Path,
) -> Iterator[Clinic]:
    """On the database's clock."""
    made = Clinic(mongodb_uri, database.name, folder=tmp_path, clock=DatabaseClock(mongo_client))
    made.store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield made
    made.close()


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    """What people attend by: a test that asks for it runs over each."""
    return str(request.param)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What a test opens, closed at its end."""
    async with AsyncExitStack() as opened:
        yield opened
