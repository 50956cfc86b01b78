"""A tenant's numbers for crisis, each with its source. `[K]` and `[D]` are clinical.md's marks:
known but not confirmed, and Haven's default. A tenant's section `crisis` overrides them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.crisis.domain.aftercare import AftercarePolicy
from services.crisis.domain.escalation import SUPERVISOR_POOL, FrozenPolicy, Rung
from services.crisis.domain.pack import Freshness
from services.crisis.domain.person_request import QueuePolicy
from services.crisis.domain.signal import Severity
from services.crisis.domain.snooze import SnoozeLimit


@dataclass(frozen=True, kw_only=True)
class CrisisPolicy:
    """Waiting times in seconds, and who stands in."""

    # How long an acknowledgement holds without contact.
    contact_high_seconds: float = 300  # clinical.md 5.1 [D]: clinician on line within 5 min
    contact_moderate_seconds: float = 900  # clinical.md 5.1 [D]: assessment within 15 min
    contact_low_seconds: float = 14_400  # clinical.md 5.1 [D]: clinician the same day
    # From contact to resolution, and how often a missing resolution is called for.
    review_seconds: float = 86_400  # clinical.md 5.4 [K]: crisis note within 24 h
    review_repeat_seconds: float = 3_600  # [D]
    # The rung of a tenant without a policy: the supervisors, again and again.
    fallback_wait_seconds: float = 60  # [D]
    # A rung may not wait less: a human cannot answer faster, and pages would pile up.
    shortest_wait_seconds: float = 5  # features.md F1: steps from 5 s
    # A page that could not be handed over in this time has been followed by newer ones.
    page_lifetime_seconds: float = 300  # [D]
    # For how long, and how often, a clinician may postpone a case that is not of high severity.
    snooze_moderate_seconds: float = 900  # [D] clinical.md 5.1: assessment within 15 min
    snooze_low_seconds: float = 3_600  # [D] clinical.md 5.1: clinician the same day
    snoozes: int = 2  # [D]
    # How late a timer may be before the auditor climbs in its place.
    deadline_late_seconds: float = 10  # [D] relays are at most 2 s late after a fault
    # How long notify may leave a page unanswered before the auditor speaks up.
    page_late_seconds: float = 30  # [D] an attempt is given up after 7 s; three of them and some
    # True for a tenant in which nobody is treated and the platform tries itself.
    is_drill: bool = False
    # How often, and how long one drill may take from its signal to its end.
    drill_period_seconds: float = 300  # [D]
    drill_late_seconds: float = 60  # [D] must be less than the period
    # How long a drill, its case and its messages stay: one that failed before a weekend or a leave
    # is still whole when people look, and at the default period there are 2,016 of them at most.
    drill_kept_seconds: float = 604_800  # [D] a week; longer than a drill's pages are of use
    # Who is paged where a rotation has a hole: a recipient with a contact point in notify.
    supervisor_id: str = "supervisor-pool"
    # Whether the next one in turn is called for somebody who opted out without a substitute.
    is_next_in_turn_called: bool = True  # [D]
    # How far ahead cover is looked at, how often, and when a gap that stays is told again.
    cover_horizon_seconds: float = 1_209_600  # issue 3: an uncovered hour in the next 14 days
    cover_check_seconds: float = 3_600  # [D] time itself brings gaps nearer
    cover_notice_seconds: float = 86_400  # [D] daily until covered
    # What a patient is always told to call.
    call_number: str = "988"  # clinical.md 5.4: call, text or chat, 24/7
    # An entry that nobody has verified for so long is shown as stale.
    number_fresh_days: int = 90  # clinical.md 5.3 [D]: manual confirmation each 90 days
    duty_fresh_days: int = 365  # [D]: laws change more slowly than telephones
    # clinical.md 5.3: asked every session; [D] one day block, as long as it opens doors
    location_fresh_seconds: float = 14_400
    contact_fresh_days: int = 90  # [D]: confirmed as often as numbers are, clinical.md 5.3
    # What must happen after a case: `[tenants.<id>.crisis.aftercare]`.
    aftercare: AftercarePolicy = field(default_factory=AftercarePolicy)
    # Somebody to talk to: `[tenants.<id>.crisis.queue]`.
    queue: QueuePolicy = field(default_factory=QueuePolicy)

    def __post_init__(self) -> None:
        if not 0 < self.drill_late_seconds < self.drill_period_seconds:
            raise ValueError("drill_late_seconds must be above 0 and below drill_period_seconds")
        if self.drill_kept_seconds <= max(self.drill_period_seconds, self.page_lifetime_seconds):
            text = "drill_kept_seconds must be above drill_period_seconds and page_lifetime_seconds"
            raise ValueError(text)

    @property
    def shortest_wait(self) -> timedelta:
        """The shortest time that a rung may give its people."""
        return timedelta(seconds=self.shortest_wait_seconds)

    @property
    def drill_kept(self) -> timedelta:
        """How long a drill is kept after its start."""
        return timedelta(seconds=self.drill_kept_seconds)

    @property
    def cover_horizon(self) -> timedelta:
        """How far ahead cover is looked at."""
        return timedelta(seconds=self.cover_horizon_seconds)

    @property
    def freshness(self) -> Freshness:
        """How old what patients said may be before it is shown as stale."""
        place = timedelta(seconds=self.location_fresh_seconds)
        return Freshness(place, timedelta(days=self.contact_fresh_days))

    def contact_within(self, severity: Severity) -> timedelta:
        """How long an acknowledgement holds without contact, by severity."""
        seconds = {
            Severity.HIGH: self.contact_high_seconds,
            Severity.MODERATE: self.contact_moderate_seconds,
            Severity.LOW: self.contact_low_seconds,
        }
        return timedelta(seconds=seconds[severity])

    def snooze_limit(self, severity: Severity) -> SnoozeLimit:
        """How a case of the severity may be postponed; high never is."""
        low = severity is Severity.LOW
        seconds = self.snooze_low_seconds if low else self.snooze_moderate_seconds
        return SnoozeLimit(timedelta(seconds=seconds), self.snoozes)

    def fallback(self, severity: Severity) -> FrozenPolicy:
        """The ladder where the tenant has none, and the numbers that a ladder does not set."""
        return FrozenPolicy(
            rungs=(Rung(timedelta(seconds=self.fallback_wait_seconds), (SUPERVISOR_POOL,)),),
            contact_within=self.contact_within(severity),
            review_within=timedelta(seconds=self.review_seconds),
            review_repeat=timedelta(seconds=self.review_repeat_seconds),
            page_lifetime=timedelta(seconds=self.page_lifetime_seconds),
        )
