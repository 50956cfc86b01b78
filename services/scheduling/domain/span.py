"""Stretches of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From an instant up to, and without, another; both aware and in UTC."""

    start: datetime
    end: datetime

    def holds(self, other: Span) -> bool:
        """True where the other lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Span) -> bool:
        """True where the two share an instant; touching is not overlapping."""
        return self.start < other.end and other.start < self.end


def first_clash(spans: Iterable[Span], others: Sequence[Span]) -> Span | None:
    """The earliest of `spans` that overlaps one of the others."""
    clashing = (span for span in sorted(spans) if any(span.overlaps(each) for each in others))
    return next(clashing, None)
