"""Scheduling over a real MongoDB, watched for queries that forget the tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.auth.issuer import Issuer
from chassis.auth.pki import ensure_local_pki
from chassis.call import Role
from chassis.clock import FixedClock
from chassis.crypto import make_master_key
from chassis.rpc.channel import open_async_channel
from chassis.rpc.main import serving
from chassis.rpc.server import Server
from chassis.settings import Secret
from chassis.store import CHASSIS_INDEXES, Document, Store, connect
from services.scheduling.api import assemble
from services.scheduling.settings import SchedulingSettings
from services.scheduling.store import INDEXES
from tests.integration.publishers import open_publishers
from tests.integration.scheduling.desk import Desk, Intake
from tests.tenant_guard import TenantGuard
from tests.unit.scheduling.builders import NOW
from tests.unit.scheduling.world import World

ISSUER, AUDIENCE = "https://login.haven.test", "haven"
Mongo = Database[dict[str, Any]]


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
    scheduling_client: MongoClient[Document], database: Mongo, clock: FixedClock
) -> Iterator[Store]:
    """A fresh database with all indexes, dropped afterwards."""
    opened = Store(scheduling_client, database.name, service="scheduling", clock=clock)
    opened.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    """One tenant's scheduling."""
    return World(store)


@pytest.fixture(scope="session")
def scheduling_pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local authority with a certificate for scheduling."""
    directory = tmp_path_factory.mktemp("pki")
    ensure_local_pki(directory, ["scheduling"])
    return directory


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Whose tokens the api accepts."""
    return Issuer(tmp_path, issuer=ISSUER, audience=AUDIENCE, environment="local")


@pytest.fixture
async def api(
    scheduling_pki: Path, tmp_path: Path, issuer: Issuer, mongodb_uri: str, database: Mongo
) -> AsyncIterator[Server]:
    """Scheduling's whole api over a fresh database, running in this loop."""
    tenants_file = tmp_path / "tenants.toml"
    tenants_file.write_text("[tenants.alpha]\n[tenants.beta.scheduling]\nskills_capacity_max = 6\n")
    settings = SchedulingSettings(
        service="scheduling",
        env="local",
        amqp_uri=Secret("amqp://nowhere"),
        mongodb_uri=Secret(mongodb_uri),
        database=database.name,
        tenants_file=tenants_file,
        jwks_uri=issuer.jwks_uri,
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        pki_dir=scheduling_pki,
        master_key_file=make_master_key(tmp_path / "master.key"),
        drain_notice_seconds=0.0,
        drain_seconds=5.0,
    )
    async with serving(settings, assemble) as server:
        yield server


@pytest.fixture
async def desk(api: Server, issuer: Issuer) -> AsyncIterator[Callable[..., Desk]]:
    """Makes callers: desk(Role.PATIENT, subject=...)."""
    async with open_async_channel(api.public_address) as channel:

        def made(*roles: Role, subject: str = "staff-1", tenant_id: str = "alpha") -> Desk:
            token = issuer.issue(tenant_id, subject, list(roles or (Role.COORDINATOR,)))
            return Desk(channel, token)

        yield made


@pytest.fixture
def staff(desk: Callable[..., Desk]) -> Desk:
    """A coordinator."""
    return desk()


@pytest.fixture
async def intake(api: Server, scheduling_pki: Path) -> AsyncIterator[Intake]:
    """The neighbors whose facts scheduling keeps."""
    address = api.internal_address
    async with open_publishers(address, service="scheduling", pki_dir=scheduling_pki) as publishers:
        yield Intake(publishers)
