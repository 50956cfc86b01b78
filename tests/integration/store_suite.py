"""What every store does: the same tests on MongoDB and on the fake. A fixture `store` gives one.

`store` must hold CHASSIS_INDEXES and the charts' INDEXES, and a FixedClock that stands near now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from haven.crisis.v1.events_pb2 import CaseResolved, PageRequested

from chassis.call import Call
from chassis.clock import FixedClock
from chassis.errors import (
    Aborted,
    AlreadyExists,
    DeadlineExceeded,
    Internal,
    InvalidArgument,
    NotFound,
    Unavailable,
)
from chassis.failpoint import arm
from chassis.store import AlreadyAnswered, AlreadyDone, Document, OutboxRow, Store, Tx
from chassis.topology import MessageClass
from tests.charts import CHARTS, ONE_OPEN, a_call, a_chart, a_request, an_event, charts


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
            copy = {"_id": "c1", "state": state}
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
        assert (found["state"], found["aggregate_version"]) == ("five", 5)

    def test_an_expired_call_changes_nothing(self, store: Store) -> None:
        with pytest.raises(DeadlineExceeded):
            insert(store, "c1", call=a_call(seconds=0))
        assert store.read(a_call(), lambda reader: reader.find(CHARTS, {})) == []


class OnceSuite:
    """Requests and events that come again."""

    def test_a_repeated_request_gets_the_first_answer(self, store: Store) -> None:
        request = a_request()
        charts(store).add(a_call(once=request), a_chart("c1"))
        with pytest.raises(AlreadyAnswered) as caught:
            charts(store).add(a_call(once=request), a_chart("c2"))
        assert caught.value.answer == b"c1"
        assert len(store.read(a_call(), lambda reader: reader.find(CHARTS, {}))) == 1

    def test_a_request_id_with_another_body_is_refused(self, store: Store) -> None:
        charts(store).add(a_call(once=a_request("r1")), a_chart("c1"))
        with pytest.raises(InvalidArgument) as caught:
            charts(store).add(a_call(once=a_request("r1", body=b"other")), a_chart("c2"))
        assert caught.value.reason == "REQUEST_ID_REUSED"

    def test_a_request_id_belongs_to_tenant_caller_and_method(self, store: Store) -> None:
        request = a_request("r1")
        calls = (
            a_call(once=request),
            a_call("t2", once=request),
            a_call(once=request, subject="clinician-2"),
            a_call(once=a_request("r1", method="Other")),
        )
        for number, call in enumerate(calls):
            charts(store).add(call, a_chart(patient_id=f"p{number}"))

    def test_a_refused_request_can_be_repeated(self, store: Store) -> None:
        request = a_request()
        with pytest.raises(NotFound):
            charts(store).update(a_call(once=request), "c1", lambda chart, now: chart.note(now))
        charts(store).add(a_call(), a_chart("c1"))
        charts(store).update(a_call(once=request), "c1", lambda chart, now: chart.note(now))

    def test_a_repeated_event_has_one_effect_in_each_consumer(self, store: Store) -> None:
        charts(store).add(a_call(), a_chart("c1"))

        def note(event_id: str, consumer: str) -> None:
            call = a_call(once=an_event(event_id, consumer=consumer))
            charts(store).update(call, "c1", lambda chart, now: chart.note(now))

        note("e1", "a")
        with pytest.raises(AlreadyDone):
            note("e1", "a")
        note("e1", "b")
        note("e2", "a")
        assert charts(store).get(a_call(), "c1").lines == 3

    def test_an_event_whose_effect_failed_can_come_again(self, store: Store) -> None:
        with pytest.raises(NotFound):
            charts(store).update(a_call(once=an_event()), "c1", lambda chart, now: chart.note(now))
        charts(store).add(a_call(once=an_event()), a_chart("c1"))

    def test_an_answer_lost_after_the_commit_is_found_again(self, store: Store) -> None:
        request = a_request()
        arm("store.after-commit=error", environment="local")
        try:
            with pytest.raises(Unavailable):
                charts(store).add(a_call(once=request), a_chart("c1"))
        finally:
            arm("", environment="local")
        with pytest.raises(AlreadyAnswered):
            charts(store).add(a_call(once=request), a_chart("c2"))

    def test_a_failure_before_the_commit_leaves_no_trace(self, store: Store) -> None:
        request, chart = a_request(), a_chart("c1")
        chart.alarm(store.now())
        arm("store.before-commit=error", environment="local")
        try:
            with pytest.raises(Unavailable):
                charts(store).add(a_call(once=request), chart)
        finally:
            arm("", environment="local")
        assert (chart.version, len(chart.events)) == (0, 1)
        charts(store).add(a_call(once=request), chart)
        assert len(store.pending(MessageClass.CRISIS, 10)) == 1


class OutboxSuite:
    """Events wait in the outbox of the transaction that caused them."""

    def test_an_event_carries_what_broker_and_consumer_need(self, store: Store) -> None:
        store.traceparent = lambda: f"00-{'a' * 32}-{'b' * 16}-01"
        chart = a_chart("c1")
        chart.alarm(store.now())
        charts(store).add(a_call(), chart)
        (row,) = store.pending(MessageClass.CRISIS, 10)
        assert row == OutboxRow(
            event_id=row.event_id,
            tenant_id="t1",
            message_class=MessageClass.CRISIS,
            type="haven.crisis.v1.PageRequested",
            exchange="crisis.events",
            routing_key="page.requested.v1",
            aggregate_id="c1",
            aggregate_version=1,
            body=PageRequested(page_id="page").SerializeToString(),
            create_time=store.now(),
            expire_time=None,
            traceparent=f"00-{'a' * 32}-{'b' * 16}-01",
            published=False,
            publish_time=None,
            awaiting=("notify",),
            position=0,
        )

    def test_an_event_that_says_when_it_expires_expires_then(self, store: Store) -> None:
        expire_time = store.now() + timedelta(minutes=5)
        event = PageRequested()
        event.expire_time.FromDatetime(expire_time)
        store.transact(a_call(), lambda tx: tx.emit(event, aggregate_id="c", aggregate_version=1))
        assert store.pending(MessageClass.CRISIS, 1)[0].expire_time == expire_time

    def test_classes_wait_apart_and_in_order(self, store: Store) -> None:
        def emit(tx: Tx) -> None:
            for number in range(3):
                tx.emit(CaseResolved(), aggregate_id="c", aggregate_version=number)
            tx.emit(PageRequested(), aggregate_id="c", aggregate_version=9)

        store.transact(a_call(), emit)
        clinical = store.pending(MessageClass.CLINICAL, 10)
        assert [row.aggregate_version for row in clinical] == [0, 1, 2]
        assert len(store.pending(MessageClass.CRISIS, 10)) == 1
        assert len(store.pending(MessageClass.CLINICAL, 2)) == 2
        assert store.pending(MessageClass.BULK, 10) == []

    def test_types_that_no_queue_takes_step_aside(self, store: Store) -> None:
        store.transact(
            a_call(), lambda tx: tx.emit(PageRequested(), aggregate_id="c", aggregate_version=1)
        )
        held = ["haven.crisis.v1.PageRequested"]
        assert store.pending(MessageClass.CRISIS, 10, without=held) == []

    def test_what_the_broker_confirmed_waits_no_more(self, store: Store) -> None:
        def emit(tx: Tx) -> list[str]:
            return [
                tx.emit(PageRequested(), aggregate_id="c", aggregate_version=1) for _ in range(3)
            ]

        first, second, _ = store.transact(a_call(), emit)
        assert store.mark_published([first, second]) == 2
        assert store.mark_published([first]) == 0
        assert len(store.pending(MessageClass.CRISIS, 10)) == 1
        counts = store.pending_counts()
        assert counts[MessageClass.CRISIS].count == 1
        assert counts[MessageClass.CRISIS].oldest_create_time == store.now()
        assert counts[MessageClass.BULK].count == 0

    def test_a_crisis_event_awaits_receipts_whether_or_not_it_is_published(
        self, store: Store
    ) -> None:
        event_id = store.transact(
            a_call(), lambda tx: tx.emit(PageRequested(), aggregate_id="c", aggregate_version=1)
        )
        store.transact(
            a_call(), lambda tx: tx.emit(CaseResolved(), aggregate_id="c", aggregate_version=1)
        )
        store.mark_published([event_id])
        assert [row.event_id for row in store.awaiting_receipts(10)] == [event_id]
        for _ in range(2):
            store.receipt(event_id, "notify")
        assert store.awaiting_receipts(10) == []
