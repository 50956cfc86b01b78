"""What must happen after a case, a worrying screening or a text that no rule understood: a tenant's
rules, and what follows from them. `[K]` and `[D]` are clinical.md's marks: known but not confirmed,
and Haven's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import available_timezones

from services.crisis.domain.absence import UNKNOWN, Absence
from services.crisis.domain.due import Office
from services.crisis.domain.follow_up import CLINICIANS, SUPERVISORS, FollowUp, Kind, Owner, Text
from services.crisis.domain.signal import Severity

HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class AftercarePolicy:
    """Times in seconds, days by the calendar of the tenant's office."""

    # Whose calendar, and when its working day ends. [D]
    time_zone: str = "America/New_York"
    close_hour: int = 17
    # A positive screen leads to an assessment.
    clarify_seconds: float = 24 * HOUR  # clinical.md 5.1, 5.4: assess <= 24 h [S:spier-measures]
    # A text that no rule understood is read: clinical.md 5.1 [D], a positive screen leads to an
    # assessment in 15 minutes of the working day and in 60 of the rest. Nothing was found in this
    # one, so that the longer of the two holds at every hour.
    read_text_seconds: float = HOUR
    # Routine reassessment: clinical.md 5.1 [S:spier-reassess].
    reassess_days_high: int = 7
    reassess_days_moderate: int = 14
    reassess_days_low: int = 30
    # Contact by the end of each of these, and not before the end of the one before.
    # clinical.md 5.1 [S:zs-trans]: within 24 h, again 24-48 h after hand-over.
    contact_seconds_high: tuple[float, ...] = (24 * HOUR, 48 * HOUR)
    # clinical.md 5.1 [D]: <= 48-72 h; the stricter end.
    contact_seconds_moderate: tuple[float, ...] = (48 * HOUR,)
    # clinical.md 5.4 [K/D]: day 1, 7, 30 ... after a case of high severity.
    caring_days: tuple[int, ...] = (1, 7, 30, 60, 90, 180, 270, 365)
    # clinical.md 5.4 [S:zs-trans]: the first one within 24 h of discharge, another one 24-48 h
    # after the first appointment elsewhere.
    discharge_contact_seconds: float = 24 * HOUR
    appointment_contact_seconds: tuple[float, float] = (24 * HOUR, 48 * HOUR)
    caring_early_days: int = 3  # [D]: a contact may come so many days before its day
    note_seconds: float = 24 * HOUR  # clinical.md 5.4 [K]: crisis note <= 24 h
    # clinical.md 5.1 [D]: after high severity, within 24 h, supervisor and medical notified and the
    # level of care reviewed; after moderate severity the supervisor consulted.
    notice_seconds: float = 24 * HOUR
    level_of_care_seconds: float = 24 * HOUR
    # clinical.md 5.4 [K]: incident report <= 24 h; [D]: after high severity.
    incident_report_seconds: float = 24 * HOUR
    supervisor_review_seconds: float = 72 * HOUR  # clinical.md 5.4 [K]
    # Who did not come is called: clinical.md 4.1 [D], within 15 minutes of the start where the risk
    # is moderate or higher, and where nobody knows it; otherwise within two hours. Then, while
    # nobody is reached: again the same day, after 24 and 48 hours, on day 5, and a letter on day 7;
    # on day 14 it is reviewed what becomes of the patient's care.
    absence_call_seconds: float = 900.0
    calm_absence_call_seconds: float = 2 * HOUR
    absence_again_seconds: tuple[float, ...] = (
        6 * HOUR,
        24 * HOUR,
        48 * HOUR,
        5 * 24 * HOUR,
        7 * 24 * HOUR,
    )
    absence_review_seconds: float = 14 * 24 * HOUR
    # Nobody has less than this for a call, however late it is planned. [D]
    least_call_seconds: float = 600.0
    # A safety plan is gone through again: clinical.md 5.2 [D], after a case 5.1 [D].
    plan_review_days: int = 30
    plan_after_case_seconds: float = 24 * HOUR
    # What is missed escalates so often, so far apart, before the supervisors own it. [D]
    most_escalations: int = 3
    escalation_repeat_seconds: float = 24 * HOUR

    def __post_init__(self) -> None:
        if not 0 <= self.close_hour <= 23:
            raise ValueError("close_hour must be from 0 to 23")
        if self.time_zone not in available_timezones():
            raise ValueError("time_zone must be an IANA time zone")
        reassess = (self.reassess_days_high, self.reassess_days_moderate, self.reassess_days_low)
        if min(*reassess, self.plan_review_days) < 2 or self.most_escalations < 1:
            raise ValueError("days must be from 2, escalations from 1")
        contacts = (
            self.contact_seconds_high,
            self.contact_seconds_moderate,
            self.appointment_contact_seconds,
        )
        for series in (self.caring_days, self.absence_again_seconds, *contacts):
            if any(later <= earlier for earlier, later in pairwise((0, *series))):
                raise ValueError("a series must begin after 0 and rise")

    @property
    def office(self) -> Office:
        """The calendar of the rules that say "day"."""
        return Office(self.time_zone, self.close_hour)

    @property
    def escalation_repeat(self) -> timedelta:
        """From one escalation to the next."""
        return timedelta(seconds=self.escalation_repeat_seconds)

    def plan_review_time(self, anchor: datetime) -> datetime:
        """The latest time at which a plan may be gone through again."""
        return self.office.within_days(anchor, self.plan_review_days)


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, to whom, when, and who is to see to what follows."""

    patient_id: str
    origin_id: str
    anchor: datetime
    owner: Owner
    case_id: str = ""
    screening_id: str = ""
    severity: Severity | None = None
    resolver_id: str = ""
    text: Text | None = None
    absence: Absence = UNKNOWN


def after_case(cause: Cause, severity: Severity, policy: AftercarePolicy) -> list[FollowUp]:
    """Everything that follows a resolved case of this severity."""
    made = [
        *_contacts(cause, severity, policy),
        _reassessment(cause, severity, policy),
        _within(cause, Kind.CRISIS_NOTE, policy.note_seconds),
        _within(cause, Kind.SAFETY_PLAN_REVIEW, policy.plan_after_case_seconds),
    ]
    if severity >= Severity.MODERATE:
        seconds = policy.supervisor_review_seconds
        made.append(_within(cause, Kind.SUPERVISOR_REVIEW, seconds, owner=SUPERVISORS))
        made.append(_within(cause, Kind.SUPERVISOR_NOTICE, policy.notice_seconds))
    if severity is Severity.HIGH:
        made.append(_within(cause, Kind.MEDICAL_NOTICE, policy.notice_seconds))
        made.append(_within(cause, Kind.LEVEL_OF_CARE_REVIEW, policy.level_of_care_seconds))
        made.append(_within(cause, Kind.INCIDENT_REPORT, policy.incident_report_seconds))
        made += _caring_contacts(cause, policy, policy.caring_days)
    return made


def after_screening(cause: Cause, policy: AftercarePolicy) -> FollowUp:
    """A screening that worries must be clarified by a human."""
    return _within(cause, Kind.CLARIFY_SCREEN, policy.clarify_seconds, owner=CLINICIANS)


def after_discharge(
    cause: Cause, first_appointment: datetime | None, policy: AftercarePolicy
) -> list[FollowUp]:
    """Caring contacts from the first day on, and somebody who asks how the next place is."""
    within = timedelta(seconds=policy.discharge_contact_seconds)
    made = [_made(cause, Kind.CARING_CONTACT, 1, due_time=cause.anchor + within)]
    later = [day for day in policy.caring_days if timedelta(days=day) > within]
    made += _caring_contacts(cause, policy, later, first_number=2)
    if first_appointment is not None:
        start, due = (timedelta(seconds=each) for each in policy.appointment_contact_seconds)
        made.append(
            _made(
                cause,
                Kind.CONTACT,
                1,
                due_time=first_appointment + due,
                start_time=first_appointment + start,
            )
        )
    return made


def after_text(cause: Cause, policy: AftercarePolicy) -> FollowUp:
    """A text that no rule understood must be read by a human."""
    return _within(cause, Kind.READ_TEXT, policy.read_text_seconds)


def after_absence(
    cause: Cause, policy: AftercarePolicy, *, now: datetime, is_calm: bool
) -> FollowUp:
    """Somebody calls the patient who did not come; the cause's anchor is the session's start."""
    seconds = policy.calm_absence_call_seconds if is_calm else policy.absence_call_seconds
    return _call(cause, 1, seconds, policy, now)


def after_hold(
    cause: Cause, policy: AftercarePolicy, *, now: datetime, deadline: datetime | None
) -> FollowUp:
    """Somebody is in touch with the patient who came and could not be served in the group."""
    least = now + timedelta(seconds=policy.least_call_seconds)
    return _made(cause, Kind.INDIVIDUAL_CONTACT, 1, due_time=max(deadline or least, least))


def after_attempt(tried: FollowUp, policy: AftercarePolicy, now: datetime) -> FollowUp:
    """What follows a call that nobody answered: the next attempt, and after the last a review."""
    anchor, absence = tried.start_time or now, tried.absence
    cause = Cause(tried.patient_id, tried.origin_id, anchor, CLINICIANS, absence=absence)
    again = policy.absence_again_seconds[tried.number - 1 :]
    if again:
        return _call(cause, tried.number + 1, again[0], policy, now)
    review_time = cause.anchor + timedelta(seconds=policy.absence_review_seconds)
    return _made(cause, Kind.LEVEL_OF_CARE_REVIEW, 1, due_time=max(review_time, now))


def _call(
    cause: Cause, number: int, seconds: float, policy: AftercarePolicy, now: datetime
) -> FollowUp:
    due = cause.anchor + timedelta(seconds=seconds)
    least = now + timedelta(seconds=policy.least_call_seconds)
    return _made(
        cause, Kind.ABSENCE_CALL, number, due_time=max(due, least), start_time=cause.anchor
    )


def after_plan(cause: Cause, number: int, review_time: datetime) -> FollowUp:
    """A plan's next review; `number` counts the times at which one was set."""
    return _made(cause, Kind.SAFETY_PLAN_REVIEW, number, due_time=review_time)


