"""What every store's reads and pages do: the same tests on MongoDB and on the fake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import FixedClock
from chassis.errors import Internal, InvalidArgument
from chassis.store import Document, Reader, Store, Tx
from tests.charts import CHARTS, a_call
from tests.integration.store_suite import inserting, updating


def fill(store: Store, documents: Sequence[Document], tenant_id: str = "t1") -> None:
    """Store raw documents of a patient each, a second apart."""
    assert isinstance(store.clock, FixedClock)
    for document in documents:
        store.clock.advance(timedelta(seconds=1))
        full = {"patient_id": document["_id"], **document}
        store.transact(a_call(tenant_id), inserting(full))


class ReadingSuite:
    """Filters, fields, order and pages."""

    @pytest.mark.parametrize(
        ("filter", "expected"),
        [
            ({}, "abcd"),
            ({"kind": "x"}, "ac"),
            ({"kind": {"$ne": "x"}}, "bd"),
            ({"kind": {"$in": ["y", "z"]}}, "b"),
            ({"kind": {"$exists": False}}, "d"),
            ({"kind": None}, "d"),
            ({"size": {"$gt": 1, "$lte": 3}}, "bc"),
            ({"$or": [{"size": 1}, {"kind": "y"}]}, "ab"),
            ({"$and": [{"size": {"$gte": 2}}, {"kind": "x"}]}, "c"),
            ({"tags": "red"}, "ab"),
            ({"tags.0": {"$exists": True}}, "ab"),
            ({"tags": {"$size": 2}}, "b"),
            ({"tags": {"$all": ["red", "blue"]}}, "b"),
            ({"seats": {"$elemMatch": {"who": "p1", "held": True}}}, "c"),
            ({"seats.who": "p2"}, "c"),
            ({"place.state": "VA"}, "d"),
            ({"size": {"$not": {"$gte": 2}}}, "a"),
        ],
    )
    def test_filters_mean_the_same_everywhere(
        self, store: Store, filter: Document, expected: str
    ) -> None:
        rows: list[Document] = [
            {"_id": "a", "kind": "x", "size": 1, "tags": ["red"]},
            {"_id": "b", "kind": "y", "size": 2, "tags": ["red", "blue"]},
            {"_id": "c", "kind": "x", "size": 3, "tags": [],
             "seats": [{"who": "p1", "held": True}, {"who": "p2", "held": False}]},
            {"_id": "d", "size": 4, "place": {"state": "VA"}},
        ]  # fmt: skip
        fill(store, rows)
        found = store.read(a_call(), lambda reader: reader.find(CHARTS, filter, sort=[("_id", 1)]))
        assert "".join(row["_id"] for row in found) == expected
        assert store.read(a_call(), lambda reader: reader.count(CHARTS, filter)) == len(expected)

    def test_updates_mean_the_same_everywhere(self, store: Store) -> None:
        fill(store, [{"_id": "a", "tags": ["x", "y"], "seats": [{"who": "p1"}, {"who": "p2"}]}])
        changes: list[Document] = [
            {"$addToSet": {"tags": "x"}},
            {"$addToSet": {"tags": {"$each": ["y", "z"]}}},
            {"$pull": {"tags": "x"}},
            {"$pull": {"seats": {"who": "p1"}}},
            {"$set": {"place.state": "VA"}, "$unset": {"patient_id": ""}},
            {"$max": {"high": 3}, "$min": {"low": 3}},
            {"$max": {"high": 2}, "$min": {"low": 2}},
        ]
        for change in changes:
            store.transact(a_call(), updating({"_id": "a"}, change))
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "a"))
        wanted = {"tags": ["y", "z"], "seats": [{"who": "p2"}], "place": {"state": "VA"}}
        assert {name: found[name] for name in wanted} == wanted
        assert (found["high"], found["low"], "patient_id" in found) == (3, 2, False)

    def test_only_named_fields_are_read(self, store: Store) -> None:
        fill(store, [{"_id": "a", "kind": "x", "size": 1}])
        (row,) = store.read(a_call(), lambda reader: reader.find(CHARTS, {}, fields=["kind"]))
        assert set(row) == {"_id", "kind", "tenant_id", "schema", "version"}

    def test_order_and_limit_hold(self, store: Store) -> None:
        fill(store, [{"_id": "a", "n": 2}, {"_id": "b", "n": 1}, {"_id": "c", "n": 3}])
        found = store.read(
            a_call(), lambda reader: reader.find(CHARTS, {}, sort=[("n", -1)], limit=2)
        )
        assert [row["_id"] for row in found] == ["c", "a"]

    def test_a_document_of_an_unknown_schema_is_refused_not_guessed(self, store: Store) -> None:
        fill(store, [{"_id": "a", "schema": 2}])
        for read in (
            lambda reader: reader.get(CHARTS, "a"),
            lambda reader: reader.find(CHARTS, {}, fields=["kind"]),
            lambda reader: reader.page(CHARTS, {}, page_size=0, page_token=""),
        ):
            with pytest.raises(Internal) as caught:
                store.read(a_call(), read)
            assert caught.value.reason == "DOCUMENT_SCHEMA_UNKNOWN"
        store.schemas[CHARTS] = 2
        assert store.read(a_call(), lambda reader: reader.get(CHARTS, "a"))["schema"] == 2

    def test_pages_hold_everything_once_and_end(self, store: Store) -> None:
        fill(store, [{"_id": f"c{number}"} for number in range(7)])
        seen, token = [], ""
        while True:
            page = charts_page(store, page_size=3, page_token=token)
            seen += [row["_id"] for row in page.items]
            if not (token := page.next_page_token):
                break
        assert seen == [f"c{number}" for number in range(7)]

    def test_a_page_order_can_be_turned(self, store: Store) -> None:
        fill(store, [{"_id": f"c{number}"} for number in range(3)])
        first = charts_page(store, page_size=2, order_by="-create_time")
        rest = charts_page(
            store, page_size=2, page_token=first.next_page_token, order_by="-create_time"
        )
        assert [row["_id"] for row in [*first.items, *rest.items]] == ["c2", "c1", "c0"]
        assert rest.next_page_token == ""

    def test_equal_places_are_neither_repeated_nor_skipped(self, store: Store) -> None:
        fill(store, [{"_id": f"c{number}", "kind": "same"} for number in range(5)])
        first = charts_page(store, page_size=2, order_by="kind")
        rest = charts_page(store, page_size=9, page_token=first.next_page_token, order_by="kind")
        assert [row["_id"] for row in [*first.items, *rest.items]] == [f"c{n}" for n in range(5)]

    def test_a_page_token_of_another_query_is_refused(self, store: Store) -> None:
        fill(store, [{"_id": f"c{number}"} for number in range(3)])
        fill(store, [{"_id": f"d{number}"} for number in range(3)], "t2")
        token = charts_page(store, page_size=1).next_page_token
        others: list[dict[str, Any]] = [
            {"tenant_id": "t2"},
            {"filter": {"kind": "x"}},
            {"order_by": "-create_time"},
            {"order_by": "_id"},
            {"collection": "others"},
        ]
        for other in others:
            with pytest.raises(InvalidArgument) as caught:
                charts_page(store, page_size=1, page_token=token, **other)
            assert caught.value.reason == "PAGE_TOKEN_INVALID"
            assert caught.value.violations[0].field == "page_token"

    @pytest.mark.parametrize("token", ["x", "AAAA", "bnVsbA==", "WzEsMiwzXQ==", "é", "e30="])
    def test_a_made_up_page_token_is_refused(self, store: Store, token: str) -> None:
        with pytest.raises(InvalidArgument, match="page_token"):
            charts_page(store, page_token=token)

    def test_page_sizes_have_a_default_a_ceiling_and_no_negatives(self, store: Store) -> None:
        def insert_many(tx: Tx) -> None:
            for number in range(205):
                tx.insert(CHARTS, {"_id": f"c{number}"})

        store.transact(a_call(), insert_many)
        assert len(charts_page(store, page_size=0).items) == 50
        assert len(charts_page(store, page_size=1000).items) == 200
        with pytest.raises(InvalidArgument) as caught:
            charts_page(store, page_size=-1)
        assert caught.value.reason == "PAGE_SIZE_INVALID"


def charts_page(
    store: Store,
    *,
    tenant_id: str = "t1",
    collection: str = CHARTS,
    filter: Document | None = None,
    **page: Any,
) -> Any:
    """One page of raw documents."""
    asked = {"page_size": 0, "page_token": "", **page}

    def look(reader: Reader) -> Any:
        return reader.page(collection, filter or {}, **asked)

    return store.read(a_call(tenant_id, action=""), look)
