"""What every store does with many requests as one use case: on MongoDB and on the fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chassis.call import Call
from chassis.errors import AlreadyExists, HavenError, InvalidArgument, NotFound, Unavailable
from chassis.failpoint import arm
from chassis.store import AlreadyAnswered, Store, Tx
from chassis.store.once import ANSWERS
from tests.charts import CHARTS, a_call, a_request


def requests(*request_ids: str, body: bytes = b"body") -> list[Call]:
    """A request each, answered with what the use case says."""
    return [a_call(once=a_request(each, body=body, encode=str.encode)) for each in request_ids]


class Writing:
    """A use case that stores a document for each request, and notes which it was asked for."""

    def __init__(self, *ids: str, refuses: Sequence[int] = ()) -> None:
        self._ids, self._refuses = ids, refuses
        self.asked: list[list[int]] = []

    def __call__(self, tx: Tx, places: Sequence[int]) -> list[str | HavenError]:
        self.asked.append([*places])
        wanted = [place for place in places if place not in self._refuses]
        tx.insert_many(CHARTS, [{"_id": self._ids[place]} for place in wanted])
        return [
            NotFound("NOT_FOUND", "no such thing") if place in self._refuses else self._ids[place]
            for place in places
        ]


def stored(store: Store, collection: str = CHARTS) -> list[str]:
    """The ids of all that is there."""
    found = store.read(a_call(), lambda reader: reader.find(collection, {}))
    return sorted(each["_id"] for each in found)


class BatchSuite:
    """Many requests, one transaction, an outcome for each."""

    def test_each_request_of_a_batch_has_its_own_outcome(self, store: Store) -> None:
        writing = Writing("c1", "c2", "c3", refuses=[1])
        outcomes = store.transact_batch(a_call(), requests("r1", "r2", "r3"), writing)
        assert outcomes[0::2] == ["c1", "c3"]
        assert isinstance(outcomes[1], NotFound)
        assert stored(store) == ["c1", "c3"]
        assert len(stored(store, ANSWERS)) == 2

    def test_a_request_that_came_before_has_no_second_effect(self, store: Store) -> None:
        store.transact_batch(a_call(), requests("r1"), Writing("c1"))
        writing = Writing("other", "c2")
        again, new = store.transact_batch(a_call(), requests("r1", "r2"), writing)
        assert isinstance(again, AlreadyAnswered)
        assert (again.answer, new, writing.asked[-1]) == (b"c1", "c2", [1])
        assert stored(store) == ["c1", "c2"]

    def test_a_request_that_came_before_does_not_count_as_a_conflict(self, store: Store) -> None:
        store.transact_batch(a_call(), requests("r1"), Writing("c1"))
        calls = requests("r1", "r2")
        again, new = store.transact_batch(a_call(), calls, Writing("c2", "c3"), tries_once=True)
        assert isinstance(again, AlreadyAnswered)
        assert new == "c3"

    def test_what_was_done_before_and_would_be_refused_now_keeps_its_answer(
        self, store: Store
    ) -> None:
        store.transact_batch(a_call(), requests("r1"), Writing("c1"))
        writing = Writing("c2", "c3", "c4", refuses=[0, 2])
        calls = requests("r1", "r2", "r3")
        again, new, refused = store.transact_batch(a_call(), calls, writing)
        assert isinstance(again, AlreadyAnswered)
        assert (again.answer, new) == (b"c1", "c3")
        assert isinstance(refused, NotFound)

    def test_a_request_by_itself_and_one_of_a_batch_know_each_other(self, store: Store) -> None:
        (alone,) = requests("r1")

        def write(tx: Tx) -> str:
            return str(tx.insert(CHARTS, {"_id": "c1"})["_id"])

        store.transact(alone, write)
        (again,) = store.transact_batch(a_call(), [alone], Writing("c2"))
        assert isinstance(again, AlreadyAnswered)
        store.transact_batch(a_call(), requests("r2"), Writing("c3"))
        with pytest.raises(AlreadyAnswered):
            store.transact(requests("r2")[0], write)

    def test_a_request_that_comes_twice_in_a_batch_has_one_effect(self, store: Store) -> None:
        first, again, other = store.transact_batch(
            a_call(),
            [*requests("r1", "r1"), *requests("r1", body=b"other")],
            Writing("c1", "c2", "c3"),
        )
        assert first == "c1"
        assert isinstance(again, AlreadyAnswered)
        assert again.answer == b"c1"
        assert isinstance(other, InvalidArgument)
        assert stored(store) == ["c1"]

    def test_what_was_refused_is_refused_to_its_twin_and_can_be_asked_again(
        self, store: Store
    ) -> None:
        calls = requests("r1", "r1")
        outcomes = store.transact_batch(a_call(), calls, Writing("c1", "c2", refuses=[0]))
        assert [type(outcome) for outcome in outcomes] == [NotFound, NotFound]
        assert store.transact_batch(a_call(), calls[:1], Writing("c1")) == ["c1"]

    def test_a_batch_that_fails_leaves_nothing_of_anybody(self, store: Store) -> None:
        store.transact(a_call(), lambda tx: tx.insert(CHARTS, {"_id": "c2"}))
        with pytest.raises(AlreadyExists):
            store.transact_batch(a_call(), requests("r1", "r2"), Writing("c1", "c2"))
        assert (stored(store), stored(store, ANSWERS)) == (["c2"], [])

    def test_a_process_that_ends_after_the_commit_has_answered_all_of_them(
        self, store: Store
    ) -> None:
        calls = requests("r1", "r2")
        arm("store.after-commit=error", environment="local")
        try:
            with pytest.raises(Unavailable):
                store.transact_batch(a_call(), calls, Writing("c1", "c2"))
        finally:
            arm("", environment="local")
        outcomes: list[Any] = store.transact_batch(a_call(), calls, Writing("c3", "c4"))
        assert [outcome.answer for outcome in outcomes] == [b"c1", b"c2"]
        assert stored(store) == ["c1", "c2"]

    def test_a_batch_is_of_one_tenants_requests(self, store: Store) -> None:
        with pytest.raises(AssertionError):
            store.transact_batch(a_call(), [a_call("t2", once=a_request("r1"))], Writing("c1"))
        with pytest.raises(AssertionError):
            store.transact_batch(a_call(), [a_call()], Writing("c1"))
