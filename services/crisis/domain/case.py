"""A case: one patient in danger, and the promise that a human will reach them.

    OPEN --acknowledge--> ACKNOWLEDGED --contact--> CONTACTED --resolve--> RESOLVED
     ^  ^                      |                      |
     |  `---- lapse (no contact in time, or declined) |
     `------- reopen (a new signal) <-----------------'

Until it is resolved a case always has a `next_deadline`; whoever finds it due lets it `climb`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition
from services.crisis.domain.cover import Cover
from services.crisis.domain.escalation import FrozenPolicy
from services.crisis.domain.ladder import Ladder
from services.crisis.domain.moves import MERGED, NOT_A_PATIENT, CaseMoves
from services.crisis.domain.record import State
from services.crisis.domain.signal import Severity, Signal, Source
from services.crisis.domain.snooze import SnoozeLimit
from services.crisis.domain.timeline import ActKind


@dataclass(slots=True, kw_only=True)
class Case(CaseMoves):
    """Guards its own promise."""

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
            alarm_time=now,
            next_deadline=now,
            wait_start=now,
            location_id=signal.location_id,
            signal_time=signal.raise_time or now,
            sender_key=signal.sender_key,
            sender_ciphertext=signal.sender_ciphertext,
        )
        case._note_signal(ActKind.OPENED, signal, now)
        case._fire(cover, now)
        case._say_opened(signal.safety_signal_id)
        return case

    def hear(self, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime) -> None:
        """Another signal about the same patient, by what it tells of them."""
        take = self.desert if signal.departure else self.join
        if signal.source is Source.PATIENT_AT_DOOR:
            take = self.meet
        take(signal, policy=policy, cover=cover, now=now)

    def join(self, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime) -> None:
        """Another signal about the same patient: may raise and wake, never lower or silence.

        `policy` is the ladder to climb from now on where the signal raises the severity.
        """
        self._refuse_resolved()
        self._note_signal(ActKind.SIGNAL_JOINED, signal, now)
        self._locate(signal, now)
        self.sender_ciphertext = signal.sender_ciphertext or self.sender_ciphertext
        is_raised = signal.severity > self.severity
        if is_raised:
            self.severity, self.ladder.policy = signal.severity, policy
            self._note(ActKind.SEVERITY_RAISED, now, detail=self.severity.name.lower())
        is_snoozed = self._end_snooze(now)
        if self.state is State.CONTACTED:
            self._reopen(now)
            self._fire(cover, now)
        elif self.state is State.ACKNOWLEDGED and (is_raised or is_snoozed):
            self._hurry_owner(now)
        elif is_raised or is_snoozed:
            self.ladder.restart()
            self._fire(cover, now)
        self._say_opened(signal.safety_signal_id)

    def desert(self, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime) -> None:
        """The patient went from a live room before anybody reached them: wake more people now.

        An owner keeps the case and its deadline, and is woken together with the next people: only
        they may know whether the patient went to take their call. Contact later than the departure
        answers it, which is noted; any earlier one does not, and the case opens again.
        """
        if self.contact_time is not None and self.contact_time >= (signal.raise_time or now):
            self._refuse_resolved()
            self._note_signal(ActKind.SIGNAL_JOINED, signal, now)
            return
        place = self.ladder.rung, self.ladder.cycle
        self.join(signal, policy=policy, cover=cover, now=now)
        is_woken = place != (self.ladder.rung, self.ladder.cycle)
        if self.state is State.ACKNOWLEDGED:
            self._wake_more(cover, now, *(() if is_woken else (self.owner_id,)))
        elif not is_woken:
            self._wake_next(cover, now)

    def meet(self, signal: Signal, *, policy: FrozenPolicy, cover: Cover, now: datetime) -> None:
        """The patient is at the door of a live room and not in it: they must not be alone.

        While nobody has the case, people are being called to it, or are from now on. Whoever has
        it is told at once, and keeps the case, its state and its deadline: most of those who come
        every day are early, and that alone is no news of how they are.
        """
        has_owner = self.state in (State.ACKNOWLEDGED, State.CONTACTED)
        if not has_owner or signal.severity > self.severity:
            self.join(signal, policy=policy, cover=cover, now=now)
            return
        self._note_signal(ActKind.SIGNAL_JOINED, signal, now)
        self._locate(signal, now)
        self._end_snooze(now)
        self.ladder.rewind()
        self._page((self.responders.owner_id,), now)

    def climb(self, cover: Cover, now: datetime) -> None:
        """The deadline passed without the human act it waited for: wake the next people."""
        self._refuse_resolved()
        if self.state is State.CONTACTED:
            self._call_for_review(cover, now)
            return
        if self.state is State.ACKNOWLEDGED:
            self._lapse(ActKind.ACKNOWLEDGEMENT_LAPSED, now)
        self._wake_next(cover, now)

    def acknowledge(self, by: str, role: str, now: datetime) -> None:
        """Record that `by` takes the case; contact must follow before the contact deadline.

        Where the rung needs several people, the case goes on climbing until so many took it; the
        first of them is its owner. Whoever was asked to come in addition is noted as a helper, and
        whoever was asked to take over does. Again by the same person: nothing changes, least of all
        the deadline.
        """
        people = self.responders
        if self.is_open and by in {people.owner_id, *people.helpers} - {people.successor_id}:
            return
        if self.state in (State.ACKNOWLEDGED, State.CONTACTED) and by == people.successor_id:
            self._take_over(role, now)
        elif self.state in (State.ACKNOWLEDGED, State.CONTACTED) and by in people.invited:
            people.help(by)
            self._note(ActKind.HELP_JOINED, now, by=by)
        else:
            self._pledge(by, role, now)

    def record_contact(self, by: str, method: str, now: datetime) -> None:
        """Record that `by` reached the patient; the resolution must follow."""
        if self.state is State.OPEN and self.responders.has_pledged(by):
            self._take(now)  # one person who reached the patient is worth more than a quorum
        if self.state is not State.CONTACTED:
            self.waited = now - (self.alarm_time or self.open_time)
        self._move("contact")
        self.contacted_by, self.contact_time = by, now
        self.next_deadline, self.snooze_end = now + self.ladder.policy.review_within, None
        self._note(ActKind.CONTACTED, now, by=by, detail=method)
        self._say_contacted(now)

    def resolve(self, by: str, disposition: str, now: datetime) -> None:
        """End it. A case of high severity needs a second pair of eyes.

        A case about nobody's number ends without contact where there is no patient behind it.
        """
        is_nobody = disposition == NOT_A_PATIENT and not self.is_patient_known
        if not (is_nobody and self.state is State.ACKNOWLEDGED):
            self._edge("resolve")
        if self.severity is Severity.HIGH and by in {self.responders.owner_id, self.contacted_by}:
            text = "somebody other than the owner and whoever had contact must resolve it"
            raise FailedPrecondition("SECOND_PERSON_REQUIRED", text)
        self._end(by, disposition, now)

    def decline(self, by: str, cover: Cover, now: datetime) -> None:
        """`by` was asked and cannot. Where nobody else was asked, the next rung fires at once."""
        self._refuse_resolved()
        people = self.responders
        if self.state is State.CONTACTED and by == people.owner_id:
            text = "the patient was reached; hand the case over or resolve it"
            raise FailedPrecondition("CONTACT_RECORDED", text)
        page_id = self.ladder.page_of.get(by, "")
        if by not in {people.owner_id, *people.invited} and not page_id:
            raise FailedPrecondition("NOT_PAGED", "nobody asked this clinician")
        if by == people.owner_id:
            self._lapse(ActKind.DECLINED, now)
            self._wake_next(cover, now)
            return
        people.withdraw(by)
        self._note(ActKind.DECLINED, now, by=by)
        if self.state is State.OPEN:
            self._unheard(page_id, cover, now)
        else:
            self.ladder.fail(page_id)  # whoever has the case sees it

    def escalate(self, by: str, cover: Cover, now: datetime) -> None:
        """`by` wants the next people now. Whoever has the case keeps it, with the same deadline."""
        self._refuse_resolved()
        self._note(ActKind.ESCALATION_ASKED, now, by=by)
        if self.state is State.OPEN:
            self._wake_next(cover, now)
            return
        self._wake_more(cover, now)

    def add_responder(self, by: str, clinician_id: str, now: datetime) -> None:
        """`by` wants this person too: they are paged, and may come whoever has the case."""
        self._refuse_resolved()
        self._note(ActKind.RESPONDER_ADDED, now, by=by, recipient_id=clinician_id)
        self.responders.invite(clinician_id)
        self._page_too((clinician_id,), now)

    def hand_over(self, by: str, to: str, now: datetime) -> None:
        """The owner asks `to` to take over, and has the case until they acknowledge it."""
        self._move("hand_over")
        if by != self.responders.owner_id:
            raise FailedPrecondition("NOT_OWNER", "only its owner hands a case over")
        if to == by:
            raise FailedPrecondition("SUCCESSOR_IS_OWNER", "the owner has it already")
        self.responders.successor_id = to
        self.responders.invite(to)
        self._note(ActKind.HAND_OVER_ASKED, now, by=by, recipient_id=to)
        self._page_too((to,), now)

    def snooze(
        self, by: str, span: timedelta, reason: str, *, limit: SnoozeLimit, now: datetime
    ) -> None:
        """A human postpones what the case does next; a new signal ends it."""
        self._refuse_resolved()
        limit.check(self.severity, span, self.snoozes)
        # Never sooner than it would have been: that is what escalating is for.
        self.snooze_end = self.next_deadline = max(self.next_deadline or now, now + span)
        self.snoozes += 1
        self._note(ActKind.SNOOZED, now, by=by, detail=reason)

    def identify(self, patient_id: str, by: str, now: datetime) -> None:
        """`by` found out whose emergency it is."""
        self._refuse_resolved()
        if self.is_patient_known:
            raise FailedPrecondition("PATIENT_KNOWN", "the case has its patient")
        self.patient_id = patient_id
        self._note(ActKind.PATIENT_IDENTIFIED, now, by=by)
        self._say_opened()

    def merge(self, by: str, now: datetime) -> None:
        """It goes on in the case that the patient already has, which this one's signal joined."""
        self._refuse_resolved()
        if self.is_patient_known:
            raise FailedPrecondition("PATIENT_KNOWN", "the case has its patient")
        self._end(by, MERGED, now)

    def adopt(self, safety_signal_id: str) -> None:
        """A call for help of a case that is merged into this one: who called follows this one."""
        self._say_opened(safety_signal_id)

    def note_page_delivered(self, page_id: str, recipient_id: str, now: datetime) -> None:
        """A provider took the page. That is no acknowledgement; the deadline stays."""
        self._note(ActKind.PAGE_DELIVERED, now, recipient_id=recipient_id, page_id=page_id)

    def note_page_failed(
        self, page_id: str, recipient_id: str, reason: str, *, cover: Cover, now: datetime
    ) -> None:
        """A page will not arrive. If none of its rung will, the next people are woken at once."""
        columns = {"recipient_id": recipient_id, "page_id": page_id, "detail": reason.lower()}
        self._note(ActKind.PAGE_FAILED, now, **columns)
        if self.state is State.OPEN:
            self._unheard(page_id, cover, now)
        elif self.is_open:
            self._unheard_beside(page_id, cover, now)

    def hand_off(self, cover: Cover, now: datetime) -> None:
        """The rung may mean somebody else by now: wake who is new; the deadline stays.

        Pages of those who are no longer meant are withdrawn where somebody is woken in their place.
        """
        if self.state is not State.OPEN:
            return
        woken = cover.wake(self.ladder.current, now)
        self.ladder.next_hand_off = woken.hand_off
        meant = (*woken.recipient_ids, *self.responders.invited)
        waiting = self.ladder.waiting
        fresh = self.ladder.hand_off(self.id, meant, now)
        if woken.missed and fresh:
            self._note(ActKind.COVER_MISSED, now)
        gone = {each: page_id for each, page_id in waiting.items() if each not in meant}
        self._page_instead(fresh, gone, now)
