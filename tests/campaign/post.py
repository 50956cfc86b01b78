"""What the mail server saw: which pages of each case came, when, and how often.

Nothing here is read from Haven: a page that Haven believes sent and that no server has is missing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cli.servers import Mail

REFERENCE = re.compile(r"Reference: (\S+)")


@dataclass(frozen=True, slots=True)
class Arrival:
    """The first copy of one page."""

    page: str  # the mail's Message-ID, which every copy shares
    recipient: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Downtime:
    """A process was killed, and ready again."""

    process: str
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Post:
    """All pages, by case, oldest first."""

    cases: dict[str, list[Arrival]]
    copies: int  # mails beyond the first of their page

    @classmethod
    def of(cls, mails: Iterable[Mail]) -> Post:
        """Read the server's log."""
        cases: defaultdict[str, list[Arrival]] = defaultdict(list)
        seen: set[str] = set()
        copies = 0
        for mail in sorted(mails, key=lambda mail: mail.receive_time):
            if (reference := REFERENCE.search(mail.text)) is None:
                continue
            page = mail.headers["Message-ID"]
            copies += page in seen
            if page not in seen:
                arrival = Arrival(page, mail.recipients[0], mail.receive_time)
                cases[reference[1]].append(arrival)
            seen.add(page)
        return cls(dict(cases), copies)


def wrong_steps(arrivals: Sequence[Arrival], ladder: Sequence[str]) -> list[str]:
    """Where a case's pages are not the ladder's, rung by rung, each once, the last one repeated.

    Deliveries overtake each other when a relay dies, so pages are compared as sets up to the last
    rung: nobody twice, nobody left out.
    """
    recipients = [each.recipient for each in arrivals]
    *once, last = ladder
    wrong = [
        f"{each} was woken {recipients.count(each)} times"
        for each in once
        if recipients.count(each) != 1
    ]
    if not recipients.count(last):
        wrong.append(f"{last} was never woken")
    return wrong + [f"{each} is not on the ladder" for each in set(recipients) - set(ladder)]


def early(
    arrivals: Sequence[Arrival], ladder: Sequence[str], *, pressed: datetime, wait: timedelta
) -> list[str]:
    """Who was woken before their rung could have its time, counted from the press of the button."""
    due = {recipient: pressed + wait * rung for rung, recipient in enumerate(ladder)}
    seconds = {
        each.recipient: (due[each.recipient] - each.time).total_seconds()
        for each in reversed(arrivals)
        if each.recipient in due
    }
    return [f"{who} was woken {each:.1f} s early" for who, each in seconds.items() if each > 0]


def lateness(
    arrivals: Sequence[Arrival], wait: timedelta, downtimes: Sequence[Downtime]
) -> list[float]:
    """Seconds by which each page came later than its rung's time, counted from the recovery.

    The page before may itself have been late: that only makes this one's time later, never
    earlier, because a rung's time begins when the rung fires.
    """
    late = []
    for before, arrival in pairwise(arrivals):
        due = before.time + wait
        hindered = [
            min(each.end, arrival.time)
            for each in downtimes
            if each.start < arrival.time and each.end > due
        ]
        late.append((arrival.time - max([due, *hindered])).total_seconds())
    return late
