"""Scheduling over a real MongoDB, watched for queries that forget the tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from chassis.clock import FixedClock
from chassis.store import CHASSIS_INDEXES, Document, Store, connect
from services.scheduling.store import INDEXES
from tests.tenant_guard import TenantGuard
from tests.unit.scheduling.builders import NOW
from tests.unit.scheduling.world import World


@pytest.fixture(scope="session")
def scheduling_guard() -> TenantGuard:
    """Sees every command of this folder's client."""
    return TenantGuard()


@pytest.fixture(scope="session")
def scheduling_client(
    mongodb_uri: str, scheduling_guard: TenantGuard
) -> Iterator[MongoClient[Document]]:
    """A client as processes have it, with room for a crowd."""
    with connect(
        mongodb_uri, app_name="tests", pool_size=48, listeners=[scheduling_guard]
    ) as client:
        yield client


@pytest.fixture(autouse=True)
def _every_query_names_its_tenant(scheduling_guard: TenantGuard) -> Iterator[None]:
    yield
    found, scheduling_guard.violations = scheduling_guard.violations, []
    assert found == []


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def store(
    scheduling_client: MongoClient[Document], test_name: str, clock: FixedClock
) -> Iterator[Store]:
    """A fresh database with all indexes, dropped afterwards."""
    opened = Store(scheduling_client, test_name, service="scheduling", clock=clock)
    opened.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield opened
    opened.close()
    scheduling_client.drop_database(test_name)


@pytest.fixture
def world(store: Store) -> World:
    """One tenant's scheduling."""
    return World(store)
