"""Events of one queue that come together: shared transactions, and nobody's fault but one's own."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chassis.call import EventOnce
from chassis.deadline import Deadline
from chassis.errors import DeadlineExceeded, FailedPrecondition, Unavailable
from chassis.store import AUDIT, AlreadyAnswered, AlreadyDone, Store, Tx, group
from chassis.store.attempt import Contended
from chassis.store.once import INBOX
from chassis.store.outbox_rows import OUTBOX
from tests.charts import CHARTS, Chart, a_call, a_chart, charts
from tests.crowd import QUEUE, Crowd, nothing
from tests.waiting import eventually


def in_a_crowd_for_long(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two have just been taken together; whoever comes next waits as good as for ever."""
    monkeypatch.setattr(group, "LINGER_SECONDS", 600.0)
    monkeypatch.setattr(group, "LINGER_GROUPS", math.inf)
    monkeypatch.setattr(group, "CROWD_SECONDS", 600.0)
    with crowd.while_one_is_committed():
        crowd.come("e0", nothing)
        crowd.come("e1", nothing)
        crowd.waiting(2)
    eventually(lambda: crowd.transactions == 2, within=20)


def opened(store: Store, number: int) -> Callable[[Tx], str]:
    """A use case that opens somebody's chart and raises an alarm."""

    def act(tx: Tx) -> str:
        chart = a_chart(f"c{number}", patient_id=f"p{number}")
        chart.alarm(tx.now)
        return charts(store).insert(tx, chart).id

    return act


def rows(store: Store, collection: str) -> list[Any]:
    return store.engine.look(
        Deadline.after(10), lambda found: found.find(collection, {"tenant_id": "t1"})
    )


