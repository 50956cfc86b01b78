"""Several providers of one channel: who is tried, for how long, and what it ends in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from chassis.errors import FailedPrecondition, HavenError, Unavailable
from services.notify.gateways.failover import Failover
from services.notify.ports import Dispatch, Receipt
from tests.dispatches import a_dispatch, a_page
from tests.unit.notify.test_breaker import Watch

AWAY = Unavailable("PROVIDER_UNREACHABLE")
BUSY = Unavailable("PROVIDER_BUSY")
REFUSED = FailedPrecondition("PROVIDER_REFUSED")
NO_NUMBER = FailedPrecondition("ADDRESS_REFUSED")
STOPPED = FailedPrecondition("STOPPED")
PAUSE = 15.0


class FakeProvider:
    """Takes messages, or fails as it was told; `hangs` uses up all the time that it is given."""

    def __init__(self, name: str, watch: Watch) -> None:
        self.name = name
        self.failure: HavenError | None = None
        self.hangs = False
        self.given: list[float] = []
        self._watch = watch

    def send(self, dispatch: Dispatch, seconds: float = 5.0) -> Receipt:
        self.given.append(seconds)
        if self.hangs:
            self._watch.now += seconds
            raise AWAY
        if self.failure is not None:
            raise self.failure
        return Receipt(self.name, f"ref-{dispatch.message_id}")


class Town:
    """Two providers and a clock."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.east, self.west = FakeProvider("east", self.watch), FakeProvider("west", self.watch)
        self.failover = Failover([self.east, self.west], clock=self.watch)

    def open_circuit(self, provider: FakeProvider) -> None:
        """Let the provider, the only one, fail until its circuit opens."""
        provider.failure = AWAY
        for _ in range(3):
            self.attempt()

    def attempt(self, dispatch: Dispatch | None = None) -> str:
        """Who took it, or why nobody did."""
        try:
            return self.failover.send(dispatch or a_page()).provider
        except HavenError as error:
            return error.reason


@pytest.fixture
def town() -> Town:
    return Town()


def test_who_took_this_page_and_never_said_that_it_arrived_is_asked_last() -> None:
    town = Town()

    assert town.attempt(replace(a_page(), silent_providers=frozenset({"east"}))) == "west"
    assert town.attempt(replace(a_page(), silent_providers=frozenset({"east", "west"}))) == "east"


def test_the_preferred_provider_alone_gets_the_message_while_it_is_well(town: Town) -> None:
    receipt = town.failover.send(a_page(message_id="m-1"))

    assert receipt == Receipt("east", "ref-m-1")
    assert town.west.given == []


@pytest.mark.parametrize("failure", [AWAY, BUSY, Unavailable("PROVIDER_GARBLED"), REFUSED])
def test_what_the_first_does_not_take_the_second_gets(town: Town, failure: HavenError) -> None:
    town.east.failure = failure

    assert town.attempt() == "west"


def test_the_second_has_the_message_within_two_seconds_though_the_first_hangs(town: Town) -> None:
    town.east.hangs = True
    start = town.watch.now

    assert town.attempt() == "west"
    assert town.watch.now - start < 2


def test_an_attempt_ends_within_five_seconds_though_all_hang(town: Town) -> None:
    town.east.hangs = town.west.hangs = True
    start = town.watch.now

    assert town.attempt() == "PROVIDER_UNREACHABLE"
    assert town.watch.now - start == pytest.approx(5)


def test_a_provider_without_a_next_one_has_all_the_time(town: Town) -> None:
    Failover([town.east], clock=town.watch).send(a_page())

    assert town.east.given == [5]


@pytest.mark.parametrize("refusal", [NO_NUMBER, STOPPED, FailedPrecondition("ADDRESS_GONE")])
def test_what_is_wrong_with_the_recipient_is_wrong_for_every_provider(
    town: Town, refusal: HavenError
) -> None:
    town.east.failure = refusal

    assert town.attempt() == refusal.reason
    assert town.west.given == []


def test_a_stop_heard_from_the_second_ends_it_though_the_first_was_away(town: Town) -> None:
    town.east.failure, town.west.failure = AWAY, STOPPED

    with pytest.raises(FailedPrecondition):
        town.failover.send(a_page())


@pytest.mark.parametrize(
    ("east", "west", "reason"),
    [(AWAY, REFUSED, "PROVIDER_UNREACHABLE"), (REFUSED, BUSY, "PROVIDER_BUSY")],
)
def test_while_one_of_them_may_take_it_later_the_message_is_not_lost(
    town: Town, east: HavenError, west: HavenError, reason: str
) -> None:
    town.east.failure, town.west.failure = east, west

    with pytest.raises(Unavailable) as missed:
        town.failover.send(a_page())

    assert missed.value.reason == reason


