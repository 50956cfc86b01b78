"""Index names, page sizes, touched patients, seals: what the store computes without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from haven.crisis.v1.events_pb2 import PageRequested

from chassis.audit.seals import START, Head, entry_hash, seal_hash, seal_id, seal_of
from chassis.store import CHASSIS_INDEXES, Index, due_index, etag_of
from chassis.store.audit_rows import Touched, audit_documents
from chassis.store.engine import Document
from chassis.store.outbox_rows import Emission, document_of, row_from, row_of
from chassis.store.paging import size_of
from chassis.topology import MessageClass, spec_of
from tests.charts import a_call, a_chart

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
ROW: Document = {
    "_id": "a1",
    "tenant_id": "t1",
    "create_time": NOW,
    "action": "chart.read",
    "resource_ids": ["c1"],
    "sequence": 1,
    "sealed": True,
}


def test_an_index_is_named_for_its_collection_and_fields() -> None:
    index = Index("cases", [("tenant_id", 1), ("patient_id", -1)], unique=True)
    assert index.name == "cases__tenant_id_patient_id"
    assert due_index("cases", "due_time").name == "cases__due_time"


def test_a_unique_index_must_hold_the_tenant() -> None:
    with pytest.raises(AssertionError, match="tenant_id"):
        Index("cases", [("patient_id", 1)], unique=True)


def test_the_chassis_indexes_have_distinct_names_and_one_per_class() -> None:
    names = [index.name for index in CHASSIS_INDEXES]
    assert len(set(names)) == len(names)
    for message_class in MessageClass:
        assert f"outbox__create_time_position__{message_class.value}" in names


def test_an_etag_changes_with_the_version_and_only_with_it() -> None:
    assert etag_of(a_chart("c1", version=1)) == etag_of(a_chart("c1", version=1, lines=9))
    tags = {etag_of(a_chart(id, version=v)) for id in ("c1", "c2") for v in (1, 2)}
    assert len(tags) == 4


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (200, 200), (201, 200)])
def test_page_sizes_are_bounded(asked: int, given: int) -> None:
    assert size_of(asked) == given


def test_a_patient_met_twice_is_one_entry_with_every_resource() -> None:
    touched = Touched()
    for patient, resource in (("p1", "a"), ("p2", "b"), ("p1", "c"), ("p1", "a"), ("p1", "")):
        touched.add(patient, resource)
    assert touched.by_patient() == [("p1", ["a", "c"]), ("p2", ["b"])]


def test_a_call_without_an_action_that_touched_nobody_leaves_nothing() -> None:
    def rows(action: str, touched: Touched) -> list[Document]:
        call = a_call(action=action)
        return audit_documents(call, touched, now=NOW, service="crisis", traceparent="")

    touched = Touched()
    assert rows("", touched) == []
    assert len(rows("chart.read", touched)) == 1
    touched.add("p1", "c1")
    assert len(rows("", touched)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"action": "chart.reae"},
        {"create_time": NOW + timedelta(milliseconds=1)},
        {"create_time": NOW.isoformat()},
        {"resource_ids": []},
        {"resource_ids": ["c1", "c2"]},
        {"sequence": 2},
        {"sequence": "1"},
        {"more": None},
        {"_id": "a2"},
    ],
)
def test_any_other_row_has_another_hash(change: Document) -> None:
    assert entry_hash({**ROW, **change}) != entry_hash(ROW)


def test_a_hash_does_not_depend_on_field_order_or_on_being_sealed() -> None:
    turned = dict(reversed(ROW.items()))
    assert entry_hash({**turned, "sealed": False}) == entry_hash(ROW)


def test_a_hash_is_stable_for_ever() -> None:
    """Sealed years ago, verified today."""
    assert entry_hash(ROW) == "129ab422dfe044abfdb92900e78e2472f5a44bbf2752bd90d65fd27b42097a50"


def test_each_seal_follows_from_the_one_before() -> None:
    first = seal_of("t1", START, [ROW], NOW)
    head = Head(first["last"], first["hash"])
    second = seal_of("t1", head, [{**ROW, "sequence": 2}, {**ROW, "sequence": 3}], NOW)
    assert (first["first"], first["last"], first["previous_hash"]) == (1, 1, "")
    assert (second["first"], second["last"]) == (2, 3)
    assert second["previous_hash"] == first["hash"] == seal_hash(first)
    assert second["_id"] == seal_id("t1", 2)
    assert seal_hash({**second, "previous_hash": "0"}) != second["hash"]


def test_an_outbox_row_of_a_newer_release_is_still_published() -> None:
    row = row_of(spec_of(PageRequested), PageRequested(page_id="p1"), Emission("c1", 3, None))

    assert row_from({**document_of(row), "added_by_the_next_release": 1}) == row
