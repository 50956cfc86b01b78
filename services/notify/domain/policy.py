"""A tenant's numbers for notify, each with its source. `[D]` is Haven's default.

A tenant's section `notify` overrides them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.ladder import Pace
from services.notify.domain.message import Channel, MessageClass
from services.notify.domain.retry import RetryPlan


@dataclass(frozen=True, kw_only=True)
class NotifyPolicy:
    """Who writes, and how patiently."""

    # Neutral: it shows on lock screens (clinical.md 6.4).
    sender_address: str = "no-reply@haven.invalid"
    sender_name: str = "Messages"
    # Pages: soon again, for as long as they may act (crisis sets their end).
    crisis_retry_first_seconds: float = 0.5  # [D]
    crisis_retry_longest_seconds: float = 5  # [D]
    crisis_attempts: int = 100  # [D] more than fit into a page's life
    # A provider took a page and nobody has answered: when the next channel joins. A person needs
    # some seconds to unlock a telephone and read; a rung may be over after five (features.md F1).
    channel_step_seconds: float = 15  # [D]
    # A provider took a page and has not said that it arrived: when that counts as a miss.
    crisis_receipt_seconds: float = 15  # [D] texts that arrive at all mostly do within 10 s
    # Of a call it comes when the call is over: it has to ring and to be listened to.
    call_receipt_seconds: float = 120  # [D]
    # All others.
    retry_first_seconds: float = 5  # [D]
    retry_longest_seconds: float = 300  # [D]
    attempts: int = 10  # [D]
    # A carrier that has said nothing by then will say nothing.
    receipt_seconds: float = 3_600  # [D]
    # A message that a person lets go again is of use for this long.
    resend_lifetime_seconds: float = 1_800  # [D]
    # A nudge to join a session is of no use any more after this time.
    nudge_lifetime_seconds: float = 1_800  # [D] half an hour into a block of three
    # Word of something overdue: the next word of it comes after this time.
    overdue_lifetime_seconds: float = 86_400  # [D]
    # Word of something to review: it stays on the list that it points to.
    review_lifetime_seconds: float = 259_200  # [D] three days, a weekend among them
    # A section of its own: when, how often and under which number people are written to.
    consent: ConsentPolicy = field(default_factory=ConsentPolicy)
    # How often it is looked at whom of the staff a page can reach.
    reach_look_seconds: float = 60  # [D] a few commands for all of a tenant's staff together
    # Word of a gap in the cover: crisis tells it again after a day.
    cover_lifetime_seconds: float = 86_400  # [D] as crisis' cover_notice_seconds

    def retry_plan(self, message_class: MessageClass) -> RetryPlan:
        """When a channel is tried again by a message of the class."""
        if message_class is MessageClass.CRISIS:
            return RetryPlan(
                timedelta(seconds=self.crisis_retry_first_seconds),
                timedelta(seconds=self.crisis_retry_longest_seconds),
                self.crisis_attempts,
            )
        return RetryPlan(
            timedelta(seconds=self.retry_first_seconds),
            timedelta(seconds=self.retry_longest_seconds),
            self.attempts,
        )

    def pace(self, message_class: MessageClass, *, is_page: bool) -> Pace:
        """How a message goes through its recipient's channels."""
        is_crisis = message_class is MessageClass.CRISIS
        text = self.crisis_receipt_seconds if is_crisis else self.receipt_seconds
        call = self.call_receipt_seconds if is_crisis else self.receipt_seconds
        return Pace(
            self.retry_plan(message_class),
            receipt_within={
                Channel.SMS: timedelta(seconds=text),
                Channel.VOICE: timedelta(seconds=call),
            },
            step=timedelta(seconds=self.channel_step_seconds) if is_page else None,
        )

    @property
    def overdue_lifetime(self) -> timedelta:
        """How long word of something overdue is worth sending."""
        return timedelta(seconds=self.overdue_lifetime_seconds)

    @property
    def nudge_lifetime(self) -> timedelta:
        """How long a nudge is worth sending."""
        return timedelta(seconds=self.nudge_lifetime_seconds)

    @property
    def resend_lifetime(self) -> timedelta:
        """How long a message that goes again is worth sending."""
        return timedelta(seconds=self.resend_lifetime_seconds)

    @property
    def review_lifetime(self) -> timedelta:
        """How long word of something to review is worth sending."""
        return timedelta(seconds=self.review_lifetime_seconds)

    @property
    def cover_lifetime(self) -> timedelta:
        """How long word of a gap in the cover is worth sending."""
        return timedelta(seconds=self.cover_lifetime_seconds)
