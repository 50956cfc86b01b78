"""Threads that take turns for as long as the process lives, and whose silence is noticed."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from chassis.broker import Backoff
from chassis.errors import HavenError
from chassis.log import failure, get_logger

# Every wait inside a turn is bounded by a few seconds; a loop silent for longer hangs.
SILENCE_SECONDS = 30.0

log = get_logger(__name__)


class Turning(Protocol):
    """Work that is done in turns."""

    def turn(self) -> float:
        """One pass; how many seconds the next may wait for a wake-up, 0 where more is left."""
        ...

    def failed(self, error: HavenError) -> None:
        """The pass ended early; the next one comes after a pause. The loop tells of it."""
        ...

    def close(self) -> None:
        """The last pass is over."""
        ...


class Loops:
    """The running loops of a process."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wakes: list[threading.Event] = []
        self._beats: dict[str, float] = {}

    def start(self, name: str, work: Turning, *, wake: threading.Event | None = None) -> None:
        """Turn `work` on a thread of its own: after every wake-up, and when its pause is over."""
        wake = wake or threading.Event()
        self._wakes.append(wake)
        self._beats[name] = time.monotonic()
        thread = threading.Thread(target=self._run, args=(name, work, wake), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def is_alive(self) -> bool:
        """False once a loop has ended or hangs."""
        oldest = min(self._beats.values(), default=time.monotonic())
        has_all = all(thread.is_alive() for thread in self._threads)
        return has_all and time.monotonic() - oldest < SILENCE_SECONDS

    def close(self, *, within: float) -> bool:
        """Ask all to end after their turn; True where they did in time."""
        until = time.monotonic() + within
        self.stopping.set()
        for wake in self._wakes:
            wake.set()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, name: str, work: Turning, wake: threading.Event) -> None:
        backoff, told = Backoff(), ""
        while not self.stopping.is_set():
            self._beats[name] = time.monotonic()
            try:
                pause = work.turn()
            except HavenError as error:
                if error.reason != told:  # an outage is told once, not every second
                    log.warning("loop.failing", job=name, **failure(error))
                told = error.reason
                work.failed(error)
                self.stopping.wait(backoff.next())
                continue
            if told:
                log.info("loop.recovered", job=name)
            told = ""
            backoff.reset()
            if pause > 0:
                wake.wait(pause)
                wake.clear()
        work.close()
