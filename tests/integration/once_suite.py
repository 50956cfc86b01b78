"""What every store does with repeats and events: the same tests on MongoDB and on the fake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from haven.crisis.v1.events_pb2 import CaseResolved, PageRequested

from chassis.errors import (
    InvalidArgument,
    NotFound,
    Unavailable,
)
from chassis.failpoint import arm
from chassis.store import AlreadyAnswered, AlreadyDone, OutboxRow, Store, Tx
from chassis.topology import MessageClass
from tests.charts import CHARTS, a_call, a_chart, a_request, an_event, charts


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
        assert store.oldest_awaiting() == store.now()
        for _ in range(2):
            store.receipt([event_id], "notify")
        assert store.awaiting_receipts(10) == []
        assert store.oldest_awaiting() is None
