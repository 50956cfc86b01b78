"""An echo api without a database: gate, bridge and servers are real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from pymongo.database import Database

from chassis.auth.issuer import Issuer
from chassis.auth.keys import KeySet
from chassis.auth.pki import Credentials, ensure_local_pki
from chassis.auth.tokens import Verifier
from chassis.call import Role
from chassis.crypto import make_master_key
from chassis.rpc.bridge import Bridge
from chassis.rpc.channel import open_async_channel
from chassis.rpc.doors import TokenDoor
from chassis.rpc.executor import BoundedExecutor
from chassis.rpc.server import Server
from chassis.settings import ProcessSettings, Secret
from chassis.tenants import Tenants

from . import echo
from .jwks_server import JwksServer

ISSUER, AUDIENCE = "https://login.haven.test", "haven"
SUBJECT = "7c1f7a52-0b0c-4a53-9d5b-0f6f4f2f8a01"


@pytest.fixture(scope="session")
def pki_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A local authority with certificates for two services."""
    directory = tmp_path_factory.mktemp("pki")
    ensure_local_pki(directory, ["echo", "other", "intake"])
    return directory


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Whose tokens the api accepts."""
    return Issuer(tmp_path, issuer=ISSUER, audience=AUDIENCE, environment="local")


@pytest.fixture
def settings(pki_dir: Path, tmp_path: Path, issuer: Issuer) -> ProcessSettings:
    """Free loopback ports, plaintext outside, mTLS inside."""
    return ProcessSettings(
        service="echo",
        env="local",
        amqp_uri=Secret("amqp://nowhere"),
        mongodb_uri=Secret("mongodb://nowhere"),
        tenants_file=tmp_path / "tenants.toml",
        jwks_uri=issuer.jwks_uri,
        token_issuer=ISSUER,
        token_audience=AUDIENCE,
        pki_dir=pki_dir,
        drain_notice_seconds=0.0,
        drain_seconds=5.0,
    )


@pytest.fixture
def jwks() -> Iterator[JwksServer]:
    """An identity provider that can fail."""
    server = JwksServer()
    yield server
    server.close()


@pytest.fixture
def tenants() -> Tenants:
    """Two organizations."""
    return Tenants({"alpha": {}, "beta": {}})


@pytest.fixture
def api_settings(
    settings: ProcessSettings, mongodb_uri: str, database: Database[dict[str, Any]], tmp_path: Path
) -> ProcessSettings:
    """An api on free ports over a fresh database."""
    settings.tenants_file.write_text("[tenants.alpha]\n[tenants.beta]\n")
    return replace(
        settings,
        mongodb_uri=Secret(mongodb_uri),
        database=database.name,
        master_key_file=make_master_key(tmp_path / "master.key"),
    )


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What a test opens, closed at its end."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def executor() -> BoundedExecutor:
    """Two threads and room for two more calls."""
    return BoundedExecutor(2, queue=2)


@pytest.fixture
def servicer(executor: BoundedExecutor) -> echo.Echo:
    """What the api serves."""
    return echo.Echo(Bridge(executor))


Start = Callable[..., Awaitable[Server]]


@pytest.fixture
def start(
    settings: ProcessSettings, servicer: echo.Echo, tenants: Tenants, stack: AsyncExitStack
) -> Start:
    """Starts an api; settings may be changed by name."""

    async def started(**changes: Any) -> Server:
        changed = replace(settings, **changes)
        keys = KeySet(changed.jwks_uri)
        door = TokenDoor(Verifier(keys, issuer=ISSUER, audience=AUDIENCE), tenants)
        both = [
            echo.served(echo.echo_service(), servicer),
            echo.served(echo.peer_service(), servicer),
        ]
        server = Server(changed, both, door=door)
        await server.start()
        stack.push_async_callback(server.drain)
        return server

    return started


@pytest.fixture
async def server(start: Start) -> Server:
    """A running api."""
    return await start()


@pytest.fixture
def token(issuer: Issuer) -> str:
    """A clinician's token."""
    return issuer.issue("alpha", SUBJECT, [Role.CLINICIAN])


@pytest.fixture
async def client(server: Server, token: str, stack: AsyncExitStack) -> echo.Client:
    """The clinician, calling the public address."""
    channel = open_async_channel(server.public_address)
    await stack.enter_async_context(channel)
    return echo.Client(channel, token)


@pytest.fixture
def caller(server: Server, stack: AsyncExitStack) -> Callable[[str], Awaitable[echo.Client]]:
    """A client with any token."""

    async def made(token: str) -> echo.Client:
        channel = await stack.enter_async_context(open_async_channel(server.public_address))
        return echo.Client(channel, token)

    return made


@pytest.fixture
async def peer(server: Server, pki_dir: Path, stack: AsyncExitStack) -> echo.Client:
    """Another Haven process, calling the internal address."""
    own = Credentials.of(pki_dir, "other")
    channel = open_async_channel(server.internal_address, own, service="echo")
    await stack.enter_async_context(channel)
    return echo.Client(channel)


async def refusal(call: Awaitable[Any]) -> tuple[str, str]:
    """Code and reason of a call that must not succeed."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return refused(raised.value)


def refused(error: grpc.aio.AioRpcError) -> tuple[str, str]:
    """Code and reason, as a stock client reads them from the Status."""
    info = details(error)[0]
    return error.code().name, info.reason


def details(error: grpc.aio.AioRpcError) -> list[Any]:
    """The unpacked details of the error's google.rpc.Status."""
    from google.rpc import error_details_pb2
    from grpc_status.rpc_status import from_call

    status = from_call(error)
    assert status is not None, f"{error.code()} without details: {error.details()}"
    unpacked = []
    for packed in status.details:
        kind = getattr(error_details_pb2, packed.TypeName().rpartition(".")[2])
        detail = kind()
        assert packed.Unpack(detail)
        unpacked.append(detail)
    return unpacked