class GroupSuite:
    """What must hold on every engine."""

    @pytest.fixture
    def crowd(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
        """Events for the store under test."""
        crowd = Crowd(store, monkeypatch)
        yield crowd
        crowd.close()

    def test_events_that_come_while_one_is_committed_share_a_transaction(
        self, crowd: Crowd
    ) -> None:
        with crowd.while_one_is_committed():
            others = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(9)]
            crowd.waiting(9)

        assert [each.result(20) for each in others] == [f"c{each}" for each in range(9)]
        assert crowd.transactions == 3, "the first alone, then eight, then one"
        assert {row["event_id"] for row in rows(crowd.store, INBOX)} == {
            "first",
            *(f"e{each}" for each in range(9)),
        }
        assert {row["_id"] for row in rows(crowd.store, CHARTS)} == {f"c{n}" for n in range(9)}
        assert len(rows(crowd.store, OUTBOX)) == 9
        causes = [row["cause_id"] for row in rows(crowd.store, AUDIT) if row["patient_id"]]
        assert sorted(causes) == [f"e{each}" for each in range(9)]

    def test_whom_a_group_took_along_does_not_go_again_though_another_turn_is_free(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crowd = Crowd(store, monkeypatch, turns=2)
        entered, done = threading.Event(), threading.Event()

        def slowly(tx: Tx) -> str:
            entered.set()
            done.wait(20)
            return opened(store, 0)(tx)

        with crowd.while_one_is_committed():
            with crowd.while_one_is_committed(event_id="second"):
                others = [crowd.come("e0", slowly), crowd.come("e1", opened(store, 1))]
                crowd.waiting(2)
            assert entered.wait(20), "the second's turn is free, and a group is under way"
            done.set()

        assert [each.result(20) for each in others] == ["c0", "c1"]
        assert crowd.transactions == 3
        crowd.close()

    def test_calls_about_people_in_danger_share_a_transaction_and_keep_each_their_answer(
        self, crowd: Crowd
    ) -> None:
        with crowd.while_one_is_committed():
            asked = [crowd.ask(opened(crowd.store, each), f"request-{each}") for each in range(2)]
            due = crowd.ask(opened(crowd.store, 2))
            crowd.waiting(3)

        assert [each.result(20) for each in [*asked, due]] == ["c0", "c1", "c2"]
        assert crowd.transactions == 2
        with pytest.raises(AlreadyAnswered) as again:
            crowd.ask(opened(crowd.store, 0), "request-0").result(20)
        assert again.value.answer == b"c0"

    def test_a_request_that_comes_twice_at_once_is_answered_once(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed():
            twice = [crowd.ask(opened(crowd.store, 0), "request-0") for _ in range(2)]
            other = crowd.ask(opened(crowd.store, 1), "request-1")
            crowd.waiting(3)

        assert other.result(20) == "c1"
        assert sorted(str(each.exception(20)) for each in twice) == ["None", "answered before"]
        assert {row["_id"] for row in rows(crowd.store, CHARTS)} == {"c0", "c1"}

    def test_an_event_without_company_goes_at_once(self, crowd: Crowd) -> None:
        assert crowd.come("e1", opened(crowd.store, 1)).result(20) == "c1"
        assert crowd.transactions == 1

    def test_one_that_is_refused_is_refused_alone(self, crowd: Crowd) -> None:
        def refuse(tx: Tx) -> str:
            charts(crowd.store).insert(tx, a_chart("c9", patient_id="p9"))
            raise FailedPrecondition("NOT_NOW", "not now")

        with crowd.while_one_is_committed():
            good = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(3)]
            bad = crowd.come("e9", refuse)
            crowd.waiting(4)

        assert [each.result(20) for each in good] == ["c0", "c1", "c2"]
        with pytest.raises(FailedPrecondition, match="not now"):
            bad.result(20)
        assert {row["_id"] for row in rows(crowd.store, CHARTS)} == {"c0", "c1", "c2"}
        assert len(rows(crowd.store, OUTBOX)) == 3
        assert "e9" not in {row["event_id"] for row in rows(crowd.store, INBOX)}
        assert crowd.transactions == 2, "the others did not have to be tried again"

    def test_where_a_refused_one_has_written_already_each_is_tried_by_itself(
        self, crowd: Crowd
    ) -> None:
        def refuse(tx: Tx) -> str:
            chart = charts(crowd.store).insert(tx, a_chart("c9", patient_id="p9"))
            charts(crowd.store).load(tx, chart.id)
            raise FailedPrecondition("NOT_NOW", "not now")

        with crowd.while_one_is_committed():
            good = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(2)]
            bad = crowd.come("e9", refuse)
            crowd.waiting(3)

        assert [each.result(20) for each in good] == ["c0", "c1"]
        assert isinstance(bad.exception(20), FailedPrecondition)
        assert {row["_id"] for row in rows(crowd.store, CHARTS)} == {"c0", "c1"}
        assert crowd.transactions == 5

    def test_one_that_was_done_before_is_known_and_the_others_are_done(self, crowd: Crowd) -> None:
        crowd.come("e0", opened(crowd.store, 0)).result(20)

        with crowd.while_one_is_committed():
            again = crowd.come("e0", nothing)
            new = crowd.come("e1", opened(crowd.store, 1))
            crowd.waiting(2)

        assert new.result(20) == "c1"
        with pytest.raises(AlreadyDone):
            again.result(20)
        assert crowd.transactions == 3, "the others did not have to be tried again"
        assert len(rows(crowd.store, OUTBOX)) == 2

    def test_the_same_event_twice_in_a_group_has_one_effect(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed():
            both = [crowd.come("e1", opened(crowd.store, 1)) for _ in range(2)]
            crowd.waiting(2)

        errors = [each.exception(20) for each in both]
        assert sorted(type(each).__name__ for each in errors) == ["AlreadyDone", "NoneType"]
        assert len(rows(crowd.store, OUTBOX)) == 1

    def test_two_about_one_patient_see_each_other(self, crowd: Crowd) -> None:
        def note(tx: Tx) -> int:
            chart = charts(crowd.store).load(tx, "c1")
            chart.note(tx.now)
            return charts(crowd.store).save(tx, chart).lines

        charts(crowd.store).add(a_call(), Chart("c1"))
        with crowd.while_one_is_committed():
            both = [crowd.come(event_id, note) for event_id in ("e1", "e2")]
            crowd.waiting(2)

        assert sorted(each.result(20) for each in both) == [1, 2]

    def test_a_database_that_is_away_is_asked_once_for_all(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed():
            lost = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(4)]
            crowd.waiting(4)
            crowd.fault = Unavailable("STORE_UNAVAILABLE", "the database does not answer")

        assert {type(each.exception(20)) for each in lost} == {Unavailable}
        assert crowd.transactions == 2
        assert rows(crowd.store, CHARTS) == []

    def test_a_group_that_cannot_commit_leaves_each_to_itself(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed():
            others = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(3)]
            crowd.waiting(3)
            crowd.fault = Contended()

        assert [each.result(20) for each in others] == ["c0", "c1", "c2"]
        assert len(rows(crowd.store, OUTBOX)) == 3

    def test_one_whose_own_provider_is_away_fails_alone(self, crowd: Crowd) -> None:
        def without_keys(_: Tx) -> None:
            raise Unavailable("KEYS_UNAVAILABLE", "encryption keys cannot be reached")

        with crowd.while_one_is_committed():
            bad = crowd.come("bad", without_keys)
            good = [crowd.come(f"e{each}", opened(crowd.store, each)) for each in range(3)]
            crowd.waiting(4)

        assert isinstance(bad.exception(20), Unavailable)
        assert [each.exception(20) for each in good] == [None] * 3

    def test_in_a_crowd_a_group_waits_for_others_and_goes_as_soon_as_it_is_full(
        self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_a_crowd_for_long(crowd, monkeypatch)

        others = [crowd.come(f"f{each}", opened(crowd.store, each)) for each in range(8)]

        assert [each.result(20) for each in others] == [f"c{each}" for each in range(8)]
        assert crowd.transactions == 3

    def test_in_a_crowd_nobody_waits_longer_than_half_of_the_time_left(
        self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_a_crowd_for_long(crowd, monkeypatch)

        assert crowd.come("e2", opened(crowd.store, 2), seconds=6).result(20) == "c2"

    def test_in_a_crowd_whose_groups_are_quick_nobody_is_waited_for(
        self, crowd: Crowd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        in_a_crowd_for_long(crowd, monkeypatch)
        monkeypatch.setattr(group, "LINGER_GROUPS", 0.0)

        alone = crowd.come("e2", opened(crowd.store, 2), seconds=600)

        assert alone.result(20) == "c2"

    def test_who_comes_while_others_wait_does_not_go_before_them(self, crowd: Crowd) -> None:
        order: list[str] = []
        with crowd.while_one_is_committed():
            for each in range(9):
                event_id = f"e{each}"
                crowd.come(event_id, lambda _, event_id=event_id: order.append(event_id))
                crowd.waiting(each + 1)
        eventually(lambda: len(order) == 9, within=20)

        assert order == [f"e{each}" for each in range(9)]

    def test_one_with_hardly_any_time_left_costs_the_others_nothing(self, crowd: Crowd) -> None:
        def slowly(tx: Tx) -> str:
            threading.Event().wait(0.6)
            return opened(crowd.store, 0)(tx)

        with crowd.while_one_is_committed():
            hurried = crowd.come("hurried", opened(crowd.store, 9), seconds=0.5)
            crowd.waiting(1)
            others = [crowd.come("e0", slowly), crowd.come("e1", opened(crowd.store, 1))]
            crowd.waiting(3)
        hurried.exception(20)

        assert [each.exception(20) for each in others] == [None, None]

    def test_who_has_no_more_time_leaves_without_a_trace(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed():
            late = crowd.come("e1", opened(crowd.store, 1), seconds=0.2)
            with pytest.raises(DeadlineExceeded):
                late.result(20)
            crowd.waiting(0)

        assert rows(crowd.store, CHARTS) == []
        assert crowd.transactions == 1

    def test_what_is_handed_over_together_is_committed_together(self, crowd: Crowd) -> None:
        store = crowd.store
        prepared = [store.prepare(a_call(), opened(store, each)) for each in range(3)]

        assert store.transact_all(prepared) == ["c0", "c1", "c2"]
        assert crowd.transactions == 1
        assert len(rows(store, OUTBOX)) == 3

    def test_of_what_is_handed_over_together_each_has_its_own_end(self, crowd: Crowd) -> None:
        store, again = crowd.store, EventOnce(QUEUE, "e9")

        def refuse(tx: Tx) -> str:
            charts(store).insert(tx, a_chart("c9", patient_id="p9"))
            raise FailedPrecondition("NOT_NOW", "not now")

        store.transact(a_call(once=again), nothing)
        prepared = [
            store.prepare(a_call(), opened(store, 0)),
            store.prepare(a_call(), refuse),
            store.prepare(a_call(once=again), opened(store, 1)),
            store.prepare(a_call(), opened(store, 2)),
        ]
        first, refused, known, last = store.transact_all(prepared)

        assert (first, last) == ("c0", "c2")
        assert isinstance(refused, FailedPrecondition)
        assert isinstance(known, AlreadyDone)
        assert {row["_id"] for row in rows(store, CHARTS)} == {"c0", "c2"}
        assert len(rows(store, OUTBOX)) == 2

    def test_what_is_handed_over_together_hears_once_that_the_database_is_away(
        self, crowd: Crowd
    ) -> None:
        store = crowd.store
        prepared = [store.prepare(a_call(), opened(store, each)) for each in range(3)]
        crowd.fault = Unavailable("STORE_UNAVAILABLE", "the database does not answer")

        assert [type(each) for each in store.transact_all(prepared)] == [Unavailable] * 3
        assert crowd.transactions == 1

    def test_nothing_and_one_alone_may_be_handed_over_too(self, crowd: Crowd) -> None:
        store = crowd.store
        assert store.transact_all([]) == []
        assert store.transact_all([store.prepare(a_call(), opened(store, 0))]) == ["c0"]

    def test_a_queue_does_not_wait_for_another(self, crowd: Crowd) -> None:
        with crowd.while_one_is_committed(queue="crisis.on-other"):
            assert crowd.come("e1", opened(crowd.store, 1)).result(20) == "c1"
