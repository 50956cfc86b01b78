"""What was committed lately, tenant by tenant, kept once for all who watch."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from haven.crisis.v1 import board_pb2

from chassis.errors import FailedPrecondition, OutOfRange
from chassis.store.feed import Place

# A cursor may be ahead of this replica by as much as this replica lags behind the others.
MOST_AHEAD_SECONDS = 60


@dataclass(frozen=True)
class Entry:
    """One version of a case, encoded once and only where somebody watches."""

    place: Place
    case_id: str
    patient_id: str
    version: int
    is_open: bool
    encode: Callable[[], board_pb2.BoardCase | None]

    @cached_property
    def message(self) -> board_pb2.BoardCase | None:
        """What watchers are shown; None where this release cannot read it."""
        return self.encode()


@dataclass(slots=True)
class Strip:
    """One tenant's entries, numbered without a gap; the oldest fall off."""

    since: Place
    first: int = 0
    entries: deque[Entry] = field(default_factory=deque)

    @property
    def next(self) -> int:
        """The number that the next entry will have."""
        return self.first + len(self.entries)

    def after(self, place: Place) -> int:
        """The number of the first entry behind the place; OutOfRange where some are gone."""
        if place < self.since:
            text = "what followed is no longer kept; begin without a cursor"
            raise OutOfRange("CURSOR_TOO_OLD", text)
        return self.first + bisect_right(self.entries, place, key=lambda entry: entry.place)

    def some(self, number: int, most: int) -> list[Entry]:
        """Entries from this one on, if there are any yet; OutOfRange where it is gone."""
        if number < self.first:
            raise OutOfRange("CURSOR_TOO_OLD", "what followed is no longer kept")
        start = number - self.first
        return list(islice(self.entries, start, start + most))

    def drop(self) -> None:
        """The oldest entry falls off."""
        self.since = self.entries.popleft().place
        self.first += 1


class Tape:
    """All tenants' strips, of at most `limit` entries together."""

    def __init__(self, begin: Place, *, limit: int) -> None:
        self.end = begin
        self._begin, self._limit = begin, limit
        self._strips: dict[str, Strip] = {}
        self._order: deque[str] = deque()

    def strip(self, tenant_id: str) -> Strip:
        """The tenant's own."""
        return self._strips.setdefault(tenant_id, Strip(self._begin))

    def add(self, tenant_id: str, entry: Entry) -> None:
        """The next entry."""
        self.end = entry.place
        self.strip(tenant_id).entries.append(entry)
        self._order.append(tenant_id)
        if len(self._order) > self._limit:
            self._strips[self._order.popleft()].drop()

    def reach(self, place: Place) -> None:
        """Everything before this place is here."""
        self.end = max(self.end, place)

    def refuse_ahead(self, place: Place) -> None:
        """Raise FailedPrecondition for a place that no commit can have yet."""
        if place.seconds > self.end.seconds + MOST_AHEAD_SECONDS:
            text = "a place that is not reached; begin without a cursor"
            raise FailedPrecondition("CURSOR_FOREIGN", text)


def newer(entries: Iterable[Entry], known: dict[str, int]) -> list[Entry]:
    """Those that tell more than is known, by case and version."""
    return [entry for entry in entries if entry.version > known.get(entry.case_id, 0)]
