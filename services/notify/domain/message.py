"""A message: durable before it is answered, always in one state, never waiting without a time.

    ACCEPTED --claim--> SENDING --take--> DELIVERED
       ^ |                 | |
       | |                 | `--> FAILED_FINAL | PARKED
       | `--> WITHDRAWN | FAILED_FINAL
       `---- postpone -----'    ACCEPTED may also be held until it is permitted

A claim runs out: a relay that died while sending is followed by another one, which sends again
under the same id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition
from services.notify.domain.events import MessageDelivered, MessageFailed
from services.notify.domain.retry import RetryPlan
from services.notify.domain.template import TemplateRef


class MessageClass(StrEnum):
    """How urgent; a lower class never delays a higher one."""

    CRISIS = "crisis"
    CLINICAL = "clinical"
    SCHEDULE = "schedule"
    BULK = "bulk"


class Channel(StrEnum):
    """By which way."""

    EMAIL = "email"
    SMS = "sms"
    VOICE = "voice"
    PUSH = "push"
    WEBHOOK = "webhook"


class State(StrEnum):
    """Where a message stands; the last four are for ever."""

    ACCEPTED = "accepted"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED_FINAL = "failed_final"
    PARKED = "parked"
    WITHDRAWN = "withdrawn"


ENDED = frozenset({State.DELIVERED, State.FAILED_FINAL, State.PARKED, State.WITHDRAWN})

UNANSWERED = "UNANSWERED"  # the relay that made the attempt never came back


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try with one provider."""

    channel: Channel
    start: datetime
    end: datetime | None = None
    # Empty: the provider took it, or the try has not ended.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a crisis page belongs to; `case_version` is the case's when it asked for the page."""

    page_id: str
    case_id: str
    case_version: int


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
    state: State = State.ACCEPTED
    attempts: tuple[Attempt, ...] = ()
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

    def is_due(self, now: datetime) -> bool:
        """True once it must be tried, or its last try was never answered for."""
        return self.next_attempt is not None and self.next_attempt <= now

    def claim(self, channel: Channel, now: datetime, *, hold: timedelta) -> int:
        """Begin an attempt; its number. Until `hold` is over nobody else tries."""
        self._refuse_ended()
        self._close_attempt(UNANSWERED, now)
        self.state, self.next_attempt = State.SENDING, now + hold
        self.attempts = (*self.attempts, Attempt(channel, now))
        return len(self.attempts)

    def hold(self, until: datetime, now: datetime) -> None:
        """It may not go before then; at its expiry it is looked at once more, to be ended."""
        self._refuse_ended()
        self._close_attempt(UNANSWERED, now)
        self.state, self.next_attempt = State.ACCEPTED, min(until, self.expire_time)

    def take(self, now: datetime) -> None:
        """A provider took it. Whichever attempt that was, the recipient has it."""
        if self.has_ended:
            return
        self._close_attempt("", now)
        self._end(State.DELIVERED, "", now)
        if self.page is not None:
            channel = self.attempts[-1].channel.value
            self.events.append(
                MessageDelivered(self.id, self.page.page_id, self.recipient_id, channel, now)
            )

    def miss(  # what is known of an attempt that failed
        self,
        attempt: int,
        reason: str,
        *,
        is_final: bool,
        plan: RetryPlan,
        jitter: float,
        now: datetime,
    ) -> None:
        """Attempt number `attempt` failed: try again later, or end. A stale report is ignored."""
        if self.state is not State.SENDING or attempt != len(self.attempts):
            return
        self._close_attempt(reason, now)
        if is_final:
            self.fail(reason, now)
        elif len(self.attempts) >= plan.most_attempts:
            self._give_up(now)
        else:
            self.state = State.ACCEPTED
            again = now + plan.pause(len(self.attempts), jitter)
            # At its expiry it is looked at once more, to be ended.
            self.next_attempt = min(again, self.expire_time)

    def fail(self, reason: str, now: datetime) -> None:
        """It can no longer be delivered; whoever asked for a page hears of it at once."""
        self._refuse_ended()
        self._end(State.FAILED_FINAL, reason, now)
        if self.page is not None:
            self.events.append(
                MessageFailed(self.id, self.page.page_id, self.recipient_id, reason, now)
            )

    def withdraw(self, reason: str, now: datetime) -> None:
        """It is no longer wanted. That is no failure, and nobody is told."""
        self._refuse_ended()
        self._end(State.WITHDRAWN, reason, now)

    def _give_up(self, now: datetime) -> None:
        if self.message_class is MessageClass.CRISIS:
            self.fail("ATTEMPTS_EXHAUSTED", now)  # a page is not left to be found tomorrow
        else:
            self._end(State.PARKED, "ATTEMPTS_EXHAUSTED", now)

    def _close_attempt(self, reason: str, now: datetime) -> None:
        """End the attempt that is under way, if there is one."""
        if self.attempts and self.attempts[-1].end is None:
            *earlier, last = self.attempts
            self.attempts = (*earlier, Attempt(last.channel, last.start, now, reason))

    def _end(self, state: State, reason: str, now: datetime) -> None:
        self._close_attempt(UNANSWERED, now)
        self.state, self.reason, self.end_time = state, reason, now
        self.next_attempt = None

    def _refuse_ended(self) -> None:
        if self.has_ended:
            raise FailedPrecondition("MESSAGE_ENDED", "the message is in a last state")
