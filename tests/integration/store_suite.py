"""What every store does: the same tests on MongoDB and on the fake. A fixture `store` gives one.

`store` must hold CHASSIS_INDEXES and the charts' INDEXES, and a FixedClock that stands near now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from haven.crisis.v1.events_pb2 import PageRequested

from chassis.call import Call
from chassis.clock import FixedClock
from chassis.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    NotFound,
)
from chassis.store import Document, Store, Tx
from chassis.topology import MessageClass
from tests.charts import CHARTS, ONE_OPEN, a_call, a_request


def insert(store: Store, id: str = "c1", call: Call | None = None, **fields: object) -> None:
    """Store one raw document."""
    document = {"_id": id, "patient_id": id, **fields}
    store.transact(call or a_call(), lambda tx: tx.insert(CHARTS, document))


def inserting(document: Document) -> Callable[[Tx], Document]:
    """A use case that stores the raw document."""
    return lambda tx: tx.insert(CHARTS, document)


def updating(filter: Document, change: Document) -> Callable[[Tx], int]:
    """A use case that applies update operators."""
    return lambda tx: tx.update_one(CHARTS, filter, change)


def x_of(store: Store, id: str) -> tuple[object, int]:
    """The document's `x`, and its version."""
    found = store.read(a_call(), lambda reader: reader.get(CHARTS, id))
    return found.get("x"), found["version"]


