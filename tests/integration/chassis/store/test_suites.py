"""MongoDB behaves as the suites say; the fake is held to the same ones."""

from __future__ import annotations

import pytest

from chassis.store import Store
from tests.integration.batch_suite import BatchSuite
from tests.integration.effect_suite import EffectSuite
from tests.integration.group_suite import GroupSuite
from tests.integration.once_suite import OnceSuite, OutboxSuite
from tests.integration.reading_suite import ReadingSuite
from tests.integration.repository_suite import AuditRowsSuite, RepositorySuite
from tests.integration.store_suite import TransactionSuite


@pytest.fixture
def store(emptied_store: Store) -> Store:
    return emptied_store


class TestTransactions(TransactionSuite):
    """On MongoDB."""


class TestOnce(OnceSuite):
    """On MongoDB."""


class TestGroups(GroupSuite):
    """On MongoDB."""


class TestBatches(BatchSuite):
    """On MongoDB."""


class TestEffects(EffectSuite):
    """On MongoDB."""


class TestOutbox(OutboxSuite):
    """On MongoDB."""


class TestReading(ReadingSuite):
    """On MongoDB."""


class TestRepository(RepositorySuite):
    """On MongoDB."""


class TestAuditRows(AuditRowsSuite):
    """On MongoDB."""
