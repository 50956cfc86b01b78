"""What becomes of a message after its handler: done, tried again later, or parked for a person.

Every message ends in one of these; none is dropped. Knows neither nameko nor the broker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chassis.errors import HavenError, is_retryable
from chassis.inbound import EventExpired, Outcome
from chassis.store import AlreadyDone
from chassis.topology import RETRY_DELAYS, MessageClass

ATTEMPTS = "x-haven-attempts"  # how many failed before
REASON = "x-haven-reason"  # why it is parked
ERROR = "x-haven-error"  # the type of an exception that is a bug; never its text
UNEXPECTED = "HANDLER_FAILED"
EXPIRED, RETRIED, DEAD = "expired", "retried", "dead"
OUTCOMES = (*Outcome, EXPIRED, RETRIED, DEAD)


@dataclass(frozen=True, slots=True)
class Done:
    """Acknowledge: the effect is committed, or must not happen any more."""

    outcome: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Let it wait, then come back."""

    seconds: int
    headers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dead:
    """Park it."""

    headers: Mapping[str, Any]


Verdict = Done | Retry | Dead


def verdict_of(
    error: BaseException | None, message_class: MessageClass, headers: Mapping[str, Any]
) -> Verdict:
    """The end of one attempt that raised `error`, or nothing."""
    if error is None:
        return Done(Outcome.DONE)
    if isinstance(error, AlreadyDone):
        return Done(Outcome.REPEATED)
    if isinstance(error, EventExpired):
        return Done(EXPIRED)
    failed = attempts_in(headers)
    # The crisis class has been tried for seconds already: waiting longer would only hide it.
    may_wait = message_class is not MessageClass.CRISIS and failed < len(RETRY_DELAYS)
    if is_retryable(error) and may_wait:
        return Retry(RETRY_DELAYS[failed], {ATTEMPTS: failed + 1})
    return Dead({ATTEMPTS: failed + 1, REASON: reason_of(error), ERROR: type(error).__name__})


def attempts_in(headers: Mapping[str, Any]) -> int:
    """How many attempts failed before, as far as the headers can be believed."""
    value = headers.get(ATTEMPTS)
    return value if isinstance(value, int) and value > 0 else 0


def reason_of(error: BaseException) -> str:
    """The stable reason of a failure; an unexpected exception has only one."""
    return error.reason if isinstance(error, HavenError) else UNEXPECTED
