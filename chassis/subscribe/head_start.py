"""The direct way goes first: the queue takes what that has not taken.

Two transactions for one event at the same moment cost the database three: one of them loses, and
is run again to find out. In a storm both ways would meet at every event.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from chassis.call import Call
from chassis.errors import HavenError

SECONDS = 0.25  # of the two that a crisis-class event has


class HeadStart:
    """What one queue gives to Deliver, as long as that makes use of it."""

    def __init__(
        self,
        is_done: Callable[[Call], bool],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._is_done, self._sleep = is_done, sleep
        self._is_used = True

    def is_taken(self, call: Call, *, age: float) -> bool:
        """Whether the event, committed `age` seconds ago, has had its effect; waits a moment.

        Where the direct way did not make use of it last time, only a young event waits: a storm
        must not come by this way in steps.
        """
        try:
            if self._is_used and self._is_done(call):
                return True
            pause = SECONDS if self._is_used else min(SECONDS, SECONDS - age)
            if pause > 0:
                self._sleep(pause)
            self._is_used = self._is_done(call)
        except HavenError:
            return False  # the handler will meet the absent database itself
        return self._is_used
