"""What a service has to do when a stored time has come, as it declares it to its relay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chassis.call import Call
from chassis.store.engine import Due

THREADS = 4  # where a kind of work names no number of its own

HandleAll = Callable[[Call, Sequence[str]], Mapping[str, Exception]]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Which of many due documents come first: by the value of a field, in this order.

    A document without the field, or with a value that is not known here, comes before all others.
    """

    field: str
    first_to_last: tuple[str, ...]

    def place(self, due: Due) -> int:
        """Smaller is sooner."""
        known = due.rank in self.first_to_last
        return self.first_to_last.index(due.rank) if known else -1


@dataclass(frozen=True, slots=True)
class DueWork:
    """Documents of one collection that need something done at the time in one field.

    `ranking` is for what is about people in danger: other classes' events give way to much of it.
    `threads` is how many are handled at once: so many can wait for somebody else's answer before
    one more waits for them. `handle_all` does the same as `handle` for several of one tenant, where
    that costs less, and tells what failed, by document; nothing that is ranked has it. What became
    due while the database did not answer waits `allowance_seconds` after it; a relay that was
    started meanwhile does not know of that time.
    """

    name: str
    collection: str
    field: str
    handle: Callable[[Call, str], None]
    ranking: Ranking | None = None
    threads: int = THREADS
    handle_all: HandleAll | None = None
    allowance_seconds: float = 0.0
