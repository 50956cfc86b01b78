"""Reminders of sessions: at fixed times before each, moved and canceled with it.

Who was reminded already hears of that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum


@dataclass(frozen=True, slots=True)
class SessionFact:
    """What scheduling says about a session."""

    session_id: str
    start_time: datetime
    is_canceled: bool
    # Booked into this one session; those of a series come as seats.
    patient_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeatChange:
    """Sessions in which an enrollment holds a seat, and those where it gave its seat back."""

    enrollment_id: str
    patient_id: str
    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


class Turn(Enum):
    """What people who were reminded of a session must still hear of it."""

    MOVED = "moved"
    CANCELED = "canceled"


@dataclass(slots=True)
class PlannedSession:
    """A session that people are reminded of; `next_remind_time` is when somebody must look."""

    id: str
    session_id: str
    start_time: datetime
    is_canceled: bool = False
    patient_ids: tuple[str, ...] = ()
    # Of scheduling's own: only newer words count.
    aggregate_version: int = 0
    # The word that gave it this start; 0 = it has its first one.
    move_version: int = 0
    # Offsets, in seconds, that had their turn for this start time.
    past: frozenset[int] = frozenset()
    next_remind_time: datetime | None = None
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def patient_id(self) -> str:
        """A session is nobody's chart."""
        return ""

    def plan(
        self, fact: SessionFact, aggregate_version: int, offsets: Collection[int], now: datetime
    ) -> bool:
        """Take a newer word; False for an older one.

        A reminder whose time is over when the session is planned, or moved, is left out: who books
        on the same day needs no notice of the day before. A moved session is reminded of anew.
        """
        if self.version and aggregate_version <= self.aggregate_version:
            return False
        if not self.version or fact.start_time != self.start_time:
            self.past = frozenset(
                each for each in offsets if fact.start_time - timedelta(seconds=each) <= now
            )
        if self.version and fact.start_time != self.start_time:
            self.move_version = aggregate_version
        self.start_time, self.is_canceled = fact.start_time, fact.is_canceled
        self.patient_ids, self.aggregate_version = fact.patient_ids, aggregate_version
        self._look_ahead(offsets)
        return True

    def turn(self, fact: SessionFact, aggregate_version: int, now: datetime) -> Turn | None:
        """What a newer word turns it into, before it is taken; None for any that tells nothing new.

        A session that has begun, or begins at once, is nothing to write about.
        """
        is_news = bool(self.version) and aggregate_version > self.aggregate_version
        if not is_news or self.is_canceled or min(self.start_time, fact.start_time) <= now:
            return None
        if fact.is_canceled:
            return Turn.CANCELED
        return Turn.MOVED if fact.start_time != self.start_time else None

    def remind(self, offsets: Sequence[int], now: datetime) -> int | None:
        """The offset whose turn has come; of several the nearest to the start. None = none."""
        due = [
            each
            for each in offsets
            if each not in self.past and self.start_time - timedelta(seconds=each) <= now
        ]
        self.past = self.past | set(due)
        self._look_ahead(offsets)
        return min(due) if due and not self.is_canceled and now < self.start_time else None

    def is_due(self, now: datetime) -> bool:
        """True once somebody must look."""
        return self.next_remind_time is not None and self.next_remind_time <= now

    def _look_ahead(self, offsets: Collection[int]) -> None:
        coming = [self.start_time - timedelta(seconds=each) for each in set(offsets) - self.past]
        self.next_remind_time = min(coming, default=None) if not self.is_canceled else None
