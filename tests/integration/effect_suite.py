"""What every store does with requests whose effect is their record: on MongoDB and on the fake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chassis.call import Call, Effect, RequestOnce
from chassis.errors import HavenError, InvalidArgument, NotFound
from chassis.store import AlreadyAnswered, Store, Tx, request_key
from chassis.store.once import ANSWERS
from tests.charts import CHARTS, a_call, a_request


def recalled(row: Mapping[str, Any]) -> tuple[bytes | None, bytes]:
    """As the row says it."""
    return row.get("asked"), str(row["line"]).encode()


def request(request_id: str, body: bytes = b"body") -> Call:
    """A request that one row of the charts keeps, answered with its line."""
    once = a_request(request_id, body=body, encode=str.encode)
    return a_call(once=replace(once, effect=Effect(CHARTS, recalled)))


def row_of(call: Call, line: str) -> dict[str, Any]:
    """The row that is the request's effect."""
    assert isinstance(call.once, RequestOnce)
    return {"_id": request_key(call), "asked": call.once.fingerprint, "line": line}


def writing(call: Call, line: str) -> Callable[[Tx], str]:
    """A use case that stores it."""
    return lambda tx: str(tx.insert(CHARTS, row_of(call, line))["line"])


def all_writing(
    calls: Sequence[Call], *lines: str, refuses: Sequence[int] = ()
) -> Callable[[Tx, Sequence[int]], list[str | HavenError]]:
    """A use case that stores them all, but for some."""

    def act(tx: Tx, places: Sequence[int]) -> list[str | HavenError]:
        wanted = [place for place in places if place not in refuses]
        tx.insert_many(CHARTS, [row_of(calls[place], lines[place]) for place in wanted])
        return [
            NotFound("NOT_FOUND", "no such thing") if place in refuses else lines[place]
            for place in places
        ]

    return act


def stored(store: Store, collection: str = CHARTS) -> list[dict[str, Any]]:
    """All that is there."""
    return store.read(a_call(), lambda reader: reader.find(collection, {}))


def lines_of(store: Store) -> list[str]:
    """What was written, however often it was asked for."""
    return sorted(each["line"] for each in stored(store))


class EffectSuite:
    """One row is the effect and the answer; nothing else is kept."""

    def test_a_request_has_one_effect_and_no_row_besides(self, store: Store) -> None:
        call = request("r1")
        assert store.transact(call, writing(call, "one")) == "one"
        with pytest.raises(AlreadyAnswered) as repeated:
            store.transact(call, writing(call, "two"))
        assert repeated.value.answer == b"one"
        assert (lines_of(store), stored(store, ANSWERS)) == (["one"], [])

    def test_its_key_with_another_body_is_refused(self, store: Store) -> None:
        call, other = request("r1"), request("r1", b"another")
        store.transact(call, writing(call, "one"))
        with pytest.raises(InvalidArgument) as refused:
            store.transact(other, writing(other, "two"))
        assert refused.value.reason == "REQUEST_ID_REUSED"
        (outcome,) = store.transact_batch(a_call(), [other], all_writing([other], "two"))
        assert isinstance(outcome, InvalidArgument)
        assert lines_of(store) == ["one"]

    def test_a_row_that_no_longer_says_what_was_asked_still_answers(self, store: Store) -> None:
        call = request("r1")
        store.transact(call, writing(call, "one"))
        forget = {"$unset": {"asked": ""}}
        store.transact(a_call(), lambda tx: tx.update_one(CHARTS, {"line": "one"}, forget))
        with pytest.raises(AlreadyAnswered) as repeated:
            store.transact(call, writing(call, "two"))
        assert repeated.value.answer == b"one"

    def test_requests_of_a_batch_have_one_effect_each(self, store: Store) -> None:
        calls = [request("r1"), request("r2")]
        assert store.transact_batch(a_call(), calls, all_writing(calls, "one", "two")) == [
            "one",
            "two",
        ]
        more = [*calls, request("r3")]
        *again, new = store.transact_batch(a_call(), more, all_writing(more, "x", "y", "three"))
        assert [getattr(each, "answer", None) for each in again] == [b"one", b"two"]
        assert new == "three"
        assert (lines_of(store), stored(store, ANSWERS)) == (["one", "three", "two"], [])

    def test_a_request_by_itself_and_one_of_a_batch_know_each_other(self, store: Store) -> None:
        alone, among = request("r1"), request("r2")
        store.transact(alone, writing(alone, "one"))
        calls = [alone, among]
        again, new = store.transact_batch(a_call(), calls, all_writing(calls, "x", "two"))
        assert isinstance(again, AlreadyAnswered)
        assert (again.answer, new) == (b"one", "two")
        with pytest.raises(AlreadyAnswered) as repeated:
            store.transact(among, writing(among, "y"))
        assert repeated.value.answer == b"two"
        assert lines_of(store) == ["one", "two"]

    def test_a_request_that_comes_twice_in_a_batch_has_one_effect(self, store: Store) -> None:
        calls = [request("r1"), request("r1"), request("r1", b"another")]
        outcomes = store.transact_batch(a_call(), calls, all_writing(calls, "one", "x", "y"))
        assert outcomes[0] == "one"
        assert isinstance(outcomes[1], AlreadyAnswered)
        assert outcomes[1].answer == b"one"
        assert isinstance(outcomes[2], InvalidArgument)
        assert lines_of(store) == ["one"]

    def test_what_was_done_before_and_would_be_refused_now_keeps_its_answer(
        self, store: Store
    ) -> None:
        calls = [request("r1"), request("r2")]
        store.transact(calls[0], writing(calls[0], "one"))
        act = all_writing(calls, "x", "y", refuses=[0, 1])
        again, refused = store.transact_batch(a_call(), calls, act)
        assert isinstance(again, AlreadyAnswered)
        assert again.answer == b"one"
        assert isinstance(refused, NotFound)
        assert store.transact(calls[1], writing(calls[1], "two")) == "two"
