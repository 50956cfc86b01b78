"""Stores on a real MongoDB, watched for queries that forget the tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pymongo import MongoClient

from chassis.call import Call
from chassis.clock import DatabaseClock, FixedClock
from chassis.due_work import DueWork, HandleAll
from chassis.store import CHASSIS_INDEXES, Document, Store, connect
from cli.servers import MongoServer
from tests.charts import CHARTS, INDEXES
from tests.due import RunningTimers
from tests.integration.chassis.store.reviews import Reviews
from tests.tenant_guard import TenantGuard

MakeStore = Callable[[], Store]
StartRunner = Callable[..., RunningTimers]


@pytest.fixture(scope="session")
def tenant_guard() -> TenantGuard:
    """Sees every command of the clients of this folder."""
    return TenantGuard()


@pytest.fixture(scope="session")
def guarded_client(mongodb_uri: str, tenant_guard: TenantGuard) -> Iterator[MongoClient[Document]]:
    """A client as processes have it."""
    with connect(mongodb_uri, app_name="tests", pool_size=40, listeners=[tenant_guard]) as client:
        yield client


@pytest.fixture(autouse=True)
def _every_query_names_its_tenant(tenant_guard: TenantGuard) -> Iterator[None]:
    yield
    found, tenant_guard.violations = tenant_guard.violations, []
    assert found == []


@pytest.fixture
def make_store(guarded_client: MongoClient[Document], test_name: str) -> Iterator[MakeStore]:
    """Stores on one fresh database, as several processes would open it; dropped afterwards."""
    stores: list[Store] = []

    def make() -> Store:
        clock = DatabaseClock(guarded_client)
        store = Store(guarded_client, test_name, service="crisis", clock=clock)
        stores.append(store)
        return store

    make().ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield make
    for store in stores:
        store.close()
    guarded_client.drop_database(test_name)


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """A store with the database's clock."""
    return make_store()


@pytest.fixture(scope="module")
def shared_database(
    guarded_client: MongoClient[Document], request: pytest.FixtureRequest
) -> Iterator[str]:
    """A database with all indexes for the tests of one module, which empty it themselves."""
    name = f"t_{request.module.__name__.rpartition('.')[2]}_{id(request):x}"
    store = Store(guarded_client, name, service="crisis", clock=DatabaseClock(guarded_client))
    store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield name
    guarded_client.drop_database(name)


@pytest.fixture
def emptied_store(guarded_client: MongoClient[Document], shared_database: str) -> Iterator[Store]:
    """A store on the module's database, empty, whose clock stands still near now."""
    clock = FixedClock(datetime.now(UTC))
    store = Store(guarded_client, shared_database, service="crisis", clock=clock)
    yield store
    store.close()
    for collection in store.database.list_collection_names():
        store.database[collection].delete_many({}, comment="cross-tenant: cleaning up")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[MongoServer]:
    """A MongoDB that a test may stop, kill and freeze."""
    server = MongoServer(tmp_path / "mongodb").start()
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def own_store(own_server: MongoServer) -> Iterator[Store]:
    """A store on the test's own server."""
    with connect(own_server.uri, app_name="tests", pool_size=8) as client:
        store = Store(client, "own", service="crisis", clock=DatabaseClock(client))
        store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
        yield store
        store.close()


@pytest.fixture
def reviews(store: Store) -> Reviews:
    """Reviews of the test's charts."""
    return Reviews(store)


@pytest.fixture
def start_runner(make_store: MakeStore) -> Iterator[StartRunner]:
    """Starts a relay's timers with these handlers, and stops it afterwards."""
    runners: list[RunningTimers] = []

    def start(
        *handles: Callable[[Call, str], None],
        store: Store | None = None,
        handle_all: HandleAll | None = None,
    ) -> RunningTimers:
        works = [
            DueWork(f"review{number or ''}", CHARTS, "review_time", handle, handle_all=handle_all)
            for number, handle in enumerate(handles)
        ]
        runner = RunningTimers(store or make_store(), works)
        runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        runner.stop()
