"""Intake over a real MongoDB, watched for queries that forget the tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.auth.issuer import Issuer
from chassis.auth.pki import ensure_local_pki
from chassis.call import Role
from chassis.clock import DatabaseClock
from chassis.crypto import KEY_VAULT, make_master_key
from chassis.rpc.channel import open_async_channel
from chassis.rpc.main import serving
from chassis.rpc.server import Server
from chassis.settings import Secret
from chassis.store import CHASSIS_INDEXES, Document, Store, connect
from services.intake.api import assemble
from services.intake.settings import IntakeSettings
from services.intake.store import INDEXES
from tests.integration.intake.desk import Desk, Neighbor
from tests.integration.publishers import open_publishers
from tests.tenant_guard import TenantGuard
from tests.unit.intake.house import House

ISSUER, AUDIENCE = "https://login.haven.test", "haven"
TENANTS = """
[tenants.{river}.intake]
program_states = ["VA"]
screening_left_seconds = 1

[tenants.{lake}.intake]
program_states = ["OR"]
"""


@dataclass(frozen=True)
class Ids:
    """Two tenants that no earlier run of these tests has left keys for."""

    river: str
    lake: str


@pytest.fixture(scope="session")
def intake_guard() -> TenantGuard:
    """Sees every command of this folder's client."""
    return TenantGuard()


@pytest.fixture(scope="session")
def intake_client(mongodb_uri: str, intake_guard: TenantGuard) -> Iterator[MongoClient[Document]]:
    """A client as processes have it, with room for a crowd."""
    with connect(mongodb_uri, app_name="tests", pool_size=32, listeners=[intake_guard]) as client:
        yield client


@pytest.fixture(autouse=True)
def _every_query_names_its_tenant(intake_guard: TenantGuard) -> Iterator[None]:
    yield
    found, intake_guard.violations = intake_guard.violations, []
    assert found == []


@pytest.fixture
def house(
    intake_client: MongoClient[Document],
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
) -> Iterator[House]:
    """Intake over a fresh database and its clock; a screening is left after a second."""
    clock = DatabaseClock(intake_client)
    store = Store(intake_client, test_name, service="intake", clock=clock)
    store.ensure_indexes([*CHASSIS_INDEXES, *INDEXES])
    yield House(store, screening_left_seconds=1.0)
    store.close()
    # Not by the process's client: a busy server may take longer than that one waits.
    mongo_client.drop_database(test_name)


@pytest.fixture(scope="session")
def intake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and a master key for the session."""
    folder = tmp_path_factory.mktemp("intake")
    ensure_local_pki(folder, ["intake"])
    make_master_key(folder / "master.key")
    return folder


@pytest.fixture
def tenants(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[Ids]:
    """Their keys are thrown away with them."""
    ids = Ids(f"river-{uuid4().hex[:12]}", f"lake-{uuid4().hex[:12]}")
    yield ids
    database, _, collection = KEY_VAULT.partition(".")
    mongo_client[database][collection].delete_many({"keyAltNames": {"$in": [ids.river, ids.lake]}})


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Whose tokens the api accepts."""
    return Issuer(tmp_path, issuer=ISSUER, audience=AUDIENCE, environment="local")


@pytest.fixture
async def api(  # noqa: PLR0917  # pytest names fixtures by parameter
    intake_folder: Path,
    tmp_path: Path,
    issuer: Issuer,
    mongodb_uri: str,
    database: Database[dict[str, Any]],
    tenants: Ids,
) -> AsyncIterator[Server]:
    """Intake's whole api over a fresh database, running in this loop."""
    tenants_file = tmp_path / "tenants.toml"
    tenants_file.write_text(TENANTS.format(river=tenants.river, lake=tenants.lake))
    settings = IntakeSettings(
        service="intake",
        env="local",
        amqp_uri=Secret("amqp://nowhere"),
        mongodb_uri=Secret(mongodb_uri),
        database=database.name,
        tenants_file=tenants_file,
        jwks_uri=issuer.jwks_uri,
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        pki_dir=intake_folder,
        master_key_file=intake_folder / "master.key",
        drain_notice_seconds=0.0,
        drain_seconds=5.0,
    )
    async with serving(settings, assemble) as server:
        yield server


@pytest.fixture
async def desk(api: Server, issuer: Issuer, tenants: Ids) -> AsyncIterator[Callable[..., Desk]]:
    """Makes callers: desk(Role.PATIENT, subject=...)."""
    async with open_async_channel(api.public_address) as channel:

        def made(*roles: Role, subject: str = "staff-1", tenant_id: str = "") -> Desk:
            token = issuer.issue(tenant_id or tenants.river, subject, list(roles))
            return Desk(channel, token)

        yield made


@pytest.fixture
async def neighbor(api: Server, intake_folder: Path, tenants: Ids) -> AsyncIterator[Neighbor]:
    """Other services that hand their facts over."""
    address = api.internal_address
    async with open_publishers(address, service="intake", pki_dir=intake_folder) as publishers:
        yield Neighbor(publishers, tenants.river)