def _contacts(cause: Cause, severity: Severity, policy: AftercarePolicy) -> Iterator[FollowUp]:
    limits: tuple[float, ...] = {
        Severity.HIGH: policy.contact_seconds_high,
        Severity.MODERATE: policy.contact_seconds_moderate,
    }.get(severity, ())
    start = None
    for number, seconds in enumerate(limits, 1):
        due = cause.anchor + timedelta(seconds=seconds)
        yield _made(cause, Kind.CONTACT, number, due_time=due, start_time=start)
        start = due


def _reassessment(cause: Cause, severity: Severity, policy: AftercarePolicy) -> FollowUp:
    days = {
        Severity.HIGH: policy.reassess_days_high,
        Severity.MODERATE: policy.reassess_days_moderate,
        Severity.LOW: policy.reassess_days_low,
    }[severity]
    return _made(cause, Kind.REASSESS, 1, due_time=policy.office.within_days(cause.anchor, days))


def _caring_contacts(
    cause: Cause, policy: AftercarePolicy, days: Sequence[int], *, first_number: int = 1
) -> Iterator[FollowUp]:
    early = timedelta(days=policy.caring_early_days)
    for number, day in enumerate(days, first_number):
        due = policy.office.on_day(cause.anchor, day)
        start = max(cause.anchor, due - early)
        yield _made(cause, Kind.CARING_CONTACT, number, due_time=due, start_time=start)


def _within(cause: Cause, kind: Kind, seconds: float, *, owner: Owner | None = None) -> FollowUp:
    due = cause.anchor + timedelta(seconds=seconds)
    return _made(cause, kind, 1, due_time=due, owner=owner)


def _made(
    cause: Cause,
    kind: Kind,
    number: int,
    *,
    due_time: datetime,
    start_time: datetime | None = None,
    owner: Owner | None = None,
) -> FollowUp:
    return FollowUp(
        patient_id=cause.patient_id,
        origin_id=cause.origin_id,
        kind=kind,
        number=number,
        owner=owner or cause.owner,
        due_time=due_time,
        start_time=start_time,
        case_id=cause.case_id,
        screening_id=cause.screening_id,
        severity=cause.severity,
        resolver_id=cause.resolver_id,
        text=cause.text,
        absence=cause.absence,
        escalate_time=due_time,
    )
