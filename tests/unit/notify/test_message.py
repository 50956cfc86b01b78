"""Every message is in one state and ends in one that has a name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from chassis.errors import FailedPrecondition
from services.notify.domain.answer import Answer
from services.notify.domain.attempt import Receipt, Taken
from services.notify.domain.events import MessageDelivered, MessageFailed
from services.notify.domain.message import Channel, State
from tests.unit.notify.builders import HOLD, NOON, ON, ONE, PLAN, a_nudge, a_page, after

MAIL, TEXT, CALL = Channel.EMAIL, Channel.SMS, Channel.VOICE


def claimed(message: Any = None, at: Any = NOON, channel: Any = MAIL) -> Any:
    message = message or a_page()
    message.claim(channel, at, hold=HOLD)
    return message


def taken(message: Any, at: datetime, *channels: Channel, **word: Any) -> Any:
    message.take(len(message.attempts), Taken("smtp", **word), at)
    message.proceed(channels or (MAIL,), ON if message.page else ONE, at)
    return message


def missed(message: Any, at: Any, *, is_final: Any = False, channels: Any = (MAIL,)) -> Any:
    tries = len(message.series)
    again = None if is_final else at + PLAN.pause(tries, 1.0)
    message.miss(len(message.attempts), "PROVIDER_BUSY", again=again, now=at)
    message.proceed(channels, ON if message.page else ONE, at)
    return message


def test_an_accepted_message_is_due_at_once() -> None:
    assert a_page().is_due(NOON)


def test_while_an_attempt_is_under_way_nobody_else_tries() -> None:
    message = claimed()

    assert not message.is_due(after(seconds=6))
    assert message.proceed([MAIL], ON, after(seconds=6)) is None
    assert message.state is State.SENDING


def test_a_relay_that_died_while_sending_is_followed_by_another() -> None:
    message = claimed()

    assert message.is_due(after(seconds=7))
    assert message.proceed([MAIL], ON, after(seconds=7)) is MAIL
    assert message.claim(MAIL, after(seconds=7), hold=HOLD) == 2
    assert message.attempts[0].reason == "UNANSWERED"


def test_a_page_that_its_only_provider_took_is_delivered_and_told_to_crisis() -> None:
    message = taken(claimed(), after(seconds=1))

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
    message = a_page(expire_time=after(seconds=0.5))
    missed(claimed(message), NOON)

    assert message.next_attempt == after(seconds=0.5)


def test_the_report_of_an_attempt_that_was_given_up_changes_nothing() -> None:
    message = claimed(claimed(), after(seconds=7))

    assert not message.miss(1, "PROVIDER_TIMEOUT", again=None, now=after(seconds=8))
    assert message.state is State.SENDING


def test_a_late_success_of_an_attempt_that_was_given_up_still_counts() -> None:
    message = claimed(claimed(), after(seconds=7))
    message.take(1, Taken("smtp"), after(seconds=8))
    missed(message, after(seconds=9), is_final=True)

    assert message.state is State.DELIVERED
    assert len(message.events) == 1


def test_a_withdrawn_page_is_no_failure() -> None:
    message = a_page()
    message.withdraw("CASE_IN_HAND", NOON)

    assert (message.state, message.events) == (State.WITHDRAWN, [])


def test_what_a_provider_has_can_neither_be_withdrawn_nor_expire() -> None:
    for end in (lambda page: page.withdraw("CASE_IN_HAND", NOON), lambda page: page.expire(NOON)):
        message = taken(claimed(), NOON, MAIL, TEXT)
        end(message)

        assert (message.state, message.reason) == (State.DELIVERED, "")


@pytest.mark.parametrize(
    "act",
    [
        lambda message: message.claim(MAIL, NOON, hold=HOLD),
        lambda message: message.withdraw("CASE_IN_HAND", NOON),
        lambda message: message.fail("EXPIRED", NOON),
        lambda message: message.expire(NOON),
        lambda message: message.resend(NOON, lifetime=timedelta(hours=1)),
    ],
    ids=["claim", "withdraw", "fail", "expire", "resend"],
)
def test_a_message_that_has_ended_stays_as_it_is(act: Any) -> None:
    message = taken(claimed(), NOON)

    with pytest.raises(FailedPrecondition):
        act(message)


def test_jitter_spreads_pauses_over_their_upper_half() -> None:
    assert [PLAN.pause(3, jitter).total_seconds() for jitter in (0.0, 0.5, 1.0)] == [2, 3, 4]


def test_pauses_do_not_grow_without_bound() -> None:
    assert PLAN.pause(10_000, 1.0) == timedelta(seconds=8)


def test_an_answer_ends_a_page_and_is_told_once() -> None:
    message = taken(claimed(), NOON, MAIL, TEXT)

    assert message.answer(Answer.ACKNOWLEDGE, MAIL, after(seconds=3))
    assert not message.answer(Answer.ACKNOWLEDGE, TEXT, after(seconds=4))

    assert message.state is State.DELIVERED
    assert [type(event).__name__ for event in message.events] == [
        "MessageDelivered", "PageAnswered"
    ]  # fmt: skip


def test_who_has_acknowledged_can_still_call_for_more_people() -> None:
    message = taken(claimed(), NOON)
    message.answer(Answer.ACKNOWLEDGE, TEXT, after(seconds=3))

    assert message.answer(Answer.ESCALATE, TEXT, after(seconds=4))


def test_only_a_page_can_be_answered() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        a_nudge().answer(Answer.ACKNOWLEDGE, TEXT, NOON)

    assert refused.value.reason == "MESSAGE_NOT_ANSWERABLE"


def test_an_answer_may_come_before_the_provider_has_said_that_it_took_the_call() -> None:
    message = claimed(channel=CALL)
    message.answer(Answer.ACKNOWLEDGE, CALL, after(seconds=1))
    message.take(1, Taken("east", "CA-1"), after(seconds=2))

    assert message.state is State.DELIVERED
    assert (message.attempts[0].reason, message.attempts[0].reference) == ("", "CA-1")


def test_a_parked_message_goes_again_as_a_new_series_under_a_new_key() -> None:
    message = tried_to_the_end(a_nudge())
    first = message.key
    message.resend(after(hours=1), lifetime=timedelta(minutes=30))

    assert (message.state, message.series) == (State.ACCEPTED, ())
    assert message.is_due(after(hours=1))
    assert message.expire_time == after(hours=1, minutes=30)
    assert message.key != first
    assert len(message.attempts) == 5


def test_a_page_does_not_go_again() -> None:
    with pytest.raises(FailedPrecondition) as refused:
        tried_to_the_end(a_page()).resend(NOON, lifetime=timedelta(hours=1))

    assert refused.value.reason == "MESSAGE_IS_A_PAGE"


def texted(message: Any = None) -> Any:
    """A page of which a text is on its way."""
    message = claimed(message, channel=TEXT)
    return taken(message, NOON, TEXT, reference="SM-1", receipt_due=after(seconds=20))


def test_a_report_counts_once() -> None:
    message = texted()

    assert message.report("SM-1", Receipt.DELIVERED, after(seconds=2))
    assert not message.report("SM-1", Receipt.DELIVERED, after(seconds=3))
    assert not message.report("SM-1", Receipt.UNDELIVERED, after(seconds=3))
    assert message.attempts[0].receipt is Receipt.DELIVERED


@pytest.mark.parametrize("reference", ["", "SM-2"])
def test_a_report_about_something_else_changes_nothing(reference: Any) -> None:
    assert not texted().report(reference, Receipt.UNDELIVERED, after(seconds=2))


@pytest.mark.parametrize("receipt", [Receipt.DELIVERED, Receipt.UNDELIVERED])
def test_a_report_may_overtake_the_acceptance(receipt: Any) -> None:
    message = claimed(channel=TEXT)

    assert message.report("SM-1", receipt, after(seconds=1))
    taken(message, after(seconds=2), TEXT, reference="SM-1", receipt_due=after(seconds=20))

    assert message.attempts[0].receipt is receipt
    is_good = receipt is Receipt.DELIVERED
    assert message.state is (State.DELIVERED if is_good else State.FAILED_FINAL)


def test_a_report_speaks_for_a_relay_that_died_after_sending() -> None:
    message = claimed(channel=TEXT)
    message.proceed([TEXT], ON, after(seconds=7))

    assert message.report("SM-1", Receipt.DELIVERED, after(seconds=8))
    assert (message.attempts[0].reference, message.attempts[0].reason) == ("SM-1", "")


def test_a_text_that_arrives_after_nobody_believed_in_it_any_more_has_arrived() -> None:
    message = texted()
    message.proceed([TEXT], ON, after(seconds=20))
    assert message.attempts[0].reason == "RECEIPT_MISSING"

    assert message.report("SM-1", Receipt.DELIVERED, after(seconds=21))
    assert message.is_with_a_provider


def tried_to_the_end(message: Any) -> Any:
    now = NOON
    for _ in range(5):
        missed(claimed(message, now), now)
        now = message.next_attempt or now
    return message
