"""A patient came to one session and not to the next: the late word of the first ends no call."""

from __future__ import annotations

from datetime import datetime

import pytest
from haven.sessions.v1 import events_pb2 as sessions_pb2

from services.crisis.domain.follow_up import CancelReason, FollowUp, Kind, Outcome, State
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House

FIRST_COMING = after(minutes=20)
SECOND_START = after(minutes=70)
SECOND_COMING = after(minutes=85)


@pytest.fixture
def house() -> House:
    return House().staffed()


def absent(house: House, session_id: str, start_time: datetime | None) -> None:
    event = sessions_pb2.PatientAbsent(session_id=session_id, patient_id="p-1")
    if start_time is not None:
        event.start_time.FromDatetime(start_time)
    house.hear(event)


def came(house: House, session_id: str, arrive_time: datetime | None) -> None:
    event = sessions_pb2.AbsentPatientCame(session_id=session_id, patient_id="p-1")
    if arrive_time is not None:
        event.arrive_time.FromDatetime(arrive_time)
    house.hear(event)


def missed_both(house: House) -> None:
    absent(house, "s-1", NOON)
    absent(house, "s-2", SECOND_START)


def the_call(house: House) -> FollowUp:
    """The one that is to be made."""
    (found,) = [each for each in house.follow_ups(Kind.ABSENCE_CALL) if each.is_open]
    return found


def nobody_calls(house: House) -> bool:
    """The patient came, and that ended what there was to do."""
    last = house.follow_ups(Kind.ABSENCE_CALL)[-1]
    return (last.state, last.cancel_reason) == (State.CANCELLED, CancelReason.PATIENT_CAME)


def test_who_came_to_the_first_and_missed_the_second_is_called(house: House) -> None:
    missed_both(house)
    came(house, "s-1", FIRST_COMING)
    assert the_call(house).state is State.OPEN


def test_who_came_to_the_last_that_they_missed_is_not_called(house: House) -> None:
    missed_both(house)
    came(house, "s-2", SECOND_COMING)
    assert nobody_calls(house)


def test_who_came_late_to_both_is_not_called_whichever_word_is_first(house: House) -> None:
    missed_both(house)
    came(house, "s-2", SECOND_COMING)
    came(house, "s-1", FIRST_COMING)
    assert nobody_calls(house)


def test_the_absences_may_be_told_in_any_order(house: House) -> None:
    absent(house, "s-2", SECOND_START)
    absent(house, "s-1", NOON)
    came(house, "s-1", FIRST_COMING)
    assert the_call(house).state is State.OPEN
    came(house, "s-2", SECOND_COMING)
    assert nobody_calls(house)


def test_the_second_sessions_own_call_is_not_ended_by_the_first_ones_late_word(
    house: House,
) -> None:
    absent(house, "s-1", NOON)
    house.complete(the_call(house), Outcome.REACHED)
    absent(house, "s-2", SECOND_START)
    came(house, "s-1", FIRST_COMING)
    assert the_call(house).state is State.OPEN


def test_the_next_attempt_is_about_the_second_session_too(house: House) -> None:
    missed_both(house)
    house.complete(the_call(house), Outcome.NOT_REACHED)
    came(house, "s-1", FIRST_COMING)
    assert the_call(house).number == 2
    came(house, "s-2", SECOND_COMING)
    assert nobody_calls(house)


def test_a_call_that_takes_anothers_place_is_about_what_that_one_was_about(house: House) -> None:
    missed_both(house)
    house.time_passes(minutes=16)
    for _ in range(6):
        house.time_passes(hours=24)
    absent(house, "s-0", after(minutes=-70))  # it was told of late
    came(house, "s-0", NOON)
    assert the_call(house).state is State.OPEN


def test_an_absence_told_twice_is_one_to_which_the_patient_came(house: House) -> None:
    absent(house, "s-1", NOON)
    absent(house, "s-1", NOON)
    came(house, "s-1", None)
    assert nobody_calls(house)


def test_a_coming_without_its_time_ends_a_call_about_that_session_alone(house: House) -> None:
    missed_both(house)
    came(house, "s-2", None)
    assert the_call(house).state is State.OPEN


def test_who_came_to_the_one_session_that_they_missed_is_not_called_whatever_the_clocks_say(
    house: House,
) -> None:
    absent(house, "s-1", NOON)
    came(house, "s-1", after(minutes=-1))
    assert nobody_calls(house)


def test_a_coming_that_does_not_say_to_what_counts_by_its_time(house: House) -> None:
    missed_both(house)
    came(house, "", FIRST_COMING)
    assert the_call(house).state is State.OPEN
    came(house, "", SECOND_COMING)
    assert nobody_calls(house)


@pytest.mark.parametrize("start_times", [(None, SECOND_START), (NOON, None)])
def test_of_two_absences_one_without_its_start_only_a_human_ends_the_call(
    house: House, start_times: tuple[datetime | None, datetime | None]
) -> None:
    absent(house, "s-1", start_times[0])
    absent(house, "s-2", start_times[1])
    came(house, "s-1", FIRST_COMING)
    came(house, "s-2", SECOND_COMING)
    assert the_call(house).state is State.OPEN


def test_an_absence_of_an_earlier_release_ends_with_the_coming_to_its_session(
    house: House,
) -> None:
    absent(house, "s-1", None)
    came(house, "s-1", FIRST_COMING)
    assert nobody_calls(house)


def test_a_call_of_an_earlier_release_may_be_about_more_and_is_ended_by_a_human(
    house: House,
) -> None:
    absent(house, "s-1", NOON)
    for stored in house.store.engine.tables["follow_ups"].values():
        stored.pop("absence_session_id", None)
        stored.pop("absence_start_time", None)
    absent(house, "s-2", SECOND_START)
    came(house, "s-1", FIRST_COMING)
    came(house, "s-2", SECOND_COMING)
    call = the_call(house)
    house.complete(call, Outcome.NOT_REACHED)
    came(house, "s-2", SECOND_COMING)
    house.complete(the_call(house), Outcome.REACHED)
    assert not [each for each in house.follow_ups(Kind.ABSENCE_CALL) if each.is_open]
