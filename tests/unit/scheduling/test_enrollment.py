"""A patient's seats: held, given back, and told."""

from __future__ import annotations

import pytest

from chassis.errors import FailedPrecondition
from services.scheduling.domain.enrollment import Enrollment, EnrollmentState
from services.scheduling.domain.events import SeatReleased, SeriesEnrolled
from tests.unit.scheduling.builders import an_enrollment, reason_of


def test_a_new_enrollment_tells_every_session() -> None:
    enrollment = an_enrollment()
    enrollment.announce()
    expected = SeriesEnrolled(
        "enrollment-1", "series-1", "group-1", "patient-1", ("s-1", "s-2", "s-3")
    )
    assert enrollment.events == [expected]


def test_canceling_keeps_what_has_begun_and_gives_back_what_lies_ahead() -> None:
    enrollment = an_enrollment()
    enrollment.cancel(["s-2", "s-3"])
    assert enrollment.state is EnrollmentState.CANCELED
    assert enrollment.session_ids == ("s-1",)
    assert enrollment.released_session_ids == ("s-2", "s-3")


def test_the_newest_release_tells_all_that_was_ever_given_back_and_what_is_held() -> None:
    enrollment = an_enrollment()
    enrollment.release(["s-2"])
    enrollment.release(["s-3"])
    newest = enrollment.events[-1]
    assert isinstance(newest, SeatReleased)
    assert newest.session_ids == ("s-2", "s-3")
    assert newest.held_session_ids == ("s-1",)


def test_releasing_what_is_not_held_says_nothing() -> None:
    enrollment = an_enrollment()
    enrollment.release(["s-9"])
    assert enrollment.events == []


def test_a_flagged_enrollment_can_be_cleared_again() -> None:
    enrollment = an_enrollment()
    states = []
    for needs_review in (True, False):
        enrollment.flag(needs_review=needs_review)
        states.append((enrollment.state, enrollment.is_open))
    assert states == [(EnrollmentState.NEEDS_REVIEW, True), (EnrollmentState.ACTIVE, True)]


@pytest.mark.parametrize("state", [EnrollmentState.CANCELED, EnrollmentState.COMPLETED])
def test_what_is_over_can_neither_be_canceled_nor_completed_nor_flagged(
    state: EnrollmentState,
) -> None:
    def cancel(each: Enrollment) -> None:
        each.cancel([])

    def flag(each: Enrollment) -> None:
        each.flag(needs_review=True)

    for act in (cancel, flag, Enrollment.complete):
        enrollment = an_enrollment(state=state)
        with pytest.raises(FailedPrecondition) as error:
            act(enrollment)
        assert reason_of(error) == "ENROLLMENT_NOT_OPEN"
        assert not enrollment.is_open
