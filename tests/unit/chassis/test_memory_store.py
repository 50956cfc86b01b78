"""The fake keeps the store's promises, so that unit tests on it mean something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import bson.errors
import pytest
from haven.crisis.v1.events_pb2 import PageRequested

from chassis.clock import FixedClock
from chassis.store import CHASSIS_INDEXES, OutboxRow
from chassis.store.engine import Due
from tests.charts import CHARTS, INDEXES, Chart, a_call, a_chart, charts
from tests.fakes.memory_query import matches
from tests.fakes.memory_store import MemoryStore
from tests.integration.batch_suite import BatchSuite
from tests.integration.effect_suite import EffectSuite
from tests.integration.group_suite import GroupSuite
from tests.integration.once_suite import OnceSuite, OutboxSuite
from tests.integration.reading_suite import ReadingSuite
from tests.integration.repository_suite import AuditRowsSuite, RepositorySuite
from tests.integration.store_suite import TransactionSuite


@pytest.fixture
def store() -> MemoryStore:
    clock = FixedClock(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    return MemoryStore(service="crisis", clock=clock, indexes=[*CHASSIS_INDEXES, *INDEXES])


class TestTransactions(TransactionSuite):
    """On the fake."""


class TestOnce(OnceSuite):
    """On the fake."""


class TestGroups(GroupSuite):
    """On the fake."""


class TestBatches(BatchSuite):
    """On the fake."""


class TestEffects(EffectSuite):
    """On the fake."""


class TestOutbox(OutboxSuite):
    """On the fake."""


class TestReading(ReadingSuite):
    """On the fake."""


class TestRepository(RepositorySuite):
    """On the fake."""


class TestAuditRows(AuditRowsSuite):
    """On the fake."""


def test_crisis_rows_are_announced_before_transact_returns(store: MemoryStore) -> None:
    told: list[OutboxRow] = []
    store.after_commit = told.extend
    charts(store).add(a_call(), a_chart("c1"))
    charts(store).update(a_call(), "c1", Chart.alarm)
    assert [row.aggregate_id for row in told] == ["c1"]


def test_a_test_can_look_at_rows_and_events(store: MemoryStore) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    charts(store).update(a_call(), "c1", Chart.alarm)
    assert [row["_id"] for row in store.documents(CHARTS)] == ["c1"]
    assert store.emitted(PageRequested) == [PageRequested(page_id="page")]
    assert len(store.outbox()) == 1


def test_what_mongodb_cannot_hold_is_refused_here_too(store: MemoryStore) -> None:
    with pytest.raises(bson.errors.InvalidDocument):
        store.transact(a_call(), lambda tx: tx.insert(CHARTS, {"_id": "c1", "x": object()}))


def test_what_a_test_reads_is_not_what_is_stored(store: MemoryStore) -> None:
    charts(store).add(a_call(), a_chart("c1"))
    store.documents(CHARTS)[0]["state"] = "spoiled"
    store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))["state"] = "spoiled"
    assert charts(store).get(a_call(), "c1").state == "open"


def test_time_makes_documents_due(store: MemoryStore) -> None:
    assert isinstance(store.clock, FixedClock)
    soon = store.now() + timedelta(minutes=1)
    charts(store).add(a_call(), a_chart("c1", review_time=soon))
    assert store.timetable(CHARTS, "review_time", limit=10) == ([], soon)
    store.clock.advance(timedelta(minutes=1))
    assert store.due(CHARTS, "review_time", limit=10) == [("t1", "c1")]
    due = [Due("t1", "c1", soon)]
    assert store.timetable(CHARTS, "review_time", limit=1) == (due, None)


def test_indexes_that_were_not_ensured_are_missing() -> None:
    store = MemoryStore(service="crisis", clock=FixedClock(datetime(2026, 3, 2, tzinfo=UTC)))
    names = [index.name for index in INDEXES]
    assert store.missing_indexes(INDEXES) == names
    store.ensure_indexes(INDEXES)
    assert store.missing_indexes(INDEXES) == []


def test_a_query_that_the_fake_does_not_know_fails_loudly() -> None:
    with pytest.raises(NotImplementedError):
        matches({}, {"$where": "1"})
    with pytest.raises(KeyError):
        matches({"a": 1}, {"a": {"$mod": [2, 1]}})