class TransactionSuite:
    """Changes: all or nothing, versioned, one tenant's own."""

    def test_a_new_document_carries_the_stores_own_fields(self, store: Store) -> None:
        insert(store, "c1", state="open")
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert found["tenant_id"] == "t1"
        assert (found["version"], found["schema"]) == (1, 1)
        assert found["create_time"] == found["update_time"] == store.now()

    def test_a_replacement_raises_the_version_and_keeps_the_create_time(self, store: Store) -> None:
        insert(store, "c1")
        created = store.now()
        assert isinstance(store.clock, FixedClock)
        store.clock.advance(timedelta(hours=1))
        store.transact(a_call(), lambda tx: tx.replace(CHARTS, {"_id": "c1", "x": 1}, version=1))
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert (found["version"], found["x"]) == (2, 1)
        assert (found["create_time"], found["update_time"]) == (created, store.now())

    def test_a_replacement_may_carry_what_an_earlier_transaction_stored(self, store: Store) -> None:
        stored = store.transact(a_call(), inserting({"_id": "c1", "patient_id": "c1"}))
        assert isinstance(store.clock, FixedClock)
        store.clock.advance(timedelta(hours=1))
        change = {**stored, "x": 1}
        store.transact(a_call(), lambda tx: tx.replace(CHARTS, change, version=1))
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert (found["version"], found["x"]) == (2, 1)
        assert (found["create_time"], found["update_time"]) == (stored["create_time"], store.now())

    def test_a_replacement_of_an_old_version_is_aborted(self, store: Store) -> None:
        insert(store, "c1")
        with pytest.raises(Aborted, match="changed") as caught:
            store.transact(a_call(), lambda tx: tx.replace(CHARTS, {"_id": "c1"}, version=7))
        assert caught.value.reason == "STALE_VERSION"

    def test_nothing_of_a_failed_use_case_is_kept(self, store: Store) -> None:
        def fail(tx: Tx) -> None:
            tx.insert(CHARTS, {"_id": "c1"})
            tx.emit(PageRequested(), aggregate_id="c1", aggregate_version=1)
            raise InvalidArgument("REFUSED")

        with pytest.raises(InvalidArgument):
            store.transact(a_call(once=a_request()), fail)
        assert store.pending(MessageClass.CRISIS, 10) == []
        with pytest.raises(NotFound):
            store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))

    def test_another_tenants_document_does_not_exist(self, store: Store) -> None:
        insert(store, "c1", call=a_call("t2"))
        for read in (
            lambda reader: reader.get(CHARTS, "c1"),
            lambda tx: tx.replace(CHARTS, {"_id": "c1"}, version=1),
        ):
            with pytest.raises((NotFound, Aborted)):
                store.transact(a_call("t1"), read)
        assert store.transact(a_call(), lambda tx: tx.delete(CHARTS, "c1")) == 0
        changed = store.transact(
            a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c1"}, {"$set": {"x": 1}})
        )
        assert changed == 0
        assert store.read(a_call(), lambda reader: reader.find(CHARTS, {})) == []
        assert store.read(a_call("t2"), lambda reader: reader.get(CHARTS, "c1"))["version"] == 1

    def test_a_filter_cannot_name_another_tenant(self, store: Store) -> None:
        insert(store, "c1", call=a_call("t2"))
        asked = {"$or": [{"tenant_id": "t2"}], "tenant_id": "t2"}
        assert store.read(a_call("t1"), lambda reader: reader.find(CHARTS, asked)) == []

    def test_a_unique_index_refuses_by_its_name(self, store: Store) -> None:
        insert(store, "c1", patient_id="p1", state="open")
        with pytest.raises(AlreadyExists) as caught:
            insert(store, "c2", patient_id="p1", state="open")
        assert caught.value.reason == "UNIQUE_INDEX"
        assert caught.value.metadata == {"index": ONE_OPEN}
        insert(store, "c3", patient_id="p1", state="closed")
        insert(store, "c4", patient_id="p1", state="open", call=a_call("t2"))

    def test_a_unique_index_also_refuses_a_change(self, store: Store) -> None:
        insert(store, "c1", patient_id="p1", state="open")
        insert(store, "c2", patient_id="p1", state="closed")
        change = {"$set": {"state": "open"}}
        with pytest.raises(AlreadyExists):
            store.transact(a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c2"}, change))
        twin = {"_id": "c2", "patient_id": "p1", "state": "open"}
        with pytest.raises(AlreadyExists):
            store.transact(a_call(), lambda tx: tx.replace(CHARTS, twin, version=1))

    def test_what_a_unique_index_refused_cannot_be_committed_around(self, store: Store) -> None:
        insert(store, "c1")

        def stubborn(tx: Tx) -> None:
            try:
                tx.insert(CHARTS, {"_id": "c1"})
            except AlreadyExists:
                return

        with pytest.raises(AlreadyExists):
            store.transact(a_call(), stubborn)

    def test_who_lost_a_race_for_a_unique_fact_runs_again_and_can_join_it(
        self, store: Store
    ) -> None:
        insert(store, "c1", patient_id="p", state="open")
        blind = [True]

        def open_or_join(tx: Tx) -> str:
            if not blind and (known := tx.find_one(CHARTS, {"state": "open"})) is not None:
                return str(known["_id"])
            blind.clear()  # the first time, we looked before the other one committed
            tx.insert(CHARTS, {"_id": "c2", "patient_id": "p", "state": "open"})
            return "c2"

        assert store.transact(a_call(), open_or_join) == "c1"

    def test_a_document_without_a_text_id_is_refused(self, store: Store) -> None:
        for document in ({}, {"_id": 7}, {"_id": ""}):
            with pytest.raises(Internal):
                store.transact(a_call(), inserting(document))

    def test_many_are_stored_together_or_not_at_all(self, store: Store) -> None:
        several = [{"_id": f"c{n}", "patient_id": f"p{n}"} for n in range(3)]
        stored = store.transact(a_call(), lambda tx: tx.insert_many(CHARTS, several))
        assert [(each["_id"], each["version"]) for each in stored] == [
            ("c0", 1),
            ("c1", 1),
            ("c2", 1),
        ]
        assert store.transact(a_call(), lambda tx: tx.insert_many(CHARTS, [])) == []
        more = [{"_id": "c3", "patient_id": "p3"}, {"_id": "c1", "patient_id": "p4"}]
        with pytest.raises(AlreadyExists):
            store.transact(a_call(), lambda tx: tx.insert_many(CHARTS, more))
        found = store.read(a_call(), lambda reader: reader.find(CHARTS, {}))
        assert {each["_id"] for each in found} == {"c0", "c1", "c2"}

    def test_many_are_replaced_together_or_not_at_all(self, store: Store) -> None:
        insert(store, "c1")
        insert(store, "c2")

        def replace(second_version: int) -> list[Document]:
            pairs = [({"_id": "c1", "x": 1}, 1), ({"_id": "c2", "x": 2}, second_version)]
            return store.transact(a_call(), lambda tx: tx.replace_many(CHARTS, pairs))

        with pytest.raises(Aborted) as caught:
            replace(7)
        assert caught.value.reason == "STALE_VERSION"
        assert [x_of(store, each) for each in ("c1", "c2")] == [(None, 1), (None, 1)]
        assert [each["version"] for each in replace(1)] == [2, 2]
        assert [x_of(store, each) for each in ("c1", "c2")] == [(1, 2), (2, 2)]

    def test_a_unique_index_refuses_what_many_are_replaced_by(self, store: Store) -> None:
        insert(store, "c1", state="open")
        insert(store, "c2", state="open")
        twins = [({"_id": id, "patient_id": "p1", "state": "open"}, 1) for id in ("c1", "c2")]
        with pytest.raises(AlreadyExists) as caught:
            store.transact(a_call(), lambda tx: tx.replace_many(CHARTS, twins))
        assert caught.value.metadata == {"index": ONE_OPEN}

    def test_what_was_read_ahead_is_what_is_found_by_its_id(self, store: Store) -> None:
        insert(store, "c1", x=1)
        insert(store, "c2", call=a_call("t2"), x=1)

        def look(tx: Tx) -> list[Document | None]:
            tx.look_ahead(CHARTS, ["c1", "c2", "none"])
            return [tx.find_one(CHARTS, {"_id": each}) for each in ("c1", "c2", "none")]

        first, *others = store.transact(a_call(), look)
        assert first is not None
        assert (first["x"], others) == (1, [None, None])

    def test_what_was_read_ahead_does_not_hide_what_is_written_since(self, store: Store) -> None:
        for id in ("replaced", "updated", "of-many", "copied", "deleted"):
            insert(store, id, x=1, kind=id)

        def change(tx: Tx) -> dict[str, object]:
            ids = ["replaced", "updated", "of-many", "copied", "deleted", "new"]
            tx.look_ahead(CHARTS, ids)
            tx.replace(CHARTS, {"_id": "replaced", "x": 2}, version=1)
            tx.delete(CHARTS, "deleted")
            tx.insert(CHARTS, {"_id": "new", "x": 2})
            tx.look_ahead(CHARTS, ids)
            tx.update_one(CHARTS, {"_id": "updated"}, {"$set": {"x": 2}})
            tx.look_ahead(CHARTS, ids)
            tx.update_many(CHARTS, {"kind": "of-many"}, {"$set": {"x": 2}})
            found = [tx.find_one(CHARTS, {"_id": id}) for id in ids]
            return {each["_id"]: each["x"] for each in found if each is not None}

        assert store.transact(a_call(), change) == {
            **dict.fromkeys(("replaced", "updated", "of-many", "new"), 2),
            "copied": 1,
        }

    def test_what_was_read_ahead_by_another_field_is_found_whole_until_something_is_written(
        self, store: Store
    ) -> None:
        for id, kind, is_held in (("a", "x", True), ("b", "x", True), ("c", "x", False)):
            insert(store, id, kind=kind, is_held=is_held)

        def change(tx: Tx) -> list[list[str]]:
            def held(kind: str, **how: Any) -> list[str]:
                filter = {"kind": kind, "is_held": True}
                return [each["_id"] for each in tx.find(CHARTS, filter, **how)]

            tx.look_ahead(CHARTS, ["x", "y"], field="kind", is_held=True)
            before = [held("x"), held("y"), held("x", sort=[("_id", -1)]), held("x", limit=1)]
            tx.insert(CHARTS, {"_id": "d", "kind": "y", "is_held": True})
            return [*before, held("y")]

        first, none, backwards, one, after = store.transact(a_call(), change)
        assert (sorted(first), none, backwards) == (["a", "b"], [], ["b", "a"])
        assert (len(one), after) == (1, ["d"])

    def test_an_update_of_many_raises_each_version_within_the_tenant(self, store: Store) -> None:
        insert(store, "c1", notes=["old"])
        insert(store, "c2", notes=["old"])
        insert(store, "c3", a_call("t2"), notes=["old"])
        change = {"$push": {"notes": "new"}}
        matched = store.transact(a_call(), lambda tx: tx.update_many(CHARTS, {}, change))
        assert matched == 2
        found = store.read(a_call(), lambda reader: reader.find(CHARTS, {}))
        assert [(each["version"], each["notes"]) for each in found] == [(2, ["old", "new"])] * 2
        other = store.read(a_call("t2"), lambda reader: reader.get(CHARTS, "c3"))
        assert (other["version"], other["notes"]) == (1, ["old"])

    def test_updates_count_versions_and_can_make_the_document(self, store: Store) -> None:
        change = {"$inc": {"lines": 2}, "$push": {"tags": "a"}}
        for _ in range(2):
            done = store.transact(
                a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c1"}, change, upsert=True)
            )
            assert done == 1
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert (found["lines"], found["tags"], found["version"]) == (4, ["a", "a"], 2)
        assert found["create_time"] == store.now()

    def test_an_update_cannot_touch_what_is_the_stores(self, store: Store) -> None:
        for bad in ({"$set": {"tenant_id": "t2"}}, {"$set": {"_id": "x"}}, {"x": 1}):
            with pytest.raises(Internal):
                store.transact(a_call(), updating({}, bad))

    def test_a_copy_takes_only_newer_versions(self, store: Store) -> None:
        def take(version: int, state: str) -> bool:
            copy = {"_id": "c1", "state": state, state: "$a field's name is no expression"}
            return store.transact(
                a_call(), lambda tx: tx.take_newer(CHARTS, copy, aggregate_version=version)
            )

        assert [take(2, "two"), take(1, "one"), take(2, "again"), take(5, "five")] == [
            True,
            False,
            False,
            True,
        ]
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert (found["state"], found["aggregate_version"], found["version"]) == ("five", 5, 2)
        assert "two" not in found, "a copy takes the whole place of the older one"
        assert found["five"] == "$a field's name is no expression"

    def test_a_copy_keeps_the_time_it_was_first_made(self, store: Store) -> None:
        def take(version: int) -> bool:
            return store.transact(
                a_call(),
                lambda tx: tx.take_newer(CHARTS, {"_id": "c1"}, aggregate_version=version),
            )

        created = store.now()
        take(1)
        assert isinstance(store.clock, FixedClock)
        store.clock.advance(timedelta(minutes=1))
        take(2)
        found = store.read(a_call(), lambda reader: reader.get(CHARTS, "c1"))
        assert (found["create_time"], found["update_time"]) == (created, store.now())

    def test_what_is_due_comes_longest_due_first_and_with_the_time_of_the_next(
        self, store: Store
    ) -> None:
        hour = timedelta(hours=1)
        next_one = store.now() + hour
        insert(store, "late", review_time=store.now() - hour)
        insert(store, "later", review_time=store.now() - 2 * hour)
        insert(store, "after the next", review_time=next_one + hour)
        insert(store, "the next", review_time=next_one)
        insert(store, "never", review_time=None)

        def timetable(limit: int) -> tuple[list[str], bool]:
            due, upcoming = store.timetable(CHARTS, "review_time", limit=limit)
            return [row.id for row in due], upcoming == next_one

        assert timetable(10) == (["later", "late"], True)
        assert timetable(2) == (["later", "late"], True)
        assert timetable(1) == (["later"], False), "more is due"

    def test_what_is_due_says_how_urgent_it_is_where_that_is_asked(self, store: Store) -> None:
        hour = timedelta(hours=1)
        insert(store, "marked", review_time=store.now() - hour, mark="high")
        insert(store, "unmarked", review_time=store.now() - hour)

        due = store.timetable(CHARTS, "review_time", limit=10, rank_field="mark").due

        assert {row.id: row.rank for row in due} == {"marked": "high", "unmarked": ""}
        assert {row.rank for row in store.timetable(CHARTS, "review_time", limit=10).due} == {""}

    def test_an_expired_call_changes_nothing(self, store: Store) -> None:
        with pytest.raises(DeadlineExceeded):
            insert(store, "c1", call=a_call(seconds=0))
        assert store.read(a_call(), lambda reader: reader.find(CHARTS, {})) == []
