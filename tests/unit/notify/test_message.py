"""Every message is in one state and ends in one that has a name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.errors import FailedPrecondition
from services.notify.domain.events import MessageDelivered, MessageFailed
from services.notify.domain.message import Channel, State
from services.notify.domain.retry import RetryPlan
from tests.unit.notify.builders import HOLD, NOON, PLAN, a_nudge, a_page, after


def claimed(message: Any = None, at: Any = NOON) -> Any:
    message = message or a_page()
    message.claim(Channel.EMAIL, at, hold=HOLD)
    return message


def missed(message: Any, at: Any, *, is_final: Any = False, plan: Any = PLAN) -> Any:
    attempt = len(message.attempts)
    message.miss(attempt, "PROVIDER_BUSY", is_final=is_final, plan=plan, jitter=1.0, now=at)
    return message


def test_an_accepted_message_is_due_at_once() -> None:
    assert a_page().is_due(NOON)


def test_while_an_attempt_is_under_way_nobody_else_tries() -> None:
    assert not claimed().is_due(after(seconds=6))


def test_a_relay_that_died_while_sending_is_followed_by_another() -> None:
    message = claimed()

    assert message.is_due(after(seconds=7))
    assert message.claim(Channel.EMAIL, after(seconds=7), hold=HOLD) == 2
    assert message.attempts[0].reason == "UNANSWERED"


def test_a_page_that_a_provider_took_is_told_to_crisis() -> None:
    message = claimed()
    message.take(after(seconds=1))

    assert message.state is State.DELIVERED
    assert message.events == [
        MessageDelivered("m-1", "page-1", "dr-one", "email", after(seconds=1))
    ]


def test_a_busy_provider_is_asked_again_later_and_later() -> None:
    message = a_page()
    pauses = []
    now = NOON
    for _ in range(4):
        missed(claimed(message, now), now)
        pauses.append((message.next_attempt - now).total_seconds())
        now = message.next_attempt

    assert pauses == [1, 2, 4, 8]


def test_a_refusal_for_good_ends_a_page_and_crisis_hears_of_it() -> None:
    message = missed(claimed(), after(seconds=1), is_final=True)

    assert (message.state, message.reason) == (State.FAILED_FINAL, "PROVIDER_BUSY")
    assert message.events == [
        MessageFailed("m-1", "page-1", "dr-one", "PROVIDER_BUSY", after(seconds=1))
    ]


def test_a_page_whose_attempts_are_used_up_fails_instead_of_waiting_for_somebody_to_look() -> None:
    assert tried_to_the_end(a_page()).state is State.FAILED_FINAL


def test_another_message_whose_attempts_are_used_up_is_parked() -> None:
    assert tried_to_the_end(a_nudge()).state is State.PARKED


def test_nobody_is_told_of_a_message_that_was_no_page() -> None:
    message = missed(claimed(a_nudge()), after(seconds=1), is_final=True)

    assert message.events == []


def test_the_next_attempt_is_never_after_the_expiry() -> None:
    patient = RetryPlan(timedelta(hours=1), timedelta(hours=1), 5)
    message = missed(claimed(), NOON, plan=patient)

    assert message.next_attempt == after(minutes=5)


def test_the_report_of_an_attempt_that_was_given_up_changes_nothing() -> None:
    message = claimed(claimed(), after(seconds=7))
    message.miss(1, "PROVIDER_TIMEOUT", is_final=True, plan=PLAN, jitter=1.0, now=after(seconds=8))

    assert message.state is State.SENDING


def test_a_late_success_of_an_attempt_that_was_given_up_still_counts() -> None:
    message = claimed(claimed(), after(seconds=7))
    message.take(after(seconds=8))

    assert message.state is State.DELIVERED


def test_a_withdrawn_page_is_no_failure() -> None:
    message = a_page()
    message.withdraw("CASE_IN_HAND", NOON)

    assert (message.state, message.events) == (State.WITHDRAWN, [])


@pytest.mark.parametrize(
    "act",
    [
        lambda message: message.claim(Channel.EMAIL, NOON, hold=HOLD),
        lambda message: message.withdraw("CASE_IN_HAND", NOON),
        lambda message: message.fail("EXPIRED", NOON),
    ],
    ids=["claim", "withdraw", "fail"],
)
def test_a_message_that_has_ended_stays_as_it_is(act: Any) -> None:
    message = claimed()
    message.take(NOON)

    with pytest.raises(FailedPrecondition):
        act(message)


def test_jitter_spreads_pauses_over_their_upper_half() -> None:
    assert [PLAN.pause(3, jitter).total_seconds() for jitter in (0.0, 0.5, 1.0)] == [2, 3, 4]


def test_pauses_do_not_grow_without_bound() -> None:
    assert PLAN.pause(10_000, 1.0) == timedelta(seconds=8)


def tried_to_the_end(message: Any) -> Any:
    now = NOON
    for _ in range(5):
        missed(claimed(message, now), now)
        now = message.next_attempt or now
    return message


class Life(RuleBasedStateMachine):
    """Whatever a provider does: one state, a known time, at most one word to crisis."""

    @initialize(message=st.sampled_from([a_page, a_nudge]))
    def begin(self, message: Any) -> None:
        self.message = message()
        self.now: datetime = NOON
        self.told = 0

    @rule(seconds=st.integers(0, 60))
    def time_passes(self, seconds: Any) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.message.is_due(self.now))
    @rule()
    def it_is_tried(self) -> None:
        if self.message.expire_time <= self.now:
            self.message.fail("EXPIRED", self.now)
        else:
            self.message.claim(Channel.EMAIL, self.now, hold=HOLD)

    @precondition(lambda self: self.message.state is State.SENDING)
    @rule()
    def the_provider_takes_it(self) -> None:
        self.message.take(self.now)

    @precondition(lambda self: bool(self.message.attempts))
    @rule(data=st.data(), is_final=st.booleans(), jitter=st.floats(0, 1))
    def the_provider_refuses(self, data: Any, is_final: Any, jitter: Any) -> None:
        attempt = data.draw(st.integers(1, len(self.message.attempts)))
        self.message.miss(
            attempt, "PROVIDER_BUSY", is_final=is_final, plan=PLAN, jitter=jitter, now=self.now
        )

    @precondition(lambda self: not self.message.has_ended)
    @rule()
    def it_is_no_longer_wanted(self) -> None:
        self.message.withdraw("CASE_IN_HAND", self.now)

    @invariant()
    def it_waits_for_a_known_time_or_has_ended(self) -> None:
        assert (self.message.next_attempt is None) == self.message.has_ended
        assert (self.message.end_time is not None) == self.message.has_ended

    @invariant()
    def crisis_hears_of_a_page_at_most_once(self) -> None:
        assert len(self.message.events) <= (1 if self.message.page else 0)

    @invariant()
    def an_ended_message_has_no_open_attempt(self) -> None:
        if self.message.has_ended:
            assert all(attempt.end for attempt in self.message.attempts)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
