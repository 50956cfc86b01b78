"""Several providers of one channel behind one port: what one does not take, the next one gets.

Within one attempt every provider is tried until one takes the message. All but the last have
NEXT_AFTER seconds: less than two, so that the second has the message within two seconds of the
attempt's start, with time to connect. The last one has what is left of ATTEMPT_SECONDS.

A provider whose circuit is open is passed over. For a page it is tried after all others instead:
a page is never held back by what earlier messages met.

A message that a provider took without saying so in time is sent twice; it carries the same id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from prometheus_client import Counter, Gauge

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from chassis.log import get_logger
from services.notify.gateways.breaker import Breaker
from services.notify.ports import Dispatch, Receipt

log = get_logger("providers")

# All providers of one attempt together; a claim (7 s) outlives it.
ATTEMPT_SECONDS = 5.0
NEXT_AFTER = 1.5
# More would not fit into an attempt.
MOST_PROVIDERS = 3
# A refusal that is this provider's own opinion: its account, its sender, its rules. Another one
# may take the message. Every other refusal is about the recipient or the message.
OPINIONS = frozenset({"PROVIDER_REFUSED"})


class Outcome(StrEnum):
    """What came of one try with one provider."""

    TAKEN = "taken"
    # Another provider or another time can help.
    MISSED = "missed"
    # For good. The provider is alive: a row of wrong addresses must not make it unwell.
    REFUSED = "refused"


attempts = Counter(
    "haven_notify_provider_attempts", "Tries with a provider.", ["provider", "outcome"]
)
open_circuits = Gauge(
    "haven_notify_provider_open", "1 while a provider's circuit is open.", ["provider"]
)


class BoundedProvider(Protocol):
    """A Provider that keeps within the seconds that it is given."""

    @property
    def name(self) -> str:
        """As settings, metrics and attempts name it."""
        ...

    def send(self, dispatch: Dispatch, seconds: float = ...) -> Receipt:
        """As Provider.send, answered or given up within that time."""
        ...


class Failover:
    """A Provider made of others. Safe to share between threads."""

    def __init__(
        self,
        providers: Sequence[BoundedProvider],
        *,
        clock: Callable[[], float] = time.monotonic,
        attempt_seconds: float = ATTEMPT_SECONDS,
        next_after: float = NEXT_AFTER,
    ) -> None:
        """Take providers in the order of preference, one to three, each with its own name."""
        if not 1 <= len(providers) <= MOST_PROVIDERS:
            raise AssertionError("one to three providers")
        self._lines = [_Line(each, Breaker(clock)) for each in providers]
        self._clock = clock
        self._attempt_seconds, self._next_after = attempt_seconds, next_after

    @property
    def name(self) -> str:
        """The preferred provider's; a receipt names the one that took the message."""
        return self._lines[0].name

    def send(self, dispatch: Dispatch) -> Receipt:
        """Return once one provider took it.

        Raises the first refusal that no other provider would decide otherwise; Unavailable where
        any provider may take it later; FailedPrecondition where all refused it for good.
        """
        until = self._clock() + self._attempt_seconds
        failures: list[HavenError] = []
        lines = self._order(dispatch)
        for line in lines:
            if not line.breaker.admits() and not dispatch.is_answerable:
                continue  # somebody else is just trying whether it is well again
            is_last = line is lines[-1]
            seconds = max(until - self._clock(), self._next_after) if is_last else self._next_after
            try:
                return line.send(dispatch, seconds)
            except HavenError as error:
                if _is_everybodys(error):
                    raise
                failures.append(error)
        raise _summary(failures)

    def _order(self, dispatch: Dispatch) -> Sequence[_Line]:
        """Those that are well or may be again; for a page then the others.

        Who took this very message and never said that it arrived comes after all others.
        """
        ready = [line for line in self._lines if line.breaker.is_ready]
        if not dispatch.is_answerable:
            return ready
        order = [*ready, *(line for line in self._lines if line not in ready)]
        return sorted(order, key=lambda line: line.name in dispatch.silent_providers)


class _Line:
    """A provider and its health."""

    def __init__(self, provider: BoundedProvider, breaker: Breaker) -> None:
        self._provider, self.breaker = provider, breaker
        self.name = provider.name
        open_circuits.labels(self.name).set(0)
        for outcome in Outcome:
            attempts.labels(self.name, outcome)

    def send(self, dispatch: Dispatch, seconds: float) -> Receipt:
        """As the provider; whatever comes of it is counted."""
        outcome = Outcome.MISSED  # also where the provider's code fails
        try:
            receipt = self._provider.send(dispatch, seconds)
            outcome = Outcome.TAKEN
        except FailedPrecondition:
            outcome = Outcome.REFUSED
            raise
        finally:
            self._count(outcome)
        return receipt

    def _count(self, outcome: Outcome) -> None:
        attempts.labels(self.name, outcome).inc()
        if outcome is not Outcome.MISSED:
            if self.breaker.succeeded():
                log.info("provider.well", kind=self.name)
        elif self.breaker.failed():
            log.warning("provider.unwell", kind=self.name)
        open_circuits.labels(self.name).set(self.breaker.is_open)


def _is_everybodys(error: HavenError) -> bool:
    return isinstance(error, FailedPrecondition) and error.reason not in OPINIONS


def _summary(failures: Sequence[HavenError]) -> HavenError:
    """What the attempt ends with: what may change later, before what will not."""
    for failure in failures:
        if isinstance(failure, Unavailable):
            return failure
    if failures:
        return failures[-1]
    return Unavailable("PROVIDERS_PAUSED", "no provider of the channel is well just now")
