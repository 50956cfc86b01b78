"""A relay's timers and the watch that wakes them, without the rest of the relay."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from chassis.due_work import DueWork
from chassis.lease import Leases
from chassis.precedence import Precedence
from chassis.store import Store
from chassis.store.watch import Watch
from chassis.timers import DueRunner

# As many tests as start a relay wait for its end.
AWAIT_MILLIS = 50


class RunningTimers:
    """What is due gets done, from start to stop."""

    def __init__(self, store: Store, works: Sequence[DueWork]) -> None:
        self._watch = Watch(store, await_millis=AWAIT_MILLIS)
        self._runner = DueRunner(store, works, self._watch, Leases(store), Precedence())

    def start(self) -> None:
        """Begin; returns at once."""
        self._watch.start()
        self._runner.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        watch = threading.Thread(target=self._watch.stop)
        watch.start()
        self._runner.stop()
        watch.join()

    def is_alive(self) -> bool:
        """False once a thread has ended that should not have."""
        return self._runner.is_alive() and self._watch.is_alive()
