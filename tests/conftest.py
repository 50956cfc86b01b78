"""Real servers for tests: started at first use, or those that HAVEN_*_URI names; never skipped."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient
from pymongo.database import Database

from cli.servers import MongoServer, ProviderServer, RabbitServer, SmtpServer
from tests.broker import Management

# Whether an example is right does not depend on how busy the machine is.
settings.register_profile("haven", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# On further Pythons the question is whether it runs there: the rules were tried at length before.
settings.register_profile("elsewhere", settings.get_profile("haven"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "haven"))

ROOT = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")  # not a file of ours: where Linux keeps files in memory
MONGOD = pytest.StashKey[MongoServer]()
ROOM = 4 << 30  # bytes that the servers of all suites of `make test` never fill together


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Where this session's servers keep their data; folders of sessions that died are removed.

    In memory where there is room: a server on a disk that others keep busy stands still for
    seconds, and a test of Haven is none of that disk. A bench measures on the disk.
    """
    has_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    state = MEMORY / f"haven-tests-{os.getuid()}" if has_memory else ROOT / ".haven" / "tests"
    for old in state.glob("*"):
        if not Path("/proc", old.name).exists():
            shutil.rmtree(old, ignore_errors=True)
    folder = state / str(os.getpid())
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def amqp_uri(server_folder: Path) -> Iterator[str]:
    """A RabbitMQ shared by the session. Take `vhost` to be alone in one."""
    if given := os.environ.get("HAVEN_AMQP_URI"):
        yield given
        return
    server = RabbitServer(server_folder / "rabbitmq").start()
    yield server.uri
    server.abandon()


@pytest.fixture(scope="session")
def mongodb_uri(server_folder: Path, pytestconfig: pytest.Config) -> Iterator[str]:
    """A MongoDB replica set shared by the session. Take `database` to be alone in one."""
    if given := os.environ.get("HAVEN_MONGODB_URI"):
        yield given
        return
    server = MongoServer(server_folder / "mongodb").start()
    pytestconfig.stash[MONGOD] = server
    yield server.uri
    server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test that fails because its server died says how the server died."""
    report = yield
    server = item.config.stash.get(MONGOD, None)
    if report.failed and server is not None and (end := server.obituary()):
        report.sections.append(("mongod", end))
    return report


@pytest.fixture(scope="session")
def smtp(server_folder: Path) -> Iterator[SmtpServer]:
    """An SMTP server whose mails can be read; always our own."""
    server = SmtpServer(server_folder / "smtp").start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def smtp_uri(smtp: SmtpServer) -> str:
    """Where the readable SMTP server listens."""
    return smtp.uri


@pytest.fixture(scope="session")
def provider_server(server_folder: Path) -> Iterator[ProviderServer]:
    """A provider of texts, calls, push and webhooks. Take `provider` to find it as new."""
    server = ProviderServer(server_folder / "provider").start()
    yield server
    server.stop()


@pytest.fixture
def provider(provider_server: ProviderServer) -> ProviderServer:
    """The same, in a good mood and with nothing received."""
    provider_server.forget()
    return provider_server


@pytest.fixture(scope="session")
def management(amqp_uri: str) -> Management:
    """The broker's management API."""
    return Management.of(amqp_uri, os.environ.get("HAVEN_AMQP_MANAGEMENT_URI"))


@pytest.fixture
def vhost(amqp_uri: str, management: Management, test_name: str) -> Iterator[str]:
    """The AMQP URI of a fresh virtual host, deleted afterwards."""
    management.put(f"/api/vhosts/{test_name}")
    yield urlsplit(amqp_uri)._replace(path=f"/{test_name}").geturl()
    management.delete(f"/api/vhosts/{test_name}")


@pytest.fixture(scope="session")
def mongo_client(mongodb_uri: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client of the session's MongoDB that gives up within seconds."""
    with MongoClient[dict[str, Any]](
        mongodb_uri, tz_aware=True, serverSelectionTimeoutMS=5_000
    ) as client:
        yield client


@pytest.fixture
def database(
    mongo_client: MongoClient[dict[str, Any]], test_name: str
) -> Iterator[Database[dict[str, Any]]]:
    """A fresh database, dropped afterwards."""
    yield mongo_client[test_name]
    mongo_client.drop_database(test_name)


@pytest.fixture
def test_name(request: pytest.FixtureRequest) -> str:
    """The test's id as a short name that is unique among sessions on a shared server."""
    identity = f"{request.node.nodeid}-{os.getpid()}"
    words = re.sub(r"[^a-z0-9]+", "_", request.node.name.lower()).removeprefix("test_")
    return f"t_{words[:40]}_{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
