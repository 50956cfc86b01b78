"""Indexes: declared, made, checked; and the database uses them where old rows are many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from chassis.audit import Sealer
from chassis.errors import FailedPrecondition
from chassis.store import AUDIT, CHASSIS_INDEXES, Document, Index, Reader, Store
from chassis.store.indexes import ANSWERS_KEPT, INBOX_KEPT, OUTBOX_KEPT
from chassis.topology import MessageClass
from tests.charts import CHARTS, INDEXES, a_call, a_chart, a_request, charts
from tests.integration.chassis.store.conftest import MakeStore

OLD = 5_000
# Everything that had to look for something (an insert does not).
PLANNED = {"keysExamined": {"$exists": True}, "op": {"$in": ["query", "command", "update"]}}
EXPIRING = "outbox__publish_time__done"
FEW = 40  # keys that a plan may look at to find a handful of rows
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def outbox_rows(count: int, **facts: Any) -> list[Document]:
    row = {
        "tenant_id": "t1", "message_class": "crisis", "type": "x", "exchange": "x",
        "routing_key": "x", "aggregate_id": "a", "aggregate_version": 1, "body": b"",
        "expire_time": None, "traceparent": "", "published": True, "publish_time": LONG_AGO,
        "awaiting": [], "position": 0, "create_time": LONG_AGO, **facts,
    }  # fmt: skip
    kind = f"{row['message_class']}-{row['published']}-{len(row['awaiting'])}"
    return [{"_id": f"{kind}-{number}", **row} for number in range(count)]


def listing(filter: Document) -> Callable[[Reader], object]:
    """The newest audit entries, as AuditService asks for them."""
    return lambda reader: reader.page(
        AUDIT, filter, page_size=5, page_token="", order_by="-create_time"
    )


class Plans:
    """What the database did for the commands that a store sent."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database

    def worst(self) -> tuple[int, set[str]]:
        """The most keys and documents any query looked at, and the kinds of plan."""
        found = list(self._database["system.profile"].find(PLANNED))
        assert found
        looked = max(row["keysExamined"] + row["docsExamined"] for row in found)
        return looked, {row["planSummary"].split(" ")[0] for row in found}

    def __enter__(self) -> Plans:
        self._database.command("profile", 0)
        self._database["system.profile"].drop()
        self._database.command("profile", 2)
        return self

    def __exit__(self, *_: object) -> None:
        self._database.command("profile", 0)


@pytest.fixture
def raw(store: Store, mongo_client: MongoClient[Document]) -> Database[Document]:
    """The store's database through a patient client, for filling it."""
    return mongo_client[store.database.name]


@pytest.fixture
def plans(raw: Database[Document]) -> Plans:
    return Plans(raw)


def test_the_relay_looks_only_at_what_is_pending(
    store: Store, raw: Database[Document], plans: Plans
) -> None:
    raw["outbox"].insert_many(
        [
            *outbox_rows(OLD),
            *outbox_rows(OLD, message_class="bulk", published=False),
            *outbox_rows(3, published=False),
            *outbox_rows(2, awaiting=["notify"]),
        ]
    )
    with plans:
        assert len(store.pending(MessageClass.CRISIS, 10)) == 3
        assert len(store.pending(MessageClass.BULK, 10)) == 10
        assert len(store.pending(MessageClass.CLINICAL, 10)) == 0
        assert len(store.awaiting_receipts(10)) == 2
        assert store.oldest_awaiting() == LONG_AGO
    looked, kinds = plans.worst()
    assert kinds == {"IXSCAN"}
    assert looked <= FEW


def test_a_repeat_is_found_by_its_key(store: Store, raw: Database[Document], plans: Plans) -> None:
    rows = [{"_id": f"x/{n}", "tenant_id": "t1", "create_time": LONG_AGO} for n in range(OLD)]
    raw["inbox"].insert_many(rows)
    raw["idempotency_keys"].insert_many(rows)
    with plans:
        charts(store).add(a_call(once=a_request()), a_chart())
    assert plans.worst()[0] <= FEW


