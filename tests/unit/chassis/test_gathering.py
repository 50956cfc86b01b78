"""Receipts that come while others are kept go together, and nobody is told too early."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chassis.errors import Unavailable
from chassis.outbox.gathering import Gathering
from tests.waiting import eventually


class Outbox:
    """Keeps receipts, one stroke at a time, when it is let."""

    def __init__(self) -> None:
        self.strokes: list[tuple[set[str], str]] = []
        self.released = threading.Event()
        self.fault: Exception | None = None

    def keep(self, event_ids: Sequence[str], consumer: str) -> None:
        self.strokes.append((set(event_ids), consumer))
        assert self.released.wait(20)
        if self.fault is not None:
            raise self.fault


def test_what_comes_while_one_is_kept_goes_together_after_it() -> None:
    outbox = Outbox()
    gathering = Gathering(outbox.keep)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.keep, "e0", "crisis")
        eventually(lambda: len(outbox.strokes) == 1, within=20)
        others = [pool.submit(gathering.keep, f"e{number}", "crisis") for number in (1, 2, 3)]
        gathered = lambda: len(gathering._open["crisis"].event_ids) == 3  # noqa: E731
        eventually(lambda: "crisis" in gathering._open and gathered(), within=20)
        assert not any(each.done() for each in [first, *others])
        outbox.released.set()
        for each in [first, *others]:
            each.result(20)

    assert outbox.strokes == [({"e0"}, "crisis"), ({"e1", "e2", "e3"}, "crisis")]


def test_another_consumer_does_not_wait() -> None:
    outbox = Outbox()
    gathering = Gathering(outbox.keep)
    with ThreadPoolExecutor(8) as pool:
        pool.submit(gathering.keep, "e0", "crisis")
        pool.submit(gathering.keep, "e0", "notify")
        eventually(lambda: len(outbox.strokes) == 2, within=20)
        outbox.released.set()


def test_each_learns_that_its_receipt_was_not_kept_and_the_next_one_is_tried() -> None:
    outbox = Outbox()
    outbox.released.set()
    outbox.fault = Unavailable("STORE_UNAVAILABLE", "away")
    gathering = Gathering(outbox.keep)
    with pytest.raises(Unavailable):
        gathering.keep("e0", "crisis")
    outbox.fault = None

    gathering.keep("e0", "crisis")

    assert len(outbox.strokes) == 2


def test_whoever_waited_for_a_stroke_that_broke_is_not_told_that_it_was_kept() -> None:
    outbox = Outbox()
    outbox.fault = ZeroDivisionError("a bug")
    gathering = Gathering(outbox.keep)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.keep, "e0", "crisis")
        eventually(lambda: len(outbox.strokes) == 1, within=20)
        others = [pool.submit(gathering.keep, f"e{number}", "crisis") for number in (1, 2)]
        gathered = lambda: len(gathering._open["crisis"].event_ids) == 2  # noqa: E731
        eventually(lambda: "crisis" in gathering._open and gathered(), within=20)
        outbox.released.set()

    assert isinstance(first.exception(), ZeroDivisionError)
    assert {type(each.exception()) for each in others} == {ZeroDivisionError, Unavailable}
