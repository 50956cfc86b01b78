"""What should have happened and did not: one small function per rule, over rows as they are stored.

A rule never trusts that an aggregate can be built of a row: what it looks for is what is broken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.crisis.domain.coverage import Plan
from services.crisis.domain.escalation import LONGEST_WAIT
from services.crisis.domain.reach import Presence
from services.crisis.domain.record import State
from services.crisis.domain.timeline import ActKind

# A crisis-class event is told at once and repeated every second; both ways together have failed.
EVENT_LATE = timedelta(seconds=15)  # [D]
# Pages asked for longer ago are history: newer ones have followed, or somebody has the case.
PAGE_HORIZON = timedelta(minutes=15)  # [D] three times the default life of a page
# Nothing may wait longer than the longest wait of its own policy, give or take.
DEADLINE_SLACK = timedelta(hours=1)  # [D]


class FindingKind(StrEnum):
    """What is wrong, by what it means for people."""

    # An open case that nothing will ever escalate.
    DEADLINE_MISSING = "deadline_missing"
    # A timer that should have fired.
    DEADLINE_OVERDUE = "deadline_overdue"
    # Something else of which the time has come: a follow-up, a wait for a person, a hand-off.
    WORK_OVERDUE = "work_overdue"
    # Somebody took the case, and is not there any more.
    OWNER_NOT_LIVE = "owner_not_live"
    # Somebody was to be woken, and no provider has said yes or no.
    PAGE_NOT_HANDED_OVER = "page_not_handed_over"
    # A committed crisis-class event that is not published, or that some consumer has not taken.
    EVENT_WAITING = "event_waiting"
    # A crisis-class event that nobody could take.
    DEAD_LETTER = "dead_letter"
    # Nobody is known to be where the tenant's ladders end, or to be within reach there.
    TENANT_WITHOUT_COVER = "tenant_without_cover"
    # A rotation that a policy names has nobody on call at this moment whom a page can reach.
    ROTATION_HOLE = "rotation_hole"
    # The auditor itself could not read what is stored.
    UNREADABLE = "unreadable"


class Repair(StrEnum):
    """What is safe to do about it, each once however many auditors see it."""

    NONE = "none"
    # Give the case a deadline: now.
    RESTORE = "restore"
    # Let the case wake the next people.
    CLIMB = "climb"
    # Do what the relay's timer would have done.
    ACT = "act"
    # Open a case for the supervisors.
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and since when."""

    kind: FindingKind
    # Of a case, an event, a rotation or what is due; never a person's.
    subject_id: str
    age: timedelta
    repair: Repair = Repair.NONE
    # For pages: all that the case asked for last; it is climbed only while these are still those.
    unheard: frozenset[str] = frozenset()
    # The kind of due work, where that is what is overdue.
    work: str = ""


@dataclass(frozen=True, slots=True)
class DueRow:
    """One thing whose time has come, by the name of its kind of due work."""

    work: str
    id: str
    time: datetime