def test_timers_look_only_at_what_is_due(
    store: Store, raw: Database[Document], plans: Plans
) -> None:
    now = datetime.now(UTC)
    times: list[datetime | None] = [None, now + timedelta(days=1)]
    raw[CHARTS].insert_many(
        [
            {"_id": f"c{n}", "tenant_id": "t1", "review_time": times[n % 2], "patient_id": str(n)}
            for n in range(OLD)
        ]
    )
    raw[CHARTS].insert_one(
        {"_id": "due", "tenant_id": "t1", "review_time": now - timedelta(seconds=1)}
    )
    with plans:
        due, upcoming = store.timetable(CHARTS, "review_time", limit=10)
    assert [each.id for each in due] == ["due"]
    assert upcoming is not None
    assert abs(upcoming - now - timedelta(days=1)) < timedelta(seconds=1)
    looked, kinds = plans.worst()
    assert (kinds, looked <= FEW) == ({"IXSCAN"}, True)


def test_the_audit_trail_is_listed_and_sealed_by_index(
    store: Store, raw: Database[Document], plans: Plans
) -> None:
    rows = [
        {"_id": f"a{n}", "tenant_id": f"t{n % 2}", "patient_id": f"p{n % 1000}", "sealed": True,
         "sequence": n, "create_time": LONG_AGO + timedelta(seconds=n), "schema": 1}
        for n in range(OLD)
    ]  # fmt: skip
    raw[AUDIT].insert_many([*rows, {**rows[0], "_id": "new", "sealed": False}])
    with plans:
        for filter in ({}, {"patient_id": "p7"}):
            store.read(a_call(action=""), listing(filter))
        assert Sealer(store).seal_all() == 1
    assert plans.worst()[0] <= FEW


def test_ensured_indexes_exist_and_ensuring_again_changes_nothing(store: Store) -> None:
    everything = [*CHASSIS_INDEXES, *INDEXES]
    assert store.missing_indexes(everything) == []
    store.ensure_indexes(everything)


def test_an_index_that_is_not_there_is_missing(store: Store) -> None:
    extra = Index(CHARTS, [("tenant_id", 1), ("kind", 1)])
    assert store.missing_indexes([*INDEXES, extra]) == ["charts__tenant_id_kind"]


def test_an_index_that_exists_differently_is_missing_and_not_replaced(
    make_store: MakeStore,
) -> None:
    store = make_store()
    store.ensure_indexes([Index(CHARTS, [("tenant_id", 1), ("kind", 1)])])
    other = Index(CHARTS, [("tenant_id", 1), ("kind", 1)], expire_after=60)
    assert store.missing_indexes([other]) == ["charts__tenant_id_kind"]
    with pytest.raises(FailedPrecondition) as caught:
        store.ensure_indexes([other])
    assert caught.value.reason == "INDEX_DIFFERS"


def test_old_rows_leave_and_the_inbox_remembers_longest(store: Store) -> None:
    def kept(collection: str) -> set[Any]:
        indexes = store.database[collection].index_information().values()
        return {index["expireAfterSeconds"] for index in indexes if "expireAfterSeconds" in index}

    assert kept("outbox") == {OUTBOX_KEPT.total_seconds()}
    assert kept("inbox") == {INBOX_KEPT.total_seconds()}
    assert kept("idempotency_keys") == {ANSWERS_KEPT.total_seconds()}
    assert kept(AUDIT) == set()
    assert INBOX_KEPT > 2 * OUTBOX_KEPT


def test_an_event_that_was_not_published_or_not_taken_never_expires(
    raw: Database[Document],
) -> None:
    raw["outbox"].insert_many(
        [
            *outbox_rows(3, published=False),
            *outbox_rows(2, awaiting=["notify"]),
            *outbox_rows(1),
        ]
    )
    expiring = raw["outbox"].find({"published": True, "awaiting": []}).hint(EXPIRING)
    assert [row["_id"] for row in expiring] == ["crisis-True-0-0"]
    assert raw["outbox"].index_information()[EXPIRING]["expireAfterSeconds"] > 0
