"""When a room opens and closes, and who may say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.errors import FailedPrecondition, HavenError, PermissionDenied
from services.sessions.domain.events import SessionStarted
from services.sessions.domain.ledger import Interval
from services.sessions.domain.session import Session, State
from tests.unit.sessions.builders import (
    NOON,
    POLICY,
    a_schedule,
    a_session,
    a_started_session,
    after,
)


def reason_of(error: pytest.ExceptionInfo[HavenError]) -> str:
    return error.value.reason


def test_the_facilitator_opens_the_room_and_says_so() -> None:
    session = a_session()
    session.start("f-1", NOON, POLICY)
    assert session.state is State.STARTED
    assert session.events == [SessionStarted("s-1", "f-1", NOON)]


def test_another_clinician_cannot_open_the_room() -> None:
    with pytest.raises(PermissionDenied) as error:
        a_session().start("f-2", NOON, POLICY)
    assert reason_of(error) == "NOT_FACILITATOR"


def test_a_facilitator_without_any_license_cannot_open_the_room() -> None:
    with pytest.raises(FailedPrecondition) as error:
        a_session(facilitator_states=frozenset()).start("f-1", NOON, POLICY)
    assert reason_of(error) == "LICENSE_STATE_MISMATCH"


def test_a_session_does_not_begin_long_before_its_time() -> None:
    with pytest.raises(FailedPrecondition) as error:
        a_session().start("f-1", after(hours=-1), POLICY)
    assert reason_of(error) == "SESSION_TOO_EARLY"


@pytest.mark.parametrize(
    ("verb", "reason"),
    [("start", "SESSION_ALREADY_STARTED"), ("resume", "SESSION_NOT_PAUSED")],
)
def test_a_running_session_refuses_what_makes_no_sense(verb: str, reason: str) -> None:
    session = a_started_session()
    arguments = ("f-1", NOON, POLICY) if verb == "start" else ("f-1", NOON)
    with pytest.raises(FailedPrecondition) as error:
        getattr(session, verb)(*arguments)
    assert reason_of(error) == reason


@pytest.mark.parametrize("verb", ["pause", "resume", "end"])
def test_a_session_that_has_not_begun_can_only_begin(verb: str) -> None:
    with pytest.raises(FailedPrecondition) as error:
        getattr(a_session(), verb)("f-1", NOON)
    assert reason_of(error) == "SESSION_NOT_STARTED"


@pytest.mark.parametrize("verb", ["pause", "resume", "end"])
def test_a_session_that_is_over_stays_over(verb: str) -> None:
    session = a_started_session()
    session.end("f-1", after(hours=1))
    with pytest.raises(FailedPrecondition) as error:
        getattr(session, verb)("f-1", after(hours=2))
    assert reason_of(error) == "SESSION_ENDED"


def test_breaks_are_remembered_and_a_running_one_ends_with_the_session() -> None:
    session = a_started_session()
    session.pause("f-1", after(minutes=50))
    session.resume("f-1", after(minutes=60))
    session.pause("f-1", after(minutes=110))
    session.end("f-1", after(minutes=120))
    assert session.known_breaks(after(hours=5)) == (
        Interval(after(minutes=50), after(minutes=60)),
        Interval(after(minutes=110), after(minutes=120)),
    )


def test_what_counts_lies_between_the_real_start_and_the_real_end() -> None:
    session = a_started_session()
    session.end("f-1", after(minutes=30))
    assert session.window(after(hours=9)) == Interval(NOON, after(minutes=30))


def test_nothing_counts_where_the_session_never_began() -> None:
    session = a_session()
    session.lapse(after(hours=4))
    assert session.state is State.ENDED
    assert session.window(after(hours=5)) is None


def test_an_older_word_of_scheduling_changes_nothing() -> None:
    session = a_session()
    session.take(a_schedule(facilitator_id="f-2"), 3, NOON, POLICY)
    session.take(a_schedule(facilitator_id="f-3"), 2, NOON, POLICY)
    assert session.schedule.facilitator_id == "f-2"


def test_a_later_start_moves_the_look_for_absences() -> None:
    session = a_session()
    session.take(a_schedule(start_time=after(hours=1)), 2, NOON, POLICY)
    assert session.absence_time == after(hours=1, seconds=POLICY.absent_seconds)


def test_a_canceled_session_expects_nobody() -> None:
    session = a_session()
    session.take(a_schedule(is_canceled=True), 2, NOON, POLICY)
    assert (session.state, session.absence_time, session.close_time) == (
        State.CANCELED,
        None,
        None,
    )


def test_a_session_known_only_as_canceled_never_opens() -> None:
    with pytest.raises(FailedPrecondition) as error:
        a_session(is_canceled=True).start("f-1", NOON, POLICY)
    assert reason_of(error) == "SESSION_CANCELED"


def test_a_room_with_people_in_it_is_not_canceled_over_their_heads() -> None:
    session = a_started_session()
    session.take(a_schedule(is_canceled=True, patient_ids=frozenset()), 2, NOON, POLICY)
    assert session.is_open
    assert session.schedule.patient_ids == {"p-1"}
    assert session.close_time is not None


def test_a_seat_given_after_the_look_for_absences_makes_it_look_again() -> None:
    session: Session = a_started_session()
    session.absence_time = None
    session.expect_more(after(minutes=20), POLICY)
    assert session.absence_time == after(minutes=20) + timedelta(seconds=POLICY.absent_seconds)


def test_a_patient_booked_after_the_look_for_absences_makes_it_look_again() -> None:
    session = a_started_session()
    session.absence_time = None
    session.take(a_schedule(patient_ids=frozenset({"p-1", "p-2"})), 2, after(minutes=9), POLICY)
    assert session.absence_time == after(minutes=9, seconds=POLICY.absent_seconds)
