"""The direct way goes first: the queue takes what that has not taken.

Two transactions for one event at the same moment cost the database three: one of them loses, and
is run again to find out. In a storm both ways would meet at every event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from chassis.call import Call
from chassis.errors import HavenError

STEP_SECONDS = 0.25
# Before that the direct way has hardly ever taken it, and a look costs the database a statement.
EARLY_SECONDS = 0.15
# Since its commit, every event; and since it came here, each while the direct way takes others.
# Of the two seconds that the crisis class has where one way is open.
YOUNG_SECONDS = MOST_SECONDS = 1.0
ALIVE_SECONDS = 1.0

AreDone = Callable[[Sequence[Call]], Sequence[bool]]  # whether each has had its effect
Sleep = Callable[[float], None]


class Look:
    """One look into the inbox, for all who want one at that moment."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.done: Sequence[bool] | None = None  # none where the database did not answer
        self.is_over = threading.Event()  # of the thread's own kind: green in a worker


class HeadStart:
    """What one queue gives to Deliver, as long as that makes use of it."""

    def __init__(
        self,
        are_done: AreDone,
        *,
        sleep: Sleep = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._are_done, self._sleep, self._monotonic = are_done, sleep, monotonic
        self._last_taken = -ALIVE_SECONDS
        self._next_look: Look | None = None

    def is_taken(self, call: Call, *, age: float) -> bool:
        """Whether the event, committed `age` seconds ago, has had its effect; waits a moment.

        An old event waits only for a way that is seen to be open: where it is closed, a storm must
        not come by the queue in steps.
        """
        begin = self._monotonic()
        if age < EARLY_SECONDS:
            self._sleep(EARLY_SECONDS - max(0.0, age))
        while not (is_done := self._look_for(call)):
            # Without a database the handler will say so itself.
            if is_done is None or not self._may_wait(age, self._monotonic() - begin):
                return False
            # All look at the same moments, so that one look serves them.
            self._sleep(STEP_SECONDS - self._monotonic() % STEP_SECONDS)
        self._last_taken = self._monotonic()
        return True

    def _look_for(self, call: Call) -> bool | None:
        """Whether it is done, from a look of one's own or another's at this moment."""
        look, is_first = self._next_look, False
        if look is None:
            look, is_first = Look(), True
            self._next_look = look
        place = len(look.calls)
        look.calls.append(call)
        if is_first:
            self._take(look)
        else:
            look.is_over.wait()
        return None if look.done is None else look.done[place]

    def _take(self, look: Look) -> None:
        try:
            self._sleep(0)  # whoever woke up at the same moment comes along
            self._next_look = None
            with suppress(HavenError):  # done stays unknown
                look.done = self._are_done(look.calls)
        finally:
            if self._next_look is look:
                self._next_look = None
            look.is_over.set()

    def _may_wait(self, age: float, waited: float) -> bool:
        # By another clock than ours it may lie ahead: that keeps nobody waiting for longer.
        is_young = max(0.0, age) + waited < YOUNG_SECONDS
        is_open = self._monotonic() - self._last_taken < ALIVE_SECONDS
        return is_young or (is_open and waited < MOST_SECONDS)