def test_what_all_refuse_for_good_is_refused_for_good(town: Town) -> None:
    town.east.failure = town.west.failure = REFUSED

    with pytest.raises(FailedPrecondition):
        town.failover.send(a_page())


def test_after_three_failures_the_first_costs_no_more_time(town: Town) -> None:
    town.east.hangs = True
    for _ in range(3):
        town.attempt()
    start = town.watch.now

    assert town.attempt() == "west"
    assert town.watch.now == start
    assert len(town.east.given) == 3


def test_a_page_is_tried_with_all_though_every_circuit_is_open(town: Town) -> None:
    town.open_circuit(town.west)
    town.east.failure = AWAY
    for _ in range(3):
        town.attempt()
    town.west.failure = None

    assert town.attempt() == "west"


def test_a_page_that_the_well_one_does_not_take_is_tried_with_the_unwell_one(town: Town) -> None:
    town.open_circuit(town.east)
    town.east.failure, town.west.failure = None, BUSY

    assert town.attempt() == "east"


def test_another_message_waits_while_every_circuit_is_open(town: Town) -> None:
    town.east.failure = town.west.failure = AWAY
    for _ in range(3):
        town.attempt()
    tried = len(town.east.given) + len(town.west.given)

    assert town.attempt(a_dispatch()) == "PROVIDERS_PAUSED"
    assert len(town.east.given) + len(town.west.given) == tried


def test_after_the_pause_the_first_is_tried_once_and_taken_back(town: Town) -> None:
    town.open_circuit(town.east)
    town.east.failure = None
    town.watch.now += PAUSE

    assert [town.attempt(a_dispatch()) for _ in range(2)] == ["east", "east"]


def test_a_probe_that_fails_still_delivers_its_message_by_the_second(town: Town) -> None:
    town.open_circuit(town.east)
    town.watch.now += PAUSE

    assert [town.attempt(a_dispatch()) for _ in range(3)] == ["west"] * 3
    assert len(town.east.given) == 4


def test_the_second_gets_its_probe_when_it_is_needed_and_not_before(town: Town) -> None:
    town.east.failure = town.west.failure = AWAY
    for _ in range(3):
        town.attempt()
    town.east.failure = town.west.failure = None
    town.watch.now += PAUSE
    town.attempt(a_dispatch())  # the first one is well again
    town.east.failure = AWAY

    assert town.attempt(a_dispatch()) == "west"


@pytest.mark.parametrize("refusal", [NO_NUMBER, REFUSED])
def test_refusals_do_not_make_a_provider_unwell(town: Town, refusal: HavenError) -> None:
    town.east.failure = refusal
    for _ in range(5):
        town.attempt()
    town.east.failure = None

    assert town.attempt() == "east"


def test_a_fault_in_a_providers_code_is_counted_and_not_hidden(town: Town) -> None:
    def broken(dispatch: Dispatch, seconds: float = 5.0) -> Receipt:
        raise ZeroDivisionError

    town.east.send = broken
    before = metric("haven_notify_provider_attempts_total", provider="east", outcome="missed")

    with pytest.raises(ZeroDivisionError):
        town.failover.send(a_page())

    after = metric("haven_notify_provider_attempts_total", provider="east", outcome="missed")
    assert after == before + 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(None, "taken"), (AWAY, "missed"), (NO_NUMBER, "refused"), (REFUSED, "refused")],
)
def test_every_try_is_counted_with_its_outcome(
    town: Town, failure: HavenError | None, outcome: str
) -> None:
    def count() -> float:
        name = "haven_notify_provider_attempts_total"
        return metric(name, provider="east", outcome=outcome)

    before = count()
    town.east.failure = failure
    town.attempt()

    assert count() == before + 1


def test_an_open_circuit_can_be_seen(town: Town) -> None:
    seen = [metric("haven_notify_provider_open", provider="east")]
    town.open_circuit(town.east)
    seen.append(metric("haven_notify_provider_open", provider="east"))
    town.east.failure = None
    town.watch.now += PAUSE
    town.attempt()
    seen.append(metric("haven_notify_provider_open", provider="east"))

    assert seen == [0, 1, 0]


@pytest.mark.parametrize("count", [0, 4])
def test_a_channel_has_one_to_three_providers(town: Town, count: int) -> None:
    with pytest.raises(AssertionError):
        Failover([town.east] * count)


def metric(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(name, labels)
    assert value is not None
    return value
