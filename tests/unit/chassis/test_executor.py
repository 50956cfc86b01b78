from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Iterator

import pytest

from chassis.errors import ResourceExhausted
from chassis.rpc import executor as executor_module
from chassis.rpc.executor import BoundedExecutor, Urgency

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request")


@pytest.fixture
def executor() -> Iterator[BoundedExecutor]:
    made = BoundedExecutor(1, queue=1)
    yield made
    made.close()


class Gate:
    """A call that runs until it is let go."""

    def __init__(self) -> None:
        self.started, self.released = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.started.set()
        assert self.released.wait(10)
        return "first"


async def test_what_cannot_start_soon_is_refused(executor: BoundedExecutor) -> None:
    gate = Gate()
    running = asyncio.create_task(executor.run(gate))
    waiting = asyncio.create_task(executor.run(lambda: "second"))
    await asyncio.to_thread(gate.started.wait, 5)
    with pytest.raises(ResourceExhausted) as raised:
        await executor.run(lambda: "third")
    assert raised.value.reason == "SERVER_BUSY"
    gate.released.set()
    assert (await running, await waiting) == ("first", "second")


async def test_room_comes_back_when_a_call_ends_however_it_ends(executor: BoundedExecutor) -> None:
    def fails() -> None:
        raise ValueError("broken")

    for _ in range(5):
        with pytest.raises(ValueError, match="broken"):
            await executor.run(fails)
    assert await executor.run(lambda: "fine") == "fine"
    assert executor.accepted == 0


async def test_an_iterator_s_end_is_an_error_like_any_other(executor: BoundedExecutor) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await executor.run(lambda: next(iter(())))


async def test_a_caller_who_leaves_does_not_free_a_busy_thread(executor: BoundedExecutor) -> None:
    gate = Gate()
    leaving = asyncio.create_task(executor.run(gate))
    await asyncio.to_thread(gate.started.wait, 5)
    leaving.cancel()
    waiting = asyncio.create_task(executor.run(lambda: "second"))
    await asyncio.sleep(0)
    with pytest.raises(ResourceExhausted):
        await executor.run(lambda: "third")
    gate.released.set()
    assert await waiting == "second"
    assert leaving.cancelled()


async def test_a_queued_call_whose_caller_left_never_runs(executor: BoundedExecutor) -> None:
    gate = Gate()
    ran: list[str] = []
    running = asyncio.create_task(executor.run(gate))
    await asyncio.to_thread(gate.started.wait, 5)
    leaving = asyncio.create_task(executor.run(ran.append, "never"))
    await asyncio.sleep(0)
    leaving.cancel()
    gate.released.set()
    await running
    assert await executor.run(lambda: "next") == "next"
    assert ran == []
    assert executor.accepted == 0


async def test_a_call_runs_in_its_caller_s_context(executor: BoundedExecutor) -> None:
    REQUEST.set("mine")
    assert await executor.run(REQUEST.get) == "mine"


async def test_many_calls_all_come_back() -> None:
    executor = BoundedExecutor(4, queue=2000)
    answers = await asyncio.gather(*(executor.run(lambda n=n: n) for n in range(2000)))
    assert answers == list(range(2000))
    assert executor.accepted == 0
    executor.close()


def test_a_call_that_outlives_its_loop_ends_without_a_word(executor: BoundedExecutor) -> None:
    gate = Gate()

    async def leaves_it() -> None:
        task = asyncio.create_task(executor.run(gate))
        await asyncio.to_thread(gate.started.wait, 5)
        task.cancel()

    asyncio.run(leaves_it())
    gate.released.set()

    executor.close()  # the thread ends; what it raised would fail this test


async def test_a_call_about_somebody_in_danger_is_not_refused_and_goes_first(
    executor: BoundedExecutor,
) -> None:
    gate = Gate()
    order: list[str] = []
    running = asyncio.create_task(executor.run(gate))
    await asyncio.to_thread(gate.started.wait, 5)
    others = [asyncio.create_task(executor.run(order.append, "ordinary"))]
    await asyncio.sleep(0)
    urgent = [
        asyncio.create_task(executor.run(order.append, f"urgent {number}", urgency=Urgency.HIGHEST))
        for number in range(3)
    ]
    await asyncio.sleep(0)
    gate.released.set()
    await asyncio.gather(running, *others, *urgent)

    assert order == ["urgent 0", "urgent 1", "urgent 2", "ordinary"]


async def test_of_urgent_calls_that_wait_the_most_urgent_goes_first(
    executor: BoundedExecutor,
) -> None:
    gate = Gate()
    order: list[Urgency] = []
    running = asyncio.create_task(executor.run(gate))
    await asyncio.to_thread(gate.started.wait, 5)
    urgent = [
        asyncio.create_task(executor.run(order.append, each, urgency=each))
        for each in (Urgency.LOW, Urgency.HIGHEST, Urgency.MODERATE, Urgency.HIGHEST)
    ]
    await asyncio.sleep(0)
    gate.released.set()
    await asyncio.gather(running, *urgent)

    assert order == [Urgency.HIGHEST, Urgency.HIGHEST, Urgency.MODERATE, Urgency.LOW]


async def test_even_urgent_calls_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor_module, "URGENT_QUEUE", 1)
    executor = BoundedExecutor(1, queue=1)
    gate = Gate()
    tasks = [asyncio.create_task(executor.run(gate))]
    await asyncio.to_thread(gate.started.wait, 5)
    tasks += [asyncio.create_task(executor.run(int, urgency=Urgency.HIGHEST)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ResourceExhausted):
        await executor.run(int, urgency=Urgency.HIGHEST)
    gate.released.set()
    await asyncio.gather(*tasks)
    executor.close()
