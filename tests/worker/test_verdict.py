"""Every message ends as done, waiting or parked; which one follows from the failure alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Aborted, DeadlineExceeded, FailedPrecondition, NotFound, Unavailable
from chassis.inbound import EventExpired
from chassis.store import AlreadyDone
from chassis.subscribe.verdict import Dead, Done, Retry, attempts_in, verdict_of
from chassis.topology import RETRY_DELAYS, MessageClass

RETRYABLE = [Unavailable("AWAY"), Aborted("WRITE_CONFLICT"), DeadlineExceeded("TOO_LATE")]
FINAL = [FailedPrecondition("CASE_CLOSED"), NotFound("NOT_FOUND"), ValueError("a secret")]


def test_no_error_is_done() -> None:
    assert verdict_of(None, MessageClass.CLINICAL, {}) == Done("done")


def test_an_effect_that_was_there_is_done() -> None:
    assert verdict_of(AlreadyDone(), MessageClass.CLINICAL, {}) == Done("repeated")


def test_what_came_too_late_is_done() -> None:
    assert verdict_of(EventExpired("EVENT_EXPIRED"), MessageClass.CRISIS, {}) == Done("expired")


@pytest.mark.parametrize("error", RETRYABLE)
def test_what_can_pass_is_tried_again_first_quickly_then_patiently(error: Exception) -> None:
    first = verdict_of(error, MessageClass.CLINICAL, {})
    assert first == Retry(1, {"x-haven-attempts": 1})

    tenth = verdict_of(error, MessageClass.CLINICAL, {"x-haven-attempts": 9})
    assert tenth == Retry(10, {"x-haven-attempts": 10})


@pytest.mark.parametrize("error", RETRYABLE)
def test_retries_are_bounded(error: Exception) -> None:
    verdict = verdict_of(error, MessageClass.BULK, {"x-haven-attempts": len(RETRY_DELAYS)})

    assert isinstance(verdict, Dead)


@pytest.mark.parametrize("error", RETRYABLE)
def test_a_crisis_event_never_waits_in_a_queue(error: Exception) -> None:
    assert isinstance(verdict_of(error, MessageClass.CRISIS, {}), Dead)


@pytest.mark.parametrize("error", FINAL)
@pytest.mark.parametrize("message_class", list(MessageClass))
def test_what_cannot_pass_is_parked_at_once(error: Exception, message_class: MessageClass) -> None:
    assert isinstance(verdict_of(error, message_class, {}), Dead)


def test_a_parked_message_tells_a_reason_and_never_the_exceptions_text() -> None:
    verdict = verdict_of(ValueError("a secret"), MessageClass.CLINICAL, {"x-haven-attempts": 2})

    assert verdict == Dead(
        {
            "x-haven-attempts": 3,
            "x-haven-reason": "HANDLER_FAILED",
            "x-haven-error": "ValueError",
        }
    )


@given(st.none() | st.integers() | st.text() | st.booleans() | st.binary())
def test_a_count_that_nobody_of_us_wrote_does_not_break_or_extend_anything(value: Any) -> None:
    assert attempts_in({"x-haven-attempts": value}) >= 0
    verdict_of(Unavailable("AWAY"), MessageClass.CLINICAL, {"x-haven-attempts": value})
