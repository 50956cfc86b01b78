"""Seats, leads and states of one session."""

from __future__ import annotations

from datetime import date

import pytest

from chassis.errors import FailedPrecondition
from services.scheduling.domain.events import SessionScheduled
from services.scheduling.domain.session import Seat, Session, SessionState, seat_in_all
from tests.unit.scheduling.builders import a_clinician, a_license, a_session, after, reason_of


def told(session: Session) -> SessionScheduled:
    (event,) = session.events
    assert isinstance(event, SessionScheduled)
    return event


def test_a_session_takes_as_many_patients_as_it_has_seats() -> None:
    session = a_session(capacity=2)
    session.seat(Seat("p-1", "e-1"), Seat("p-2"))
    assert session.is_full
    assert session.roster == ("p-1", "p-2")
    assert session.booked_ids == ("p-2",)


def test_more_patients_than_seats_are_all_refused() -> None:
    session = a_session(capacity=2, seats=(Seat("p-1"),))
    with pytest.raises(FailedPrecondition) as error:
        session.seat(Seat("p-2"), Seat("p-3"))
    assert reason_of(error) == "SESSION_FULL"
    assert error.value.metadata == {"capacity": "2", "taken": "1"}
    assert session.roster == ("p-1",)


def test_nobody_sits_twice_in_one_session() -> None:
    session = a_session(seats=(Seat("p-1"),))
    with pytest.raises(FailedPrecondition) as error:
        session.seat(Seat("p-1", "e-1"))
    assert reason_of(error) == "ALREADY_SEATED"


def test_a_released_seat_is_free_again() -> None:
    session = a_session(capacity=1, seats=(Seat("p-1", "e-1"),))
    session.release("p-1")
    session.seat(Seat("p-2", "e-2"))
    assert session.roster == ("p-2",)


def test_a_seat_in_all_sessions_is_taken_in_all() -> None:
    sessions = [a_session(id=f"s-{number}") for number in range(3)]
    assert seat_in_all(sessions, Seat("p-1", "e-1")) == ("s-0", "s-1", "s-2")
    assert all(each.roster == ("p-1",) for each in sessions)


def test_one_full_session_leaves_every_seat_untaken() -> None:
    full = a_session(capacity=1, seats=(Seat("p-9", "e-9"),))
    sessions = [a_session(), full, a_session()]
    with pytest.raises(FailedPrecondition) as error:
        seat_in_all(sessions, Seat("p-1", "e-1"))
    assert reason_of(error) == "SERIES_FULL"
    assert error.value.metadata["full_sessions"] == "1"
    assert all("p-1" not in each.roster for each in sessions)


def test_nothing_ahead_means_that_the_series_has_ended() -> None:
    with pytest.raises(FailedPrecondition) as error:
        seat_in_all([], Seat("p-1", "e-1"))
    assert reason_of(error) == "SERIES_ENDED"


def test_a_substitute_leads_with_the_states_of_that_time() -> None:
    session = a_session()
    expiring = a_license("NC", expire_date=date(2027, 1, 3))
    session.give_to(a_clinician("MD", id="c-2", licenses=(a_license("MD"), expiring)))
    assert told(session).facilitator_id == "c-2"
    assert told(session).facilitator_states == ("MD",)


def test_a_change_of_licenses_that_does_not_matter_here_is_not_told() -> None:
    session = a_session(facilitator_states=("VA",))
    assert not session.follow_licenses(a_clinician("VA"))
    assert session.events == []


def test_a_lost_license_is_told() -> None:
    session = a_session(facilitator_states=("NC", "VA"))
    assert session.follow_licenses(a_clinician("NC"))
    assert told(session).facilitator_states == ("NC",)


def test_several_changes_at_once_are_told_once() -> None:
    session = a_session()
    session.give_to(a_clinician("MD", id="c-2"))
    session.give_to(a_clinician("DC", id="c-3"))
    assert told(session).facilitator_id == "c-3"


def test_a_canceled_session_is_empty_and_says_so() -> None:
    session = a_session(seats=(Seat("p-1", "e-1"), Seat("p-2")))
    assert session.cancel() == (Seat("p-1", "e-1"), Seat("p-2"))
    assert session.state is SessionState.CANCELED
    assert told(session).is_canceled
    assert told(session).patient_ids == ()


def test_a_session_with_people_in_the_room_cannot_be_canceled() -> None:
    with pytest.raises(FailedPrecondition) as error:
        a_session(state=SessionState.STARTED).cancel()
    assert reason_of(error) == "SESSION_STARTED"


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELED])
@pytest.mark.parametrize("verb", ["start", "end", "cancel"])
def test_what_is_over_stays_over(state: SessionState, verb: str) -> None:
    session = a_session(state=state)
    with pytest.raises(FailedPrecondition) as error:
        getattr(session, verb)()
    assert reason_of(error) == "SESSION_NOT_OPEN"
    assert session.state is state


@pytest.mark.parametrize("state", [SessionState.ENDED, SessionState.CANCELED])
def test_what_is_over_gets_no_new_facilitator(state: SessionState) -> None:
    with pytest.raises(FailedPrecondition) as error:
        a_session(state=state).give_to(a_clinician("VA"))
    assert reason_of(error) == "SESSION_NOT_OPEN"


def test_a_room_that_opens_twice_has_started_once() -> None:
    session = a_session()
    session.start()
    session.start()
    assert session.state is SessionState.STARTED
    session.end()
    assert not session.is_open


def test_a_session_of_which_no_start_was_heard_ends_all_the_same() -> None:
    session = a_session(span=a_session().span)
    session.end()
    assert session.state is SessionState.ENDED
    assert after(days=3) == session.span.start
