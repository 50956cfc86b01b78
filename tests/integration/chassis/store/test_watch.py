"""Wake-ups come from the collections that were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from chassis.ids import new_id
from chassis.store import Document, Store
from chassis.store.watch import INSERTS, Watch
from tests.charts import CHARTS, a_call
from tests.integration.chassis.store.reviews import schedule
from tests.waiting import eventually


def post(store: Store, kinds: Sequence[str]) -> None:
    letters = [{"_id": new_id(), "kind": kind} for kind in kinds]
    store.transact(a_call(), lambda tx: tx.insert_many("letters", letters))


def test_a_watch_wakes_on_writes_to_its_collections_only(store: Store) -> None:
    woken: Counter[str] = Counter()
    watch = Watch(store)
    for name in (CHARTS, "others"):
        watch.listen(name, lambda _row, name=name: woken.update([name]))
    watch.start()
    try:
        eventually(lambda: woken == {CHARTS: 1, "others": 1}, within=5)  # once when it opens
        schedule(store, "c1", 1)
        eventually(lambda: woken[CHARTS] == 2, within=5)
        store.transact(
            a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c1"}, {"$inc": {"n": 1}})
        )
        eventually(lambda: woken[CHARTS] == 3, within=5)
        assert woken["others"] == 1
    finally:
        watch.stop()


def test_who_asks_for_inserts_hears_of_no_update_and_gets_the_fields_asked_for(
    store: Store,
) -> None:
    rows: list[Document] = []
    writes: list[Document] = []
    watch = Watch(store)
    watch.listen(CHARTS, rows.append, operations=INSERTS, fields=["tenant_id"])
    watch.listen(CHARTS, writes.append)
    watch.start()
    try:
        eventually(lambda: rows == [{}] and writes == [{}], within=5)  # once when it opens
        schedule(store, "c1", 1)
        store.transact(
            a_call(), lambda tx: tx.update_one(CHARTS, {"_id": "c1"}, {"$inc": {"n": 1}})
        )
        eventually(lambda: len(writes) == 3, within=5)
        assert rows[1:] == [{"tenant_id": a_call().tenant_id}]
        assert watch.is_alive()
    finally:
        watch.stop()
    assert not watch.is_alive()


def test_who_asks_for_some_values_only_is_not_told_of_a_thousand_others(store: Store) -> None:
    rows: list[Document] = []
    watch = Watch(store)
    watch.listen("letters", rows.append, operations=INSERTS, only={"kind": ["urgent"]})
    watch.start()
    try:
        eventually(lambda: rows == [{}], within=5)
        post(store, ["bulk"] * 1_000)
        post(store, ["bulk", "urgent", "bulk", "urgent"])
        eventually(lambda: len(rows) == 3, within=5)
        assert rows[1:] == [{"kind": "urgent"}] * 2
    finally:
        watch.stop()


def test_what_one_listener_asked_for_is_not_told_to_another(store: Store) -> None:
    rows: list[Document] = []
    all_rows: list[Document] = []
    watch = Watch(store)
    watch.listen("letters", rows.append, operations=INSERTS, only={"kind": ["urgent"]})
    watch.listen("letters", all_rows.append, operations=INSERTS, fields=["kind"])
    watch.start()
    try:
        eventually(lambda: rows == [{}] and all_rows == [{}], within=5)
        post(store, ["bulk", "urgent"])
        eventually(lambda: len(all_rows) == 3, within=5)
        assert rows[1:] == [{"kind": "urgent"}]
    finally:
        watch.stop()


def test_a_listener_that_fails_at_what_it_is_told_leaves_the_others_with_a_watch(
    store: Store,
) -> None:
    rows: list[Document] = []

    def stumbles(row: Document) -> None:
        if row.get("kind") == "odd":
            raise TypeError

    watch = Watch(store)
    watch.listen("letters", stumbles, operations=INSERTS, fields=["kind"])
    watch.listen("letters", rows.append, operations=INSERTS, fields=["kind"])
    watch.start()
    try:
        eventually(lambda: rows == [{}], within=5)
        post(store, ["odd"])
        eventually(lambda: rows[1:] == [{}], within=5)  # it opened again: anything may be new
        post(store, ["usual"])
        eventually(lambda: rows[2:] == [{"kind": "usual"}], within=5)
        assert watch.is_alive()
    finally:
        watch.stop()


def test_a_watch_is_current_while_it_follows_though_nothing_is_written(store: Store) -> None:
    watch = Watch(store)
    watch.listen(CHARTS, lambda _row: None)
    assert not watch.is_current(), "it has not begun"
    watch.start()
    try:
        eventually(watch.is_current, within=10)
    finally:
        watch.stop()


def test_a_watch_that_comes_to_an_old_change_is_not_current(store: Store) -> None:
    """The stream brings what was committed minutes ago; what came since is not told yet."""
    watch = Watch(store)
    long_ago = datetime.now(UTC) - timedelta(minutes=5)

    watch._note_lag({"wallTime": long_ago})
    assert not watch.is_current()

    watch._note_lag({"wallTime": store.clock.now()})
    assert watch.is_current()

    watch._note_lag({"wallTime": long_ago})
    assert watch.is_current(), "what was known to be told stays told"


def test_a_watch_whose_listener_failed_is_current_again_only_after_it_has_woken_all(
    store: Store,
) -> None:
    current: list[bool] = []
    watch = Watch(store)

    def wake(row: Document) -> None:
        current.append(watch.is_current())
        if row:
            raise ValueError("on purpose")

    watch.listen(CHARTS, wake, fields=["tenant_id"])
    watch.start()
    try:
        eventually(watch.is_current, within=10)
        schedule(store, "c1", 1)
        eventually(lambda: len(current) == 3, within=10)
        assert (current[0], current[2]) == (False, False), "whenever it opens"
        eventually(watch.is_current, within=10)
    finally:
        watch.stop()


def test_each_change_says_when_it_was_committed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[Document] = []
    watch = Watch(store)
    monkeypatch.setattr(watch, "_note_lag", changes.append)
    watch.listen(CHARTS, lambda _row: None)
    watch.start()
    try:
        eventually(watch.is_current, within=10)
        begin = store.now()
        schedule(store, "c1", 1)
        eventually(lambda: changes, within=10)
        assert changes[0]["wallTime"] >= begin - timedelta(seconds=1)
    finally:
        watch.stop()
