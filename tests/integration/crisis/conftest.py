"""A ward per test, or the api alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.call import Role
from cli.servers import SmtpServer
from services.crisis.api import assemble
from services.crisis.settings import CrisisSettings
from tests.integration.crisis.ward import Ward
from tests.integration.front import Front, open_front


@pytest.fixture
def ward(
    mongo_client: MongoClient[dict[str, Any]], test_name: str, smtp: SmtpServer, tmp_path: Path
) -> Iterator[Ward]:
    """Dr. One is on call, Dr. Two is the back-up, then the supervisors."""
    made = Ward(mongo_client, name=test_name, smtp_uri=smtp.uri, folder=tmp_path)
    yield made.open()
    made.close()
    assert made.guard.violations == []


@pytest.fixture
def own_smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    """An SMTP server that the test may stop."""
    server = SmtpServer(tmp_path / "smtp").start()
    yield server
    server.stop()


@pytest.fixture
def lonely_ward(
    mongo_client: MongoClient[dict[str, Any]],
    test_name: str,
    own_smtp: SmtpServer,
    tmp_path: Path,
) -> Iterator[Ward]:
    """The same, on an SMTP server of its own."""
    made = Ward(mongo_client, name=test_name, smtp_uri=own_smtp.uri, folder=tmp_path)
    yield made.open()
    made.close()
    assert made.guard.violations == []


@pytest.fixture
async def front(
    tmp_path: Path, mongodb_uri: str, database: Database[dict[str, Any]]
) -> AsyncIterator[Front]:
    """Crisis' whole api over a fresh database."""
    async with open_front(
        CrisisSettings,
        assemble,
        service="crisis",
        folder=tmp_path,
        mongodb_uri=mongodb_uri,
        database=database.name,
    ) as opened:
        yield opened
        database.client["keyvault"]["data_keys"].delete_many({"keyAltNames": opened.tenant_id})


@pytest.fixture
def clinician(front: Front) -> Any:
    """Dr. One, who has the cases."""
    return front.caller("dr-one", Role.CLINICIAN)


@pytest.fixture
def supervisor(front: Front) -> Any:
    """Who resolves them."""
    return front.caller("dr-boss", Role.SUPERVISOR)


@pytest.fixture
def patient(front: Front) -> Any:
    """Whom they are about."""
    return front.caller("p-1", Role.PATIENT)
