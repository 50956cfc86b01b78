"""What every store does with aggregates and the audit trail: on MongoDB and on the fake."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import Aborted, InvalidArgument, NotFound
from chassis.store import AUDIT, Document, Store, Tx, etag_of
from chassis.topology import MessageClass
from tests.charts import CHARTS, Chart, a_call, a_chart, a_request, an_event, charts
from tests.integration.store_suite import updating


def audit(store: Store, **facts: Any) -> list[Document]:
    """The audit rows with these facts, without leaving one."""
    found: list[Document] = store.read(
        a_call(action=""), lambda reader: reader.find(AUDIT, facts, sort=[("create_time", 1)])
    )
    return found


class RepositorySuite:
    """Aggregates: load, act, save."""

    def test_an_aggregate_comes_back_as_it_was_stored(self, store: Store) -> None:
        review_time = store.now() + timedelta(days=1)
        charts(store).add(a_call(), a_chart("c1", lines=3, review_time=review_time))
        assert charts(store).get(a_call(), "c1") == Chart(
            "c1", lines=3, review_time=review_time, version=1
        )

    def test_its_events_are_published_once_with_its_new_version(self, store: Store) -> None:
        chart = charts(store).add(a_call(), a_chart("c1"))
        chart = charts(store).update(a_call(), chart.id, Chart.alarm)
        assert (chart.version, chart.events) == (2, [])
        (row,) = store.pending(MessageClass.CRISIS, 10)
        assert (row.aggregate_id, row.aggregate_version) == ("c1", 2)

    def test_an_event_without_a_message_stays_inside(self, store: Store) -> None:
        charts(store).add(a_call(), a_chart("c1"))
        charts(store).update(a_call(), "c1", Chart.note)
        assert all(not store.pending(each, 10) for each in MessageClass)

    def test_an_edit_with_a_stale_etag_is_aborted(self, store: Store) -> None:
        seen = etag_of(charts(store).add(a_call(), a_chart("c1")))
        changed = charts(store).update(a_call(), "c1", Chart.note, etag=seen)
        with pytest.raises(Aborted) as caught:
            charts(store).update(a_call(), "c1", Chart.note, etag=seen)
        assert caught.value.reason == "ETAG_STALE"
        charts(store).update(a_call(), "c1", Chart.note, etag=etag_of(changed))

    def test_a_refused_act_leaves_the_aggregate_as_it_was(self, store: Store) -> None:
        def refuse(chart: Chart, now: Any) -> None:
            chart.alarm(now)
            raise InvalidArgument("REFUSED")

        charts(store).add(a_call(), a_chart("c1"))
        with pytest.raises(InvalidArgument):
            charts(store).update(a_call(), "c1", refuse)
        assert charts(store).get(a_call(), "c1").version == 1

    def test_aggregates_of_other_tenants_do_not_exist(self, store: Store) -> None:
        charts(store).add(a_call("t2"), a_chart("c1"))
        with pytest.raises(NotFound):
            charts(store).get(a_call("t1"), "c1")
        with pytest.raises(NotFound):
            charts(store).update(a_call("t1"), "c1", Chart.note)
        assert charts(store).page(a_call("t1"), {}).items == []

    def test_several_aggregates_change_together_or_not_at_all(self, store: Store) -> None:
        for id in ("c1", "c2"):
            charts(store).add(a_call(), a_chart(id, patient_id=id))

        def both(tx: Tx) -> None:
            for chart in charts(store).find(tx, {"state": "open"}):
                chart.close(tx.now)
                charts(store).save(tx, chart)
            charts(store).load(tx, "c9")

        with pytest.raises(NotFound):
            store.transact(a_call(), both)
        assert charts(store).get(a_call(), "c1").state == "open"


class AuditRowsSuite:
    """Every read and every change leaves its row, before the answer."""

    def test_a_read_says_who_saw_whose_record_and_why(self, store: Store) -> None:
        charts(store).add(a_call(), a_chart("c1"))
        store.traceparent = lambda: f"00-{'a' * 32}-{'b' * 16}-01"
        charts(store).get(a_call(action="chart.read"), "c1")
        (row,) = audit(store, action="chart.read")
        del row["_id"]
        assert row == {
            "schema": 1,
            "tenant_id": "t1",
            "create_time": store.now(),
            "service": store.service,
            "actor_id": "clinician-1",
            "actor_roles": ["clinician"],
            "action": "chart.read",
            "purpose": "treatment",
            "cause_id": "",
            "trace_id": "a" * 32,
            "patient_id": "p1",
            "resource_id": "c1",
            "resource_ids": ["c1"],
            "sealed": False,
        }

    def test_a_list_leaves_a_row_for_each_patient_on_it(self, store: Store) -> None:
        for patient in ("p1", "p2"):
            charts(store).add(a_call(), a_chart(patient_id=patient))
        charts(store).page(a_call(action="chart.list"), {})
        assert {row["patient_id"] for row in audit(store, action="chart.list")} == {"p1", "p2"}

    def test_a_change_leaves_one_row_per_patient_with_every_resource(self, store: Store) -> None:
        def change(tx: Tx) -> None:
            tx.insert(CHARTS, {"_id": "c1", "patient_id": "p1"})
            tx.insert(CHARTS, {"_id": "c2", "patient_id": "p1"})

        store.transact(a_call(), change)
        (row,) = audit(store, action="chart.write")
        assert (row["patient_id"], row["resource_ids"]) == ("p1", ["c1", "c2"])

    def test_an_update_by_patient_is_in_that_patients_trail(self, store: Store) -> None:
        store.transact(a_call(), updating({"patient_id": "p7"}, {"$set": {"state": "closed"}}))
        assert [row["patient_id"] for row in audit(store)] == ["p7"]

    def test_a_row_names_the_request_or_event_that_caused_it(self, store: Store) -> None:
        charts(store).add(a_call(once=a_request("r1")), a_chart("c1"))
        charts(store).update(a_call(once=an_event("e1")), "c1", Chart.note)
        assert {row["cause_id"] for row in audit(store)} == {"r1", "e1"}

    def test_a_named_action_that_touched_nobody_still_leaves_a_row(self, store: Store) -> None:
        store.read(a_call(action="chart.search"), lambda reader: reader.find(CHARTS, {}))
        store.transact(a_call(action="chart.sweep"), lambda _: None)
        assert [row["patient_id"] for row in audit(store)] == ["", ""]

    def test_nothing_refused_is_recorded_as_done(self, store: Store) -> None:
        with pytest.raises(NotFound):
            charts(store).get(a_call(), "c1")
        with pytest.raises(NotFound):
            charts(store).update(a_call(), "c1", Chart.note)
        assert audit(store) == []
