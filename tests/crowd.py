"""Calls that come while another is being committed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chassis.call import EventOnce
from chassis.deadline import Deadline
from chassis.store import Store, Tx, group
from chassis.store.group import Together
from tests.charts import a_call, a_request
from tests.waiting import eventually

QUEUE = "crisis.on-chart-closed"


def nothing(_: Tx) -> None:
    """A use case without an effect."""


class Crowd:
    """Events on their way into one store."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch, *, turns: int = 1) -> None:
        self.store = store
        self.transactions = 0
        self.fault: Exception | None = None  # what a group's transaction ends with
        monkeypatch.setattr(group, "TURNS", turns)
        self._transact = store.engine.transact
        self._pool = ThreadPoolExecutor(16)
        monkeypatch.setattr(store.engine, "transact", self._counted)

    def come(
        self, event_id: str, fn: Callable[[Tx], Any], *, queue: str = QUEUE, seconds: float = 20.0
    ) -> Future[Any]:
        """One event; its own thread."""
        call = a_call(once=EventOnce(queue, event_id), seconds=seconds)
        return self._pool.submit(self.store.transact, call, fn)

    def ask(self, fn: Callable[[Tx], Any], request_id: str = "") -> Future[Any]:
        """One urgent call of a method; its own thread."""
        once = a_request(request_id, encode=str.encode) if request_id else None
        call = replace(a_call(once=once), company=QUEUE)
        return self._pool.submit(self.store.transact, call, fn)

    @contextmanager
    def while_one_is_committed(self, queue: str = QUEUE, event_id: str = "first") -> Iterator[None]:
        """What comes meanwhile waits, and goes together when this ends."""
        entered, done = threading.Event(), threading.Event()

        def hold(_deadline: Deadline, attempt: Any) -> Any:
            entered.set()
            done.wait(20)
            return self._counted(_deadline, attempt)

        self.store.engine.transact = hold  # type: ignore[method-assign]
        first = self.come(event_id, nothing, queue=queue)
        entered.wait(20)
        self.store.engine.transact = self._counted  # type: ignore[method-assign]
        yield
        done.set()
        first.result(20)

    def waiting(self, number: int, queue: str = QUEUE) -> None:
        """Return when so many wait."""
        company = self.store._groups._companies[queue]
        eventually(lambda: len(company._waiting) == number, within=20)

    def close(self) -> None:
        """All threads have ended."""
        self._pool.shutdown()

    def _counted(self, deadline: Deadline, body: Any) -> Any:
        self.transactions += 1
        if self.fault is not None and isinstance(body, Together):
            raise self.fault
        return self._transact(deadline, body)
