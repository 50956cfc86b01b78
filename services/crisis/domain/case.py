"""A case: one patient in danger, and the promise that a human will reach them.

    OPEN --acknowledge--> ACKNOWLEDGED --contact--> CONTACTED --resolve--> RESOLVED
     ^  ^                      |                      |
     |  `---- lapse (no contact in time)              |
     `------- reopen (a new signal) <-----------------'

Until it is resolved a case always has a `next_deadline`; whoever finds it due lets it `climb`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chassis.errors import FailedPrecondition
from services.crisis.domain.cover import Cover
from services.crisis.domain.escalation import FrozenPolicy
from services.crisis.domain.events import (
    CaseAcknowledged,
    CaseContacted,
    CaseEscalated,
    CaseOpened,
    CaseResolved,
    PageRequested,
)
from services.crisis.domain.ladder import Ladder
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.timeline import Act, ActKind, Timeline

SYSTEM = "service:crisis"


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"


MOVES: dict[tuple[State, str], State] = {
    (State.OPEN, "acknowledge"): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, "contact"): State.CONTACTED,
    (State.CONTACTED, "contact"): State.CONTACTED,
    (State.CONTACTED, "resolve"): State.RESOLVED,
    (State.ACKNOWLEDGED, "lapse"): State.OPEN,
    (State.CONTACTED, "reopen"): State.OPEN,
}
# Why a verb is refused in a state that still lives; a resolved case has one answer for all.
REFUSALS = {
    "acknowledge": ("CASE_ALREADY_ACKNOWLEDGED", "a clinician has the case"),
    "contact": ("CASE_NOT_ACKNOWLEDGED", "acknowledge the case first"),
    "resolve": ("CONTACT_NOT_RECORDED", "contact with the patient must be recorded first"),
}


@dataclass(slots=True)
class Case:
    """Guards its own promise; fields are read from outside and changed by its verbs only."""

    id: str
    patient_id: str
    source: Source
    severity: Severity
    ladder: Ladder
    open_time: datetime
    # None only once resolved.
    next_deadline: datetime | None
    location_id: str = ""
    state: State = State.OPEN
    # Since when nobody has had it, and how many calls have gone unanswered since.
    wait_start: datetime | None = None
    unanswered: int = 0
    owner_id: str = ""
    owner_role: str = ""
    contacted_by: str = ""
    acknowledge_time: datetime | None = None
    contact_time: datetime | None = None
    resolve_time: datetime | None = None
    resolver_id: str = ""
    disposition: str = ""
    version: int = 0
    timeline: Timeline = field(default_factory=Timeline)
    events: list[object] = field(default_factory=list)

    @classmethod
    def open(
        cls, case_id: str, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime
    ) -> Case:
        """A new case whose first rung is paged at once."""
        case = cls(
            id=case_id,
            patient_id=signal.patient_id,
            source=signal.source,
            severity=signal.severity,
            ladder=Ladder(policy),
            open_time=now,
            next_deadline=now,
            wait_start=now,
            location_id=signal.location_id,
        )
        case._note_signal(ActKind.OPENED, signal, now)
        case._fire(cover, now)
        case._say_opened(signal)
        return case

    def join(self, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime) -> None:
        """Another signal about the same patient: may raise and wake, never lower or silence.

        `policy` is the ladder to climb from now on where the signal raises the severity.
        """
        self._refuse_resolved()
        self._note_signal(ActKind.SIGNAL_JOINED, signal, now)
        is_raised = signal.severity > self.severity
        if is_raised:
            self.severity, self.ladder.policy = signal.severity, policy
            self._note(ActKind.SEVERITY_RAISED, now, detail=self.severity.name.lower())
        if self.state is State.CONTACTED:
            self._reopen(now)
            self._fire(cover, now)
        elif self.state is State.ACKNOWLEDGED and is_raised:
            self._hurry_owner(now)
        elif is_raised:
            self.ladder.restart()
            self._fire(cover, now)
        self._say_opened(signal)

    def climb(self, cover: Cover, now: datetime) -> None:
        """The deadline passed without the human act it waited for: wake the next people."""
        self._refuse_resolved()
        if self.state is State.CONTACTED:
            self._call_for_review(cover, now)
            return
        if self.state is State.ACKNOWLEDGED:
            self._move("lapse")
            self._note(ActKind.ACKNOWLEDGEMENT_LAPSED, now, by=self.owner_id)
            self._release(now)
        self.ladder.step()
        self.unanswered += 1
        self._note(ActKind.ESCALATED, now)
        self._say_escalated(now)
        self._fire(cover, now)

    def acknowledge(self, by: str, role: str, now: datetime) -> None:
        """Record that `by` has taken the case; contact must follow before the contact deadline.

        Again by the same person while it holds: nothing changes, least of all the deadline.
        """
        if self.state is State.ACKNOWLEDGED and self.owner_id == by:
            return
        self._move("acknowledge")
        self.owner_id, self.owner_role, self.acknowledge_time = by, role, now
        self.next_deadline = deadline = now + self.ladder.policy.contact_within
        self._note(ActKind.ACKNOWLEDGED, now, by=by)
        self.events.append(CaseAcknowledged(self.id, self.patient_id, by, role, now, deadline))

    def record_contact(self, by: str, method: str, now: datetime) -> None:
        """Record that `by` reached the patient; the resolution must follow."""
        self._move("contact")
        self.contacted_by, self.contact_time = by, now
        self.next_deadline = now + self.ladder.policy.review_within
        self._note(ActKind.CONTACTED, now, by=by, detail=method)
        self.events.append(CaseContacted(self.id, self.patient_id, now))

    def resolve(self, by: str, disposition: str, now: datetime) -> None:
        """End it. A case of high severity needs a second pair of eyes."""
        target = self._edge("resolve")
        if self.severity is Severity.HIGH and by in {self.owner_id, self.contacted_by}:
            text = "somebody other than the owner and whoever had contact must resolve it"
            raise FailedPrecondition("SECOND_PERSON_REQUIRED", text)
        self.state, self.next_deadline = target, None
        self.resolver_id, self.disposition, self.resolve_time = by, disposition, now
        self._note(ActKind.RESOLVED, now, by=by, detail=disposition)
        self.events.append(CaseResolved(self.id, self.patient_id, disposition, now))

    def note_page_delivered(self, page_id: str, recipient_id: str, now: datetime) -> None:
        """A provider took the page. That is no acknowledgement; the deadline stays."""
        self._note(ActKind.PAGE_DELIVERED, now, recipient_id=recipient_id, page_id=page_id)

    def note_page_failed(
        self, page_id: str, recipient_id: str, reason: str, *, cover: Cover, now: datetime
    ) -> None:
        """A page will not arrive. If none of its rung will, the next rung fires at once.

        The last rung keeps its deadline: nobody further can be woken, and a page that cannot be
        sent would otherwise be tried without pause.
        """
        columns = {"recipient_id": recipient_id, "page_id": page_id, "detail": reason.lower()}
        self._note(ActKind.PAGE_FAILED, now, **columns)
        is_unheard = self.ladder.fail(page_id)
        if is_unheard and self.state is State.OPEN:
            if not self.ladder.is_at_last:
                self.climb(cover, now)
            elif not self.unanswered:  # nobody is being called: "sent" is no longer true
                self.unanswered = 1
                self._say_escalated(now)

    def hand_off(self, cover: Cover, now: datetime) -> None:
        """The rung may mean somebody else by now: wake who is new; the deadline stays."""
        if self.state is State.OPEN:
            woken = cover.wake(self.ladder.current, now)
            self.ladder.next_hand_off = woken.hand_off
            fresh = self.ladder.hand_off(self.id, woken.recipient_ids, now)
            if woken.missed and fresh:
                self._note(ActKind.COVER_MISSED, now)
            self._request(fresh, now, detail="hand_off")

    def is_due(self, now: datetime) -> bool:
        """True once the case must act by itself."""
        return self.next_deadline is not None and self.next_deadline <= now

    @property
    def contact_deadline(self) -> datetime | None:
        """Until when the acknowledgement holds without contact."""
        return self.next_deadline if self.state is State.ACKNOWLEDGED else None

    @property
    def is_open(self) -> bool:
        """True until it is resolved."""
        return self.state is not State.RESOLVED

    def _fire(self, cover: Cover, now: datetime) -> None:
        woken = cover.wake(self.ladder.current, now)
        if woken.missed:
            self._note(ActKind.COVER_MISSED, now)
        self.next_deadline = now + self.ladder.current.wait
        self.ladder.next_hand_off = woken.hand_off
        self._page(woken.recipient_ids, now)

    def _reopen(self, now: datetime) -> None:
        """Contact was before this signal; whoever is on call now must hear of it."""
        self._move("reopen")
        self._release(now)
        self.contacted_by, self.contact_time = "", None
        self.ladder.restart()
        self._note(ActKind.REOPENED, now)
        self._say_escalated(now)

    def _call_for_review(self, cover: Cover, now: datetime) -> None:
        self.ladder.jump_to_last()
        self.next_deadline = now + self.ladder.policy.review_repeat
        self._note(ActKind.REVIEW_OVERDUE, now)
        self._page(cover.wake(self.ladder.current, now).recipient_ids, now)

    def _hurry_owner(self, now: datetime) -> None:
        """It is worse than the owner knows: tell them, and never give more time than they had."""
        deadline = now + self.ladder.policy.contact_within
        self.next_deadline = min(self.next_deadline or deadline, deadline)
        self.ladder.rewind()
        self._page((self.owner_id,), now)

    def _page(self, recipient_ids: Iterable[str], now: datetime) -> None:
        self._request(self.ladder.page(self.id, recipient_ids), now)

    def _request(self, keys: Mapping[str, str], now: datetime, *, detail: str = "") -> None:
        expire_time = now + self.ladder.policy.page_lifetime
        place = self.ladder.rung, self.ladder.cycle, self.severity, expire_time
        for recipient_id, page_id in keys.items():
            columns = {"recipient_id": recipient_id, "page_id": page_id, "detail": detail}
            self._note(ActKind.PAGED, now, **columns)
            self.events.append(PageRequested(page_id, self.id, recipient_id, *place))

    def _note_signal(self, kind: ActKind, signal: Signal, now: datetime) -> None:
        self._note(kind, now, by=signal.reporter_id, fact_id=signal.fact_id, detail=signal.source)

    def _say_opened(self, signal: Signal) -> None:
        place = self.id, self.patient_id, self.severity
        self.events.append(CaseOpened(*place, signal.safety_signal_id, self.open_time))

    def _say_escalated(self, now: datetime) -> None:
        rung, cycle = self.ladder.rung, self.ladder.cycle
        self.events.append(CaseEscalated(self.id, self.patient_id, rung, cycle, now))

    def _note(self, kind: ActKind, now: datetime, *, by: str = SYSTEM, **columns: str) -> None:
        rung, cycle = self.ladder.rung, self.ladder.cycle
        self.timeline.add(Act(kind, now, by, rung, cycle, **columns))

    def _release(self, now: datetime) -> None:
        self.owner_id = self.owner_role = ""
        self.acknowledge_time, self.wait_start, self.unanswered = None, now, 0

    def _move(self, verb: str) -> None:
        self.state = self._edge(verb)

    def _edge(self, verb: str) -> State:
        self._refuse_resolved()
        target = MOVES.get((self.state, verb))
        if target is None:
            reason, text = REFUSALS[verb]
            raise FailedPrecondition(reason, text)
        return target

    def _refuse_resolved(self) -> None:
        if self.state is State.RESOLVED:
            raise FailedPrecondition("CASE_RESOLVED", "the case is resolved")
