"""Which channel is next: nobody is left with one that does not work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.attempt import Attempt, Channel, Receipt
from services.notify.domain.ladder import (
    Arrived,
    GivenUp,
    Lost,
    Try,
    Wait,
    next_step,
    without_overdue,
)
from tests.unit.notify.builders import NOON, ON, ONE, after

MAIL, TEXT, CALL = Channel.EMAIL, Channel.SMS, Channel.VOICE
WAYS = (MAIL, TEXT, CALL)


def took(channel: Channel, at: datetime = NOON, **word: Any) -> Attempt:
    return Attempt(channel, at, at, provider="one", **word)


def missed(channel: Channel, at: datetime = NOON, *, again: datetime | None = None) -> Attempt:
    return Attempt(channel, at, at, "PROVIDER_BUSY", again)


def test_the_first_channel_is_first() -> None:
    assert next_step([], WAYS, ON, NOON) == Try(MAIL)


def test_a_page_that_a_provider_took_goes_on_after_the_step() -> None:
    attempts = [took(MAIL)]

    assert next_step(attempts, WAYS, ON, after(seconds=14)) == Wait(after(seconds=15))
    assert next_step(attempts, WAYS, ON, after(seconds=15)) == Try(TEXT)


def test_a_failing_channel_gives_way_at_once() -> None:
    for again in (None, after(seconds=1)):
        assert next_step([missed(MAIL, again=again)], WAYS, ON, NOON) == Try(TEXT)


def test_a_channel_that_fails_after_another_took_it_gives_way_at_once() -> None:
    at = after(seconds=15)

    assert next_step([took(MAIL), missed(TEXT, at)], WAYS, ON, at) == Try(CALL)


def test_a_channel_that_failed_for_now_is_tried_again_after_all_others() -> None:
    attempts = [missed(each, again=after(seconds=2)) for each in WAYS]

    assert next_step(attempts, WAYS, ON, NOON) == Wait(after(seconds=2))
    assert next_step(attempts, WAYS, ON, after(seconds=2)) == Try(MAIL)


def test_a_channel_that_failed_for_now_is_not_forgotten_because_another_one_took_it() -> None:
    attempts = [missed(MAIL, again=after(seconds=2)), took(TEXT)]

    assert next_step(attempts, WAYS, ON, after(seconds=2)) == Try(MAIL)


def test_all_channels_taken_and_nothing_owed_is_all_that_can_be_done() -> None:
    assert next_step([took(each) for each in WAYS], WAYS, ON, NOON) == Arrived()


def test_a_receipt_that_is_owed_is_waited_for() -> None:
    attempts = [took(MAIL), took(TEXT, receipt_due=after(seconds=20))]

    assert next_step(attempts, (MAIL, TEXT), ON, NOON) == Wait(after(seconds=20))


def test_no_channel_left_that_could_carry_it() -> None:
    assert next_step([missed(each) for each in WAYS], WAYS, ON, NOON) == Lost("PROVIDER_BUSY")


def test_one_channel_is_enough_for_what_is_no_page() -> None:
    assert next_step([took(MAIL)], WAYS, ONE, NOON) == Arrived()


def test_what_is_no_page_waits_for_the_word_of_its_one_provider() -> None:
    attempts = [took(TEXT, receipt_due=after(hours=1))]

    assert next_step(attempts, (TEXT, MAIL), ONE, NOON) == Wait(after(hours=1))


def test_what_is_no_page_takes_the_next_channel_where_the_first_did_not_deliver() -> None:
    failed = Attempt(TEXT, NOON, NOON, "UNDELIVERED", receipt=Receipt.UNDELIVERED)

    assert next_step([failed], (TEXT, MAIL), ONE, NOON) == Try(MAIL)


def test_attempts_are_used_up_one_day() -> None:
    attempts = [missed(MAIL, again=NOON)] * 5

    assert next_step(attempts, (MAIL,), ON, NOON) == GivenUp()


def test_a_page_that_somebody_has_is_not_given_up_with_its_attempts() -> None:
    attempts = [took(TEXT), *[missed(MAIL, again=NOON)] * 5]

    assert next_step(attempts, (MAIL, TEXT), ON, NOON) == Arrived()


def test_nobody_to_reach() -> None:
    assert next_step([], (), ON, NOON) == Lost("")


def test_a_channel_that_was_taken_away_still_counts_as_having_carried_it() -> None:
    assert next_step([took(MAIL)], (), ON, NOON) == Arrived()


def test_a_page_whose_text_never_arrives_is_missed_and_tried_once_more() -> None:
    late = after(seconds=20)
    (first,) = without_overdue([took(TEXT, receipt_due=late)], ON, late)
    assert (first.reason, first.again) == ("RECEIPT_MISSING", late)

    _, second = without_overdue([first, took(TEXT, receipt_due=late)], ON, late)
    assert (second.reason, second.again) == ("RECEIPT_MISSING", None)


def test_for_anything_else_the_providers_acceptance_is_the_last_word() -> None:
    late = after(hours=1)
    attempts = without_overdue([took(TEXT, receipt_due=late)], ONE, late)

    assert next_step(attempts, (TEXT,), ONE, late) == Arrived()


@pytest.mark.parametrize("seconds", [0, 19])
def test_a_receipt_is_not_overdue_before_its_time(seconds: int) -> None:
    attempts = (took(TEXT, receipt_due=after(seconds=20)),)

    assert without_overdue(attempts, ON, NOON + timedelta(seconds=seconds)) == attempts


def test_a_channel_that_must_wait_for_its_hour_gives_way_to_one_that_need_not() -> None:
    closed = {MAIL: after(hours=9)}

    assert next_step([], WAYS, ONE, NOON, closed=closed) == Try(TEXT)
    assert next_step([], [MAIL], ONE, NOON, closed=closed) == Wait(after(hours=9))


def test_of_two_channels_that_must_wait_the_earlier_one_is_waited_for() -> None:
    closed = {MAIL: after(hours=9), TEXT: after(hours=2)}

    assert next_step([], [MAIL, TEXT], ONE, NOON, closed=closed) == Wait(after(hours=2))


def test_a_channel_that_was_refused_for_good_leaves_the_message_to_one_that_must_wait() -> None:
    step = next_step([missed(MAIL)], [MAIL, TEXT], ONE, NOON, closed={TEXT: after(hours=2)})

    assert step == Wait(after(hours=2))


def test_a_channel_is_not_tried_again_before_its_hour() -> None:
    attempts = [missed(TEXT, again=after(seconds=2))]
    closed = {TEXT: after(hours=9)}

    assert next_step(attempts, [TEXT], ONE, NOON, closed=closed) == Wait(after(hours=9))


@given(
    hours=st.dictionaries(st.sampled_from(WAYS), st.integers(0, 48)),
    channels=st.permutations(WAYS),
    is_page=st.booleans(),
)
def test_nothing_is_ever_tried_while_it_is_closed_and_nothing_waits_without_reason(
    hours: Any, channels: Any, is_page: Any
) -> None:
    closed = {channel: after(hours=number) for channel, number in hours.items()}
    step = next_step([], channels, ON if is_page else ONE, NOON, closed=closed)
    opening = {each: max(closed.get(each, NOON), NOON) for each in channels}

    if isinstance(step, Try):
        assert opening[step.channel] == NOON
    else:
        assert step == Wait(min(opening.values()))
        assert NOON not in opening.values()
