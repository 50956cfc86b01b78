"""A message: durable before it is answered, always in one state, never waiting without a time.

    ACCEPTED --claim--> SENDING --taken--> HANDED_OVER --answer, receipt, nothing left--> DELIVERED
       ^ |                 | |               |    ^
       | |                 | |   next channel|    |
       | |                 | `---------------+----'
       | |                 `--> FAILED_FINAL | PARKED --resend--> ACCEPTED
       | `--> WITHDRAWN | FAILED_FINAL
       `------ again ------'

HANDED_OVER: a provider took it, and a receipt or the recipient's answer is still awaited. A claim
runs out: a relay that died while sending is followed by another one, which sends again under the
same key. domain/ladder.py says what comes next; this guards that it is one thing at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition
from services.notify.domain.answer import Answer, Answered
from services.notify.domain.attempt import (
    UNANSWERED,
    Attempt,
    Channel,
    Receipt,
    Taken,
    place_of,
)
from services.notify.domain.events import MessageDelivered, MessageFailed, PageAnswered
from services.notify.domain.ladder import (
    ALL_OPEN,
    Arrived,
    GivenUp,
    Lost,
    Pace,
    Try,
    Wait,
    next_step,
    without_overdue,
)
from services.notify.domain.page import Page
from services.notify.domain.state import ENDED, MessageClass, State
from services.notify.domain.template import PERISHABLE
from services.notify.domain.wording import TemplateRef

__all__ = ["ENDED", "Attempt", "Channel", "Message", "MessageClass", "Page", "State", "Taken"]

MISSING = "CONTACT_POINT_MISSING"
EXHAUSTED = "ATTEMPTS_EXHAUSTED"


@dataclass(slots=True)
class Message:
    """Guards its own state; changed by its verbs only."""

    id: str
    message_class: MessageClass
    recipient_id: str
    template: TemplateRef
    accept_time: datetime
    expire_time: datetime
    # When something must happen to it next; None only in a last state.
    next_attempt: datetime | None
    # Empty for messages to staff.
    patient_id: str = ""
    page: Page | None = None
    # A page of a shift that is over: somebody else is called in its place.
    is_superseded: bool = False
    state: State = State.ACCEPTED
    attempts: tuple[Attempt, ...] = ()
    # Where the present series of attempts begins: later than 0 once somebody sent it again.
    series_start: int = 0
    answers: tuple[Answered, ...] = ()
    end_time: datetime | None = None
    reason: str = ""
    # On what ground it was last sent: permission.Basis.
    basis: str = ""
    # The trace in which it was accepted; sending continues it.
    traceparent: str = ""
    version: int = 0
    events: list[object] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """True in a last state."""
        return self.state in ENDED

    @property
    def key(self) -> str:
        """The same for every attempt of a series: by it a provider knows what comes twice."""
        return f"{self.id}.{self.series_start}" if self.series_start else self.id

    @property
    def series(self) -> tuple[Attempt, ...]:
        """The attempts that count now."""
        return self.attempts[self.series_start :]

    @property
    def is_under_way(self) -> bool:
        """True while an attempt has not been answered for."""
        return bool(self.attempts) and self.attempts[-1].is_under_way

    @property
    def is_with_a_provider(self) -> bool:
        """True where some provider took it and nothing bad was heard since."""
        return any(attempt.is_taken for attempt in self.series)

    @property
    def is_perishable(self) -> bool:
        """True for codes, answers to texts and reminders: late they would say what is not true."""
        return self.template.id in PERISHABLE

    def is_due(self, now: datetime) -> bool:
        """True once it must be looked at, or its last try was never answered for."""
        return self.next_attempt is not None and self.next_attempt <= now

    def claim(self, channel: Channel, now: datetime, *, hold: timedelta) -> int:
        """Begin an attempt; its number. Until `hold` is over nobody else tries."""
        self._refuse_ended()
        self._close_attempt(now)
        self.state, self.next_attempt = State.SENDING, now + hold
        self.attempts = (*self.attempts, Attempt(channel, now))
        return len(self.attempts)

    def take(self, attempt: int, taken: Taken, now: datetime) -> None:
        """A provider took it. Whichever attempt that was, and however late: it has it.

        What comes next is `proceed`'s to say.
        """
        known = self.attempts[attempt - 1]
        if known.reason not in {"", UNANSWERED}:
            return
        is_news = not any(each.is_taken and each.channel is known.channel for each in self.series)
        self._put(attempt - 1, known.with_taken(taken, now))
        if self.page is not None and is_news and not self.has_ended:
            channel = known.channel.value
            self.events.append(
                MessageDelivered(self.id, self.page.page_id, self.recipient_id, channel, now)
            )

    def miss(self, attempt: int, reason: str, *, again: datetime | None, now: datetime) -> bool:
        """Attempt number `attempt` failed; from `again` on its channel may be tried once more.

        False for the report of an attempt that was given up: it changes nothing.
        """
        if self.state is not State.SENDING or attempt != len(self.attempts):
            return False
        self._put(attempt - 1, replace(self.attempts[-1], end=now, reason=reason, again=again))
        return True

    def report(self, reference: str, receipt: Receipt, now: datetime) -> bool:
        """A provider tells what became of what it took; False where that changes nothing.

        Its report may overtake its acceptance, or the relay that waited for that is dead: then it
        is about the newest attempt whose name is not known yet.
        """
        if not reference or (index := place_of(reference, self.attempts)) is None:
            return False
        known = self.attempts[index]
        if known.is_nameless:
            named = replace(known, reference=reference)
            known = named if known.is_under_way else named.with_taken(Taken("", reference), now)
        if (heard := known.with_receipt(receipt, now)) is None:
            return False
        self._put(index, heard)
        return True

    def answer(self, answer: Answer, channel: Channel, now: datetime) -> bool:
        """The recipient answers a page: no further channel is needed. False for a repeat."""
        if self.page is None:
            raise FailedPrecondition("MESSAGE_NOT_ANSWERABLE", "only a page can be answered")
        if any(each.answer is answer for each in self.answers):
            return False
        said = Answered(answer, channel, now)
        self.answers = (*self.answers, said)
        self.events.append(
            PageAnswered(self.page.page_id, self.page.case_id, self.recipient_id, said)
        )
        if not self.has_ended:
            self._end(State.DELIVERED, "", now)
        return True

    def proceed(
        self,
        channels: Sequence[Channel],
        pace: Pace,
        now: datetime,
        *,
        closed: Mapping[Channel, datetime] = ALL_OPEN,
    ) -> Channel | None:
        """Settle what comes next by the recipient's channels; the one to try now, if any.

        `closed` says until when a channel may not be used. Does nothing in a last state, or while
        an attempt is under way and its relay may live.
        """
        if self.has_ended or (self.is_under_way and not self.is_due(now)):
            return None
        self._close_attempt(now)
        settled = without_overdue(self.series, pace, now)
        self.attempts = (*self.attempts[: self.series_start], *settled)
        match next_step(self.series, channels, pace, now, closed=closed):
            case Try(channel):
                self._wait(now)
                return channel
            case Wait(until):
                self._wait(until)
            case Arrived():
                self._end(State.DELIVERED, "", now)
            case Lost(reason):
                self.fail(reason or MISSING, now)
            case GivenUp():
                self._give_up(now)
        return None

    def look_again(self, now: datetime) -> None:
        """Something was heard: settle at once what comes next."""
        if not self.has_ended and not self.is_under_way:
            self.next_attempt = now

    def fail(self, reason: str, now: datetime) -> None:
        """It can no longer be delivered; whoever asked for a page hears of it at once."""
        self._refuse_ended()
        self._end(State.FAILED_FINAL, reason, now)
        if self.page is not None:
            self.events.append(
                MessageFailed(self.id, self.page.page_id, self.recipient_id, reason, now)
            )

    def expire(self, now: datetime) -> None:
        """Its time is over: what a provider has was delivered, the rest was not."""
        self._refuse_ended()
        if self.is_with_a_provider:
            self._end(State.DELIVERED, "", now)
        else:
            self.fail("EXPIRED", now)

    def withdraw(self, reason: str, now: datetime) -> None:
        """It is no longer wanted. That is no failure, and nobody is told."""
        self._refuse_ended()
        if self.is_with_a_provider:
            self._end(State.DELIVERED, "", now)  # it cannot be taken back
        else:
            self._end(State.WITHDRAWN, reason, now)

    def resend(self, now: datetime, *, lifetime: timedelta) -> None:
        """Begin a new series of attempts at what was parked or failed."""
        if self.page is not None:
            raise FailedPrecondition("MESSAGE_IS_A_PAGE", "crisis asks for a new page instead")
        if self.is_perishable:
            text = "what it says holds no longer; ask for a new one"
            raise FailedPrecondition("MESSAGE_PERISHED", text)
        if self.state not in {State.PARKED, State.FAILED_FINAL}:
            raise FailedPrecondition("MESSAGE_NOT_STUCK", "only parked or failed ones go again")
        self.series_start = len(self.attempts)
        self.state, self.reason, self.end_time = State.ACCEPTED, "", None
        self.next_attempt, self.expire_time = now, now + lifetime

    def supersede(self, now: datetime) -> None:
        """Somebody else is called in its place; the next look, which is due now, withdraws it."""
        self.is_superseded = True
        self.look_again(now)

    def _wait(self, until: datetime) -> None:
        """Until then, or its expiry: at that time it is looked at once more, to be ended."""
        self.state = State.HANDED_OVER if self.is_with_a_provider else State.ACCEPTED
        self.next_attempt = min(until, self.expire_time)

    def _give_up(self, now: datetime) -> None:
        if self.message_class is MessageClass.CRISIS or self.is_perishable:
            self.fail(EXHAUSTED, now)  # not left to be found tomorrow
        else:
            self._end(State.PARKED, EXHAUSTED, now)

    def _close_attempt(self, now: datetime) -> None:
        """End the attempt that is under way, if there is one: nobody will answer for it."""
        if self.is_under_way:
            last = self.attempts[-1]
            lost = replace(last, end=now, reason=UNANSWERED, again=now)
            self._put(len(self.attempts) - 1, lost)

    def _put(self, index: int, attempt: Attempt) -> None:
        self.attempts = (*self.attempts[:index], attempt, *self.attempts[index + 1 :])

    def _end(self, state: State, reason: str, now: datetime) -> None:
        self._close_attempt(now)
        self.state, self.reason, self.end_time = state, reason, now
        self.next_attempt = None

    def _refuse_ended(self) -> None:
        if self.has_ended:
            raise FailedPrecondition("MESSAGE_ENDED", "the message is in a last state")
