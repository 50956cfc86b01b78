"""The direct way goes first: the queue takes what that has not taken.

Two transactions for one event at the same moment cost the database three: one of them loses, and
is run again to find out. In a storm both ways would meet at every event.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from chassis.call import Call
from chassis.errors import HavenError

STEP_SECONDS = 0.25
# Before that the direct way has hardly ever taken it, and a look costs the database a statement.
EARLY_SECONDS = 0.15
# Since its commit, every event; and since it came here, each while the direct way takes others.
# Of the two seconds that the crisis class has where one way is open.
YOUNG_SECONDS = MOST_SECONDS = 1.0
ALIVE_SECONDS = 1.0


class HeadStart:
    """What one queue gives to Deliver, as long as that makes use of it."""

    def __init__(
        self,
        is_done: Callable[[Call], bool],
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_done, self._sleep, self._monotonic = is_done, sleep, monotonic
        self._last_taken = -ALIVE_SECONDS

    def is_taken(self, call: Call, *, age: float) -> bool:
        """Whether the event, committed `age` seconds ago, has had its effect; waits a moment.

        An old event waits only for a way that is seen to be open: where it is closed, a storm must
        not come by the queue in steps.
        """
        begin = self._monotonic()
        if age < EARLY_SECONDS:
            self._sleep(EARLY_SECONDS - max(0.0, age))
        try:
            while not self._is_done(call):
                if not self._may_wait(age, self._monotonic() - begin):
                    return False
                self._sleep(STEP_SECONDS)
        except HavenError:
            return False  # the handler will meet the absent database itself
        self._last_taken = self._monotonic()
        return True

    def _may_wait(self, age: float, waited: float) -> bool:
        is_young = age + waited < YOUNG_SECONDS
        is_open = self._monotonic() - self._last_taken < ALIVE_SECONDS
        return is_young or (is_open and waited < MOST_SECONDS)
