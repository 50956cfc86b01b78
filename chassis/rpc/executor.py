"""A thread pool that says no. What cannot start soon is refused instead of kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from chassis.errors import ResourceExhausted

R = TypeVar("R")


class BoundedExecutor:
    """Runs `size` calls at once and lets `queue` more wait; the next one gets SERVER_BUSY."""

    def __init__(self, size: int, *, queue: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="call")
        self._limit = size + queue
        self._lock = threading.Lock()
        self._accepted = 0

    def submit(self, fn: Callable[..., R], *args: Any) -> Future[R]:
        """Start or queue the call, or raise ResourceExhausted("SERVER_BUSY") at once."""
        with self._lock:
            if self._accepted >= self._limit:
                raise ResourceExhausted("SERVER_BUSY", "too many calls are waiting; try again")
            self._accepted += 1
        try:
            future = self._pool.submit(fn, *args)
        except RuntimeError:  # shut down
            self._release(None)
            raise
        # On the future and not on its awaiter: a caller may leave before the thread is free.
        future.add_done_callback(self._release)
        return future

    def close(self) -> None:
        """Let running calls end; queued ones are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _release(self, _: Future[Any] | None) -> None:
        with self._lock:
            self._accepted -= 1
