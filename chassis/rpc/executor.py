"""Threads for the sync core, called from the event loop, that say no in time.

asyncio's own bridge to a ThreadPoolExecutor makes two futures, takes five locks and wakes the loop
once for every call. Here a call makes one future, and finished calls that meet on the way back
share a wake-up. The bridge is the largest part of what Haven adds to an RPC; this halves it.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from queue import SimpleQueue
from typing import Any, TypeVar

from chassis.errors import ResourceExhausted

R = TypeVar("R")
Answer = asyncio.Future[Any]
Work = tuple[Answer, contextvars.Context, Callable[..., Any], tuple[Any, ...]]

# Urgent calls that may wait beyond all others. Some bound there must be: each holds its message.
URGENT_QUEUE = 10_000


class Urgency(IntEnum):
    """Who goes first where calls wait. All but ORDINARY are about somebody in danger."""

    HIGHEST = 0
    MODERATE = 1
    LOW = 2
    ORDINARY = 3


class BoundedExecutor:
    """Runs `size` calls at once and lets `queue` more wait; the next one gets SERVER_BUSY.

    An urgent call waits behind no less urgent one, and is not refused for ordinary ones.
    It belongs to one event loop.
    """

    def __init__(self, size: int, *, queue: int) -> None:
        self._size, self._limit = size, size + queue
        # One token per call that waits; which call a thread takes for it, urgency decides.
        self._tokens: SimpleQueue[bool] = SimpleQueue()
        self._lines: tuple[deque[Work], ...] = tuple(deque() for _ in Urgency)
        self._threads: list[threading.Thread] = []
        self._finished: deque[tuple[Answer, Any, BaseException | None]] = deque()
        self._is_waking = False
        self.accepted = 0  # running or waiting; touched by the loop's thread alone

    async def run(self, fn: Callable[..., R], *args: Any, urgency: Urgency = Urgency.ORDINARY) -> R:
        """What `fn` returns or raises, from a thread, in the caller's context.

        ResourceExhausted("SERVER_BUSY") at once where it would wait too long.
        """
        is_ordinary = urgency is Urgency.ORDINARY
        if self.accepted >= self._limit + (0 if is_ordinary else URGENT_QUEUE):
            raise ResourceExhausted("SERVER_BUSY", "too many calls are waiting; try again")
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self.accepted += 1
        if len(self._threads) < min(self.accepted, self._size):
            self._add_thread()
        self._lines[urgency].append((answer, contextvars.copy_context(), fn, args))
        self._tokens.put(True)
        return await answer

    def close(self) -> None:
        """Wait until accepted calls have ended; their answers are not awaited any more."""
        for _ in self._threads:
            self._tokens.put(False)
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _add_thread(self) -> None:
        # Daemons, because a process must be able to end while a frozen server holds one.
        name = f"call-{len(self._threads)}"
        thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while self._tokens.get():
            self._do(*self._next())

    def _next(self) -> Work:
        """The most urgent that waits; there is one for every token, so that this ends."""
        while True:
            for line in self._lines:
                with suppress(IndexError):
                    return line.popleft()

    def _do(
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
            except BaseException as raised:  # whatever it is, the thread serves others after it
                error = _carried(raised)  # to the caller, whom it concerns
        # A caller may leave before the thread is free: room comes back only from here.
        self._finished.append((answer, result, error))
        if not self._is_waking:
            self._is_waking = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits for any answer
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
