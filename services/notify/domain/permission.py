"""May this message go to this person by this channel now? One pure answer, never an exception.

clinical.md 6.4. Crisis class: at any hour and beyond every cap, on the ground of an emergency, but
never as a text to a number that said stop. Everything else: in permitted hours, within caps, to
verified contact points that nobody stopped; staff are told at any hour of what waits for them,
proved address or not, unless they named hours of their own. "Later" always has a time, or says
that there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter

from services.notify.domain.consent_policy import ConsentPolicy
from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel, Message, MessageClass
from services.notify.domain.template import ANSWERS, CODE

# What rings or lights up a telephone counts against the caps: one law for texts and calls.
TELEPHONE = frozenset({Channel.SMS, Channel.VOICE})
# Others are proved by how they come to be: an app's own registration, a partner's own address.
NEED_PROOF = frozenset({Channel.EMAIL, Channel.SMS, Channel.VOICE})
# More than a week of full days.
MOST_DAYS = 16


class Occasion(StrEnum):
    """Why a message goes out."""

    ROUTINE = "routine"
    # The person has just written to us.
    ANSWER = "answer"
    # The person has just asked to prove a contact point.
    CODE = "code"


class Verdict(StrEnum):
    """Send it, keep it, or do not."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


class Basis(StrEnum):
    """On what ground a message was sent; kept with it."""

    EMERGENCY = "EMERGENCY_PURPOSES"
    ASKED = "RECIPIENT_ASKED"
    HEALTH_CARE = "HEALTH_CARE_EXEMPTION"
    CONSENT = "MESSAGING_CONSENT"
    # To a member of staff about their work: hours and caps protect patients.
    WORK = "WORK_RELATION"


# Stable for ever: they become the reason of a message that ends without being sent.
STOPPED, UNVERIFIED, CHANNEL_REFUSED = "STOPPED", "CONTACT_POINT_UNVERIFIED", "CHANNEL_REFUSED"
QUIET_HOURS, CAP_REACHED, NO_HOUR = "QUIET_HOURS", "CAP_REACHED", "NO_PERMITTED_HOUR"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which kind of message, by which channel."""

    message_class: MessageClass
    channel: Channel
    occasion: Occasion = Occasion.ROUTINE

    @classmethod
    def of(cls, message: Message, channel: Channel) -> Asked:
        """The message on its way by this channel."""
        id = message.template.id
        occasion = Occasion.CODE if id == CODE.id else Occasion.ROUTINE
        if id in {each.id for each in ANSWERS}:
            occasion = Occasion.ANSWER
        return cls(message.message_class, channel, occasion)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the recipient, for one channel."""

    # IANA; empty or unknown = could be in any plausible zone.
    time_zone: str = ""
    # Their own wish; counts only as far as it is narrower than the law.
    hours: Hours | None = None
    is_stopped: bool = False
    # They want other channels instead.
    is_refused: bool = False
    is_verified: bool = True
    is_staff: bool = False
    # When they were sent texts and calls of the other kinds; not counting this message.
    sent: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer. `not_before` belongs to LATER; None there = no permitted time can be seen."""

    verdict: Verdict
    reason: str = ""
    not_before: datetime | None = None
    basis: str = ""


def permit(asked: Asked, facts: Facts, policy: ConsentPolicy, now: datetime) -> Permission:
    """Whether it may go now, when else, and why."""
    if refusal := _refusal(asked, facts):
        return Permission(Verdict.NEVER, refusal)
    if asked.message_class is MessageClass.CRISIS:
        return Permission(Verdict.NOW, basis=Basis.EMERGENCY)
    if asked.occasion is not Occasion.ROUTINE:
        return Permission(Verdict.NOW, basis=Basis.ASKED)
    if facts.is_staff and facts.hours is None:
        return Permission(Verdict.NOW, basis=Basis.WORK)
    return _timed(asked.channel, facts, policy, now)


@dataclass(frozen=True, slots=True)
class Choice:
    """The channel to take now; None where the permission says what happens instead."""

    channel: Channel | None
    permission: Permission


def choose(permissions: Iterable[tuple[Channel, Permission]]) -> Choice:
    """The first channel that may be taken now, else the earliest time, else why never.

    A channel that is refused does not stand in the way of the next. ValueError without a channel.
    """
    asked = list(permissions)
    for channel, permission in asked:
        if permission.verdict is Verdict.NOW:
            return Choice(channel, permission)
    waiting = [each for _, each in asked if each.verdict is Verdict.LATER]
    timed = [(each.not_before, each) for each in waiting if each.not_before is not None]
    if timed:
        return Choice(None, min(timed, key=itemgetter(0))[1])
    if not asked:
        raise ValueError("a message needs a channel")
    return Choice(None, waiting[0] if waiting else asked[0][1])


def _refusal(asked: Asked, facts: Facts) -> str:
    """Why the channel is closed to this message whatever the time; empty where it is open."""
    if asked.message_class is MessageClass.CRISIS:
        return STOPPED if facts.is_stopped and asked.channel is Channel.SMS else ""
    if asked.occasion is Occasion.ANSWER:
        return ""  # the one word that a stop is owed, or help that was asked for
    if facts.is_stopped:
        return STOPPED
    if asked.occasion is Occasion.CODE:
        return ""
    if asked.channel in NEED_PROOF and not facts.is_verified:
        return UNVERIFIED
    return CHANNEL_REFUSED if facts.is_refused else ""


def _timed(channel: Channel, facts: Facts, policy: ConsentPolicy, now: datetime) -> Permission:
    is_telephone = channel in TELEPHONE
    windows = policy.windows(facts.time_zone, facts.hours)
    instant, reason = now, ""
    for _ in range(MOST_DAYS if windows else 0):
        assert windows is not None
        start = windows.next_from(instant)
        if start is None:
            break
        reason = reason or (QUIET_HOURS if start > now else "")
        days = [windows.days_since(sent, start) for sent in facts.sent]
        if not (is_telephone and _is_full(days, policy)):
            basis = Basis.HEALTH_CARE if is_telephone else Basis.CONSENT
            if start == now:
                return Permission(Verdict.NOW, basis=basis)
            return Permission(Verdict.LATER, reason, start)
        reason, instant = CAP_REACHED, windows.next_day(start)
    return Permission(Verdict.LATER, NO_HOUR)


def _is_full(days_ago: list[int], policy: ConsentPolicy) -> bool:
    """True where a day, or the seven that end with it, have had all that they may have."""
    today = sum(days <= 0 for days in days_ago)
    week = sum(days < 7 for days in days_ago)
    return today >= policy.daily_cap or week >= policy.weekly_cap
