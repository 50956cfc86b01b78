"""Which channel a message takes next, from what became of its attempts so far. No state of its own.

A failing channel gives way to the next at once. A page goes on although a provider took it: being
taken is no answer, so the next channel joins after `step`. A channel that failed for now is tried
again after its pause, once every other one was tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from services.notify.domain.attempt import RECEIPT_MISSING, Attempt, Channel
from services.notify.domain.retry import RetryPlan

# Tries by one channel whose providers take a page and stay silent: the second may be another one.
MOST_SILENT = 2
# No channel has to wait for its hour.
ALL_OPEN: Mapping[Channel, datetime] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pace:
    """How patiently messages of one kind go through their channels."""

    plan: RetryPlan
    # How long a provider has to say that a message arrived, by channel; others say nothing.
    receipt_within: Mapping[Channel, timedelta]
    # When the next channel joins one that took it; None: one is enough.
    step: timedelta | None = None

    @property
    def is_one_enough(self) -> bool:
        """True where a message needs one channel; a page takes all until somebody answers."""
        return self.step is None


@dataclass(frozen=True, slots=True)
class Try:
    """Now, by this channel."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing before that."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """All was done that can be, and at least one provider has it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """No channel can carry it."""

    reason: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Some channel may carry it one day, but all its attempts are used up."""


Step = Try | Wait | Arrived | Lost | GivenUp


def next_step(
    attempts: Sequence[Attempt],
    channels: Sequence[Channel],
    pace: Pace,
    now: datetime,
    *,
    closed: Mapping[Channel, datetime] = ALL_OPEN,
) -> Step:
    """What to do now; `channels` are the recipient's, in their order, none twice.

    A channel that is `closed` may be used from that time on; one that is open goes before it.
    `attempts` are those of the present series, none of them under way or past its receipt's time.
    """
    taken = [each for each in attempts if each.is_taken]
    is_done = bool(taken) and pace.is_one_enough
    tries = [] if is_done else _tries(attempts, channels, pace, now, closed)
    is_used_up = bool(tries) and len(attempts) >= pace.plan.most_attempts
    tries = [] if is_used_up else tries
    for due, channel in tries:
        if due <= now:
            return Try(channel)
    if waits := [*(due for due, _ in tries), *_receipts(taken, pace)]:
        return Wait(min(waits))
    if taken:
        return Arrived()
    return GivenUp() if is_used_up else Lost(attempts[-1].reason if attempts else "")


def without_overdue(attempts: Sequence[Attempt], pace: Pace, now: datetime) -> tuple[Attempt, ...]:
    """The attempts after every receipt whose time has passed was given up.

    For a page that is a miss: a page that may have arrived is no page. Where one channel is
    enough, the provider's acceptance is the last word.
    """
    settled: list[Attempt] = []
    for each in attempts:
        if not each.awaits_receipt or each.receipt_due is None or each.receipt_due > now:
            settled.append(each)
        elif pace.is_one_enough:
            settled.append(replace(each, receipt_due=None))
        else:
            before = [one for one in settled if one.reason == RECEIPT_MISSING]
            is_again = sum(one.channel is each.channel for one in before) + 1 < MOST_SILENT
            again = now if is_again else None
            settled.append(replace(each, reason=RECEIPT_MISSING, again=again))
    return tuple(settled)


def _tries(
    attempts: Sequence[Attempt],
    channels: Sequence[Channel],
    pace: Pace,
    now: datetime,
    closed: Mapping[Channel, datetime],
) -> list[tuple[datetime, Channel]]:
    """The channels that may be tried, and when; an untried one before those that failed."""
    last = {each.channel: each for each in attempts}
    joins = _joins(attempts, pace, now)
    fresh = [(joins, channel) for channel in channels if channel not in last]
    failed = [last[each] for each in channels if each in last and last[each].reason]
    resting = [(each.again, each.channel) for each in failed if each.again is not None]
    # Of the untried ones one at a time: the first that is open, else the first that will be.
    return [*_opened(fresh, closed)[:1], *_opened(resting, closed)]


def _opened(
    tries: Sequence[tuple[datetime, Channel]], closed: Mapping[Channel, datetime]
) -> list[tuple[datetime, Channel]]:
    """None of them before its channel may be used; the earliest first, else in their order."""
    found = [(max(due, closed.get(channel, due)), channel) for due, channel in tries]
    return sorted(found, key=lambda each: each[0])


def _receipts(taken: Sequence[Attempt], pace: Pace) -> list[datetime]:
    """Until when words of providers are awaited, where they still matter."""
    if pace.is_one_enough and not all(each.awaits_receipt for each in taken):
        return []
    return [each.receipt_due for each in taken if each.awaits_receipt and each.receipt_due]


def _joins(attempts: Sequence[Attempt], pace: Pace, now: datetime) -> datetime:
    """When the next untried channel's turn is."""
    if not attempts or pace.step is None:
        return now
    newest = attempts[-1]
    if newest.end is None or not newest.is_taken:
        return now
    return newest.end + pace.step
