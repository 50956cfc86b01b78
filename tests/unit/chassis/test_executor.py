from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chassis.errors import ResourceExhausted
from chassis.rpc.executor import BoundedExecutor


@pytest.fixture
def executor() -> Iterator[BoundedExecutor]:
    made = BoundedExecutor(1, queue=1)
    yield made
    made.close()


def test_what_cannot_start_soon_is_refused(executor: BoundedExecutor) -> None:
    release = threading.Event()
    running, waiting = executor.submit(release.wait), executor.submit(lambda: "second")
    with pytest.raises(ResourceExhausted) as raised:
        executor.submit(lambda: "third")
    assert raised.value.reason == "SERVER_BUSY"
    release.set()
    assert (running.result(5), waiting.result(5)) == (True, "second")


def test_room_comes_back_when_a_call_ends_however_it_ends(executor: BoundedExecutor) -> None:
    def fails() -> None:
        raise ValueError("broken")

    for _ in range(5):
        with pytest.raises(ValueError, match="broken"):
            executor.submit(fails).result(5)
    assert executor.submit(lambda: "fine").result(5) == "fine"


def test_a_caller_who_leaves_does_not_free_a_busy_thread(executor: BoundedExecutor) -> None:
    release, started = threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        release.wait(5)

    running = executor.submit(work)
    assert started.wait(5)
    assert not running.cancel()
    executor.submit(lambda: None)
    with pytest.raises(ResourceExhausted):
        executor.submit(lambda: None)
    release.set()


def test_a_queued_call_whose_caller_left_makes_room(executor: BoundedExecutor) -> None:
    release = threading.Event()
    executor.submit(release.wait)
    assert executor.submit(lambda: "never").cancel()
    queued = executor.submit(lambda: "now")
    release.set()
    assert queued.result(5) == "now"
