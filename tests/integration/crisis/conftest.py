"""A ward per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from cli.servers import SmtpServer
from tests.integration.crisis.ward import Ward


@pytest.fixture
def ward(
    mongo_client: MongoClient[dict[str, Any]], test_name: str, smtp: SmtpServer, tmp_path: Path
) -> Iterator[Ward]:
    """Dr. One is on call, Dr. Two is the back-up, then the supervisors."""
    made = Ward(mongo_client, name=test_name, smtp_uri=smtp.uri, folder=tmp_path)
    yield made.open()
    made.close()


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
