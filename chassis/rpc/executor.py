"""Threads for the sync core, called from the event loop, that say no in time.

asyncio's own bridge makes two futures and wakes the loop once for every call. Here a call costs
one, and finished calls that meet on the way back share a wake-up: at full load that is a third of
what a whole RPC may cost us.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from chassis.errors import ResourceExhausted

R = TypeVar("R")
Answer = asyncio.Future[Any]


class BoundedExecutor:
    """Runs `size` calls at once and lets `queue` more wait; the next one gets SERVER_BUSY.

    It belongs to one event loop.
    """

    def __init__(self, size: int, *, queue: int) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="call")
        self._limit = size + queue
        self._finished: deque[tuple[Answer, Any, BaseException | None]] = deque()
        self._is_waking = False
        self.accepted = 0  # running or waiting; touched by the loop's thread alone

    async def run(self, fn: Callable[..., R], *args: Any) -> R:
        """What `fn` returns or raises, from a thread, in the caller's context.

        ResourceExhausted("SERVER_BUSY") at once where it would wait too long.
        """
        if self.accepted >= self._limit:
            raise ResourceExhausted("SERVER_BUSY", "too many calls are waiting; try again")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._pool.submit(self._work, answer, contextvars.copy_context(), fn, args)
        self.accepted += 1
        return await answer

    def close(self) -> None:
        """Let running calls end; queued ones are dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(
        self,
        answer: Answer,
        context: contextvars.Context,
        fn: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> None:
        result, error = None, None
        if not answer.cancelled():  # nobody waits for it any more
            try:
                result = context.run(fn, *args)
            except BaseException as raised:
                error = _carried(raised)  # to the caller, whom it concerns
        # A caller may leave before the thread is free: room comes back only from here.
        self._finished.append((answer, result, error))
        if not self._is_waking:
            self._is_waking = True
            answer.get_loop().call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        """On the loop: answer everyone whose call has finished by now."""
        self._is_waking = False  # first: who finishes from here on wakes the loop again
        while self._finished:
            answer, result, error = self._finished.popleft()
            self.accepted -= 1
            if answer.cancelled():
                continue
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)


def _carried(error: BaseException) -> BaseException:
    """A future cannot hold StopIteration."""
    if not isinstance(error, StopIteration):
        return error
    carried = RuntimeError("StopIteration left a call")
    carried.__cause__ = error
    return carried
