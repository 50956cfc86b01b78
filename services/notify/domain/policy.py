"""A tenant's numbers for notify, each with its source. `[D]` is Haven's default.

A tenant's section `notify` overrides them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.message import MessageClass
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
    # All others.
    retry_first_seconds: float = 5  # [D]
    retry_longest_seconds: float = 300  # [D]
    attempts: int = 10  # [D]
    # A nudge to join a session is of no use any more after this time.
    nudge_lifetime_seconds: float = 1_800  # [D] half an hour into a block of three
    # Word of something overdue: the next word of it comes after this time.
    overdue_lifetime_seconds: float = 86_400  # [D]
    # A section of its own: when, how often and under which number people are written to.
    consent: ConsentPolicy = field(default_factory=ConsentPolicy)
    # Word of a gap in the cover: crisis tells it again after a day.
    cover_lifetime_seconds: float = 86_400  # [D] as crisis' cover_notice_seconds

    def retry_plan(self, message_class: MessageClass) -> RetryPlan:
        """When a message of the class is tried again."""
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

    @property
    def overdue_lifetime(self) -> timedelta:
        """How long word of something overdue is worth sending."""
        return timedelta(seconds=self.overdue_lifetime_seconds)

    @property
    def nudge_lifetime(self) -> timedelta:
        """How long a nudge is worth sending."""
        return timedelta(seconds=self.nudge_lifetime_seconds)

    @property
    def cover_lifetime(self) -> timedelta:
        """How long word of a gap in the cover is worth sending."""
        return timedelta(seconds=self.cover_lifetime_seconds)
