"""However calls of one company end, the others go on and every turn is given back."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from chassis.call import EventOnce
from chassis.clock import FixedClock
from chassis.errors import DeadlineExceeded, FailedPrecondition, HavenError
from chassis.store import CHASSIS_INDEXES, AlreadyDone, Tx
from chassis.store.group import TURNS
from tests.charts import CHARTS, INDEXES, a_call, a_chart, charts
from tests.fakes.memory_store import MemoryStore

QUEUE = "crisis.on-chart-closed"
CALLS, THREADS = 200, 24


def acts(store: MemoryStore, number: int) -> dict[str, Callable[[Tx], None]]:
    """What a call may come to."""

    def add(tx: Tx) -> None:
        charts(store).insert(tx, a_chart(f"c{number}", patient_id=f"p{number}"))

    def add_slowly(tx: Tx) -> None:
        threading.Event().wait(0.01)
        add(tx)

    def refuse(tx: Tx) -> None:
        add(tx)
        raise FailedPrecondition("NOT_NOW", "not now")

    def break_down(tx: Tx) -> None:
        add(tx)
        raise ZeroDivisionError

    return {"add": add, "slow": add_slowly, "refuse": refuse, "break": break_down}


@pytest.mark.parametrize("seed", range(4))
def test_every_turn_is_given_back_and_nobodys_end_is_anothers(seed: int) -> None:
    clock = FixedClock(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    store = MemoryStore(service="crisis", clock=clock, indexes=[*CHASSIS_INDEXES, *INDEXES])
    chance = random.Random(seed)  # an order, not a secret
    kinds = chance.choices(["add", "slow", "refuse", "break"], [8, 3, 1, 1], k=CALLS)
    seconds = [chance.choice([20.0, 20.0, 20.0, 0.02]) for _ in range(CALLS)]

    def come(number: int) -> type[BaseException] | None:
        once = EventOnce(QUEUE, f"e{number}")
        act = acts(store, number)[kinds[number]]
        try:
            store.transact(a_call(once=once, seconds=seconds[number]), act)
        except (HavenError, ZeroDivisionError, AlreadyDone) as error:
            return type(error)
        return None

    with ThreadPoolExecutor(THREADS) as pool:
        ends = list(pool.map(come, range(CALLS)))

    stored = {chart["_id"] for chart in store.documents(CHARTS)}
    wrong = {"refuse": FailedPrecondition, "break": ZeroDivisionError}
    for number, (kind, end) in enumerate(zip(kinds, ends, strict=True)):
        if end is DeadlineExceeded:
            assert seconds[number] < 1, "who had time was not sent away"
        else:
            assert end is wrong.get(kind)
            assert (f"c{number}" in stored) is (kind not in wrong)
    company = store._groups._companies[QUEUE]
    assert (company._turns, company._waiting, company._gatherer) == (TURNS, [], None)