@dataclass(frozen=True, slots=True)
class CaseRow:
    """An unresolved case as far as its promise is concerned."""

    id: str
    state: str
    # None where it is missing or no time at all.
    next_deadline: datetime | None
    owner_id: str
    update_time: datetime
    wait_start: datetime | None
    # The pages that were asked for last.
    pages: frozenset[str]
    is_at_last: bool
    # The longest time that anything in its frozen policy may take.
    longest_wait: timedelta


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page that was asked for."""

    page_id: str
    case_id: str
    time: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """A crisis-class event that waits."""

    event_id: str
    time: datetime


class About(StrEnum):
    """What a crisis-class event is about."""

    # Somebody may be in danger.
    SIGNAL = "signal"
    # A case of ours, which is its aggregate.
    CASE = "case"
    # What became of a page.
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class ParkedEvent:
    """A crisis-class event in a dead queue: what its envelope says, empty where it does not."""

    # Where the envelope names none, an id that is the same at every look.
    event_id: str
    tenant_id: str
    about: About
    aggregate_id: str
    # The consumer's queue, which is its key in the inbox.
    queue: str
    consumer: str
    time: datetime | None


def deadline_finding(row: CaseRow, *, now: datetime, late: timedelta) -> Finding | None:
    """Whether the case will act by itself, and has acted when it should."""
    furthest = now + max(row.longest_wait, LONGEST_WAIT) + DEADLINE_SLACK
    if row.next_deadline is None or row.next_deadline > furthest:
        age = now - row.update_time
        return Finding(FindingKind.DEADLINE_MISSING, row.id, age, Repair.RESTORE)
    overdue = now - row.next_deadline
    is_owned = row.state == State.ACKNOWLEDGED
    if is_owned and not row.owner_id and row.next_deadline > now:
        age = now - row.update_time
        return Finding(FindingKind.OWNER_NOT_LIVE, row.id, age, Repair.RESTORE)
    if overdue <= late:
        return None
    kind = FindingKind.OWNER_NOT_LIVE if is_owned else FindingKind.DEADLINE_OVERDUE
    return Finding(kind, row.id, overdue, Repair.CLIMB)


def work_findings(rows: Iterable[DueRow], *, now: datetime) -> list[Finding]:
    """What has been due for too long. Its own use case looks again, and does it once."""
    return [
        Finding(FindingKind.WORK_OVERDUE, row.id, now - row.time, Repair.ACT, work=row.work)
        for row in rows
    ]


def page_findings(
    rows: Iterable[CaseRow],
    pages: Iterable[PageRow],
    answers: Mapping[str, frozenset[ActKind]],
    *,
    now: datetime,
    late: timedelta,
) -> list[Finding]:
    """Pages of cases nobody has, of which nothing was heard in time.

    A case climbs where that is true of one of its last pages and no other of them was handed over.
    """
    waiting = {row.id: row for row in rows if row.state == State.OPEN}
    silent = [
        page
        for page in pages
        if (row := waiting.get(page.case_id)) is not None
        and page.time >= (row.wait_start or page.time)  # earlier ones were withdrawn in silence
        and now - page.time > late
        and not answers.get(page.page_id)
    ]
    silent_ids = frozenset(page.page_id for page in silent)
    return [
        Finding(
            FindingKind.PAGE_NOT_HANDED_OVER,
            page.case_id,
            now - page.time,
            _repair_of(waiting[page.case_id], page, silent_ids, answers),
            unheard=waiting[page.case_id].pages,
        )
        for page in silent
    ]


def _repair_of(
    row: CaseRow,
    page: PageRow,
    silent_ids: frozenset[str],
    answers: Mapping[str, frozenset[ActKind]],
) -> Repair:
    """From the last rung nobody further can be woken; there the case keeps its own time."""
    failed = frozenset({ActKind.PAGE_FAILED})
    unheard = all(each in silent_ids or answers.get(each) == failed for each in row.pages)
    is_last_asked = page.page_id in row.pages
    return Repair.CLIMB if is_last_asked and unheard and not row.is_at_last else Repair.NONE


def event_findings(rows: Iterable[EventRow], *, now: datetime) -> list[Finding]:
    """Events that should have been taken by now. The relay repeats them; people must look why."""
    ages = {row.event_id: now - row.time for row in rows}
    return [
        Finding(FindingKind.EVENT_WAITING, event_id, age)
        for event_id, age in ages.items()
        if age > EVENT_LATE
    ]


def cover_findings(
    plan: Plan, *, supervisors: Presence, heard: ActKind | None, now: datetime
) -> list[Finding]:
    """Whether somebody who can be called is there: on call, and where every ladder ends.

    `heard` is what was heard last of a page to the supervisors: it was delivered, or it failed;
    None where nothing ever was, which a ladder and a proved contact point make up for together. One
    that nobody has proved is no cover before a page has arrived there, and neither is one of which
    nothing was told: where every ladder ends, not to know is a finding.
    """
    holes = [
        Finding(FindingKind.ROTATION_HOLE, name, timedelta())
        for name in sorted({each.rotation_id for each in plan.named} - {""})
        if not plan.covers(name, now)
    ]
    is_called = supervisors in {Presence.PRESENT, Presence.UNPROVED}
    is_sure = supervisors is Presence.PRESENT and heard is None and bool(plan.named)
    is_covered = is_called and (is_sure or heard is ActKind.PAGE_DELIVERED)
    nobody = [] if is_covered else [Finding(FindingKind.TENANT_WITHOUT_COVER, "", timedelta())]
    return [*holes, *nobody]


def dead_letter_finding(parked: ParkedEvent, *, has_case: bool, now: datetime) -> Finding:
    """A parked event whose effect is missing; `has_case` where its aggregate is a case of ours.

    A signal may be somebody's first cry for help: the supervisors get a case for it. What is told
    of a case, and the answer to its page, belong to a case that has a deadline of its own and
    climbs by it; another one would only ask for more pages on the same broken way.
    """
    needs_case = parked.about is About.SIGNAL or (parked.about is About.CASE and not has_case)
    return Finding(
        FindingKind.DEAD_LETTER,
        parked.event_id,
        now - parked.time if parked.time else timedelta(),
        Repair.OPEN if needs_case else Repair.NONE,
    )
