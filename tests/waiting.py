"""Waiting for what must come true, instead of sleeping and hoping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_pause = threading.Event()


def eventually(attempt: Callable[[], T], *, within: float, every: float = 0.02) -> T:
    """The first truthy answer of `attempt`; AssertionError when there is none in time.

    An AssertionError of the attempt counts as "not yet" and is what is shown in the end.
    """
    deadline = time.monotonic() + within
    while True:
        failure: AssertionError | None = None
        try:
            if answer := attempt():
                return answer
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise failure or AssertionError(f"still {answer!r} after {within} s")
        _pause.wait(every)
