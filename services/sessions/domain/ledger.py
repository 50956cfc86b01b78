"""Counted presence, a pure function of the SET of marks: order and repetition cannot matter.

    beat    a join or a heartbeat: present at that instant
    leave   that connection ended; without it a beat lasts one heartbeat interval
    stop    staff or the door put them out: no gap with a stop in it is joined

Beats of one connection closer than `silence` are one span. Spans closer than a beat are one run.
Longer gaps up to `gap` are joined, in order of time, until `gap_total` is used up. Gaps are
measured between beats alone, so a lost leave moves the end of a run by one interval at most and
never decides whether a gap is joined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Counting:
    """How presence is counted."""

    beat: timedelta
    silence: timedelta
    gap: timedelta
    gap_total: timedelta


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` until `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Span:
    """Beats of one connection without a silence between them."""

    connection_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """All marks of one participant in one session, as few values as say the same."""

    spans: tuple[Span, ...] = ()
    leaves: Mapping[str, datetime] = field(default_factory=dict)
    stops: tuple[datetime, ...] = ()

    def beat(self, connection_id: str, at: datetime, counting: Counting) -> Ledger:
        """The ledger with one more beat."""
        near: list[Span] = []
        far: list[Span] = []
        for span in self.spans:
            own = span.connection_id == connection_id
            close = span.start - counting.silence <= at <= span.end + counting.silence
            (near if own and close else far).append(span)
        start = min([at, *(span.start for span in near)])
        end = max([at, *(span.end for span in near)])
        spans = sorted([*far, Span(connection_id, start, end)], key=_place)
        return replace(self, spans=tuple(spans))

    def leave(self, connection_id: str, at: datetime) -> Ledger:
        """The ledger with the end of a connection; the earliest one told counts."""
        known = self.leaves.get(connection_id, at)
        return replace(self, leaves={**self.leaves, connection_id: min(known, at)})

    def stop(self, connection_id: str, at: datetime) -> Ledger:
        """The ledger with the end of a stay that was not a lost connection."""
        return replace(self.leave(connection_id, at), stops=tuple(sorted({*self.stops, at})))

    def intervals(
        self, window: Interval, breaks: Iterable[Interval], counting: Counting
    ) -> tuple[Interval, ...]:
        """The counted intervals inside the window and outside of the breaks."""
        runs = [_common(run, window) for run in self._runs(counting)]
        kept = [run for run in runs if run is not None]
        for pause in breaks:
            kept = [part for run in kept for part in _without(run, pause)]
        return tuple(kept)

    def _runs(self, counting: Counting) -> Iterator[Interval]:
        run: list[Span] = []
        left = counting.gap_total
        for span in sorted(self.spans, key=_place):
            heard = max((each.end for each in run), default=span.start)
            cost = span.start - heard if span.start - heard > counting.beat else NONE
            is_stopped = any(heard <= stop <= span.start for stop in self.stops) and bool(run)
            if is_stopped or cost > min(counting.gap, left):
                yield self._closed(run, counting)
                run, cost = [], NONE
            run.append(span)
            left -= cost
        if run:
            yield self._closed(run, counting)

    def _closed(self, run: list[Span], counting: Counting) -> Interval:
        return Interval(run[0].start, max(self._end(span, counting) for span in run))

    def _end(self, span: Span, counting: Counting) -> datetime:
        latest = span.end + counting.beat
        leave = self.leaves.get(span.connection_id, latest)
        return min(latest, max(span.end, leave))


def counted_seconds(intervals: Iterable[Interval], limit: timedelta) -> int:
    """Whole seconds of the intervals together, at most those that the session is worth."""
    total = sum((interval.length for interval in intervals), NONE)
    return int(min(total, limit).total_seconds())


def _place(span: Span) -> tuple[datetime, datetime, str]:
    return span.start, span.end, span.connection_id


def _common(run: Interval, window: Interval) -> Interval | None:
    start, end = max(run.start, window.start), min(run.end, window.end)
    return Interval(start, end) if start < end else None


def _without(run: Interval, pause: Interval) -> Iterator[Interval]:
    if pause.end <= run.start or pause.start >= run.end or pause.start >= pause.end:
        yield run
        return
    if run.start < pause.start:
        yield Interval(run.start, pause.start)
    if pause.end < run.end:
        yield Interval(pause.end, run.end)
