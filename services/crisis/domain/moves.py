"""How a case gets from one state to another, whoever or whatever moves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.errors import FailedPrecondition
from services.crisis.domain.cover import Cover
from services.crisis.domain.record import CaseRecord, State
from services.crisis.domain.timeline import ActKind

MOVES: dict[tuple[State, str], State] = {
    (State.OPEN, "acknowledge"): State.ACKNOWLEDGED,
    (State.ACKNOWLEDGED, "contact"): State.CONTACTED,
    (State.CONTACTED, "contact"): State.CONTACTED,
    (State.CONTACTED, "resolve"): State.RESOLVED,
    (State.ACKNOWLEDGED, "lapse"): State.OPEN,
    (State.CONTACTED, "reopen"): State.OPEN,
    (State.ACKNOWLEDGED, "hand_over"): State.ACKNOWLEDGED,
    (State.CONTACTED, "hand_over"): State.CONTACTED,
}
# Why a verb is refused in a state that still lives; a resolved case has one answer for all.
REFUSALS = {
    "acknowledge": ("CASE_ALREADY_ACKNOWLEDGED", "a clinician has the case"),
    "contact": ("CASE_NOT_ACKNOWLEDGED", "acknowledge the case first"),
    "resolve": ("CONTACT_NOT_RECORDED", "contact with the patient must be recorded first"),
    "hand_over": ("CASE_NOT_ACKNOWLEDGED", "nobody has the case who could hand it over"),
}
# Ends a case about which nobody can be reached: there is no patient behind it.
NOT_A_PATIENT, MERGED = "not_a_patient", "merged"


@dataclass(slots=True, kw_only=True)
class CaseMoves(CaseRecord):
    """Every move notes itself on the timeline, tells the others, and sets the next deadline."""

    def _fire(self, cover: Cover, now: datetime) -> None:
        woken = cover.wake(self.ladder.current, now)
        if woken.missed:
            self._note(ActKind.COVER_MISSED, now)
        self.next_deadline = now + self.ladder.current.wait
        self.ladder.next_hand_off = woken.hand_off
        self._page(woken.recipient_ids, now)

    def _wake_next(self, cover: Cover, now: datetime) -> None:
        """Up to the next rung."""
        self.ladder.step()
        self.unanswered += 1
        self.snooze_end = None
        self._note(ActKind.ESCALATED, now)
        self._say_escalated(now)
        self._fire(cover, now)

    def _wake_more(self, cover: Cover, now: datetime, *others: str) -> None:
        """The next people, beside whoever has the case and keeps it with the same deadline."""
        self.ladder.step()
        woken = cover.wake(self.ladder.current, now).recipient_ids
        self.responders.invite(*woken)
        self._page((*others, *woken), now)

    def _unheard(self, page_id: str, cover: Cover, now: datetime) -> None:
        """This page brings nobody. If none of its rung does, the next rung fires at once.

        From the last rung nobody further can be woken, and a page that cannot be sent would be
        tried without pause: it fires again after the time that a page lives, or sooner by itself.
        """
        if not self.ladder.fail(page_id):
            return
        if not self.ladder.is_at_last:
            self._wake_next(cover, now)
            return
        again = now + self.ladder.policy.page_lifetime
        self.next_deadline = min(self.next_deadline or again, again)
        if not self.unanswered:  # nobody is being called: "sent" is no longer true
            self.unanswered = 1
            self._say_escalated(now)

    def _unheard_beside(self, page_id: str, cover: Cover, now: datetime) -> None:
        """A page brings nobody that was asked for since somebody has the case: if none of those
        does, the next people are woken. To the last rung, which nobody is woken after."""
        is_last = self.ladder.is_at_last and not self.ladder.is_before_first
        if self.ladder.fail(page_id, self.responders.acknowledge_time) and not is_last:
            self._wake_more(cover, now)

    def _pledge(self, by: str, role: str, now: datetime) -> None:
        self._edge("acknowledge")
        people = self.responders
        if people.has_pledged(by):
            return
        people.pledge(by, role)
        # Two rotations may mean the same person tonight: more cannot take it than were asked.
        asked = {*self.ladder.page_of, *(each.clinician_id for each in people.pledges)}
        if len(people.pledges) < min(self.ladder.current.acknowledgements, len(asked)):
            self._note(ActKind.PLEDGED, now, by=by)
            return
        self._note(ActKind.ACKNOWLEDGED, now, by=by)
        self._take(now)

    def _take(self, now: datetime) -> None:
        """The first who pledged has it until the contact deadline."""
        self._move("acknowledge")
        self.responders.take(now)
        self.snooze_end = None
        self.next_deadline = deadline = now + self.ladder.policy.contact_within
        self._say_acknowledged(now, deadline)

    def _take_over(self, role: str, now: datetime) -> None:
        """The successor has it, for no longer than whoever had it before would have."""
        self.responders.succeed(role, now)
        self._note(ActKind.HANDED_OVER, now, by=self.responders.owner_id)
        if self.contact_deadline is not None:
            self._say_acknowledged(now, self.contact_deadline, is_hand_over=True)

    def _lapse(self, kind: ActKind, now: datetime) -> None:
        """Nobody has it any more."""
        self._move("lapse")
        self._note(kind, now, by=self.responders.owner_id)
        self._release(now)

    def _reopen(self, now: datetime) -> None:
        """Contact was before this signal; whoever is on call now must hear of it."""
        self._move("reopen")
        self._release(now)
        self.contacted_by, self.contact_time, self.alarm_time = "", None, now
        self.ladder.restart()
        self._note(ActKind.REOPENED, now)
        self._say_escalated(now)

    def _call_for_review(self, cover: Cover, now: datetime) -> None:
        self.ladder.jump_to_last()
        self.next_deadline, self.snooze_end = now + self.ladder.policy.review_repeat, None
        self._note(ActKind.REVIEW_OVERDUE, now)
        self._page(cover.wake(self.ladder.current, now).recipient_ids, now)

    def _hurry_owner(self, now: datetime) -> None:
        """It is worse than the owner knows: tell them, and never give more time than they had."""
        deadline = now + self.ladder.policy.contact_within
        self.next_deadline = min(self.next_deadline or deadline, deadline)
        self.ladder.rewind()
        self._page((self.responders.owner_id,), now)

    def _end_snooze(self, now: datetime) -> bool:
        """True where the case was waiting because somebody had postponed it."""
        was_waiting = self.snooze_end is not None and self.snooze_end > now
        self.snooze_end = None
        return was_waiting

    def _end(self, by: str, disposition: str, now: datetime) -> None:
        self.state, self.next_deadline, self.snooze_end = State.RESOLVED, None, None
        self.resolver_id, self.disposition, self.resolve_time = by, disposition, now
        self._note(ActKind.RESOLVED, now, by=by, detail=disposition)
        self._say_resolved(now)

    def _release(self, now: datetime) -> None:
        self.responders.release()
        self.wait_start, self.unanswered = now, 0

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
