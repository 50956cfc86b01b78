"""Scheduling cancels a room that has just opened: nobody in it loses their place in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import HavenError
from services.sessions.domain.commands import Lead, NamePerson
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

P_3 = {"enrollment_id": "e-1", "group_id": "g-1", "patient_id": "p-3"}


def is_called_off(ward: Ward) -> None:
    """Somebody cancels it before they hear that it has begun: with an empty roster."""
    ward.schedules(version=2, is_canceled=True, patient_ids=[])


def gives_back(ward: Ward) -> None:
    """What the cancellation does to the seat of p-3, who has it by an enrollment."""
    ward.hears(scheduling.SeatReleased(session_ids=["s-1"], **P_3), 2)


NEWS = pytest.mark.parametrize("news", list(permutations([is_called_off, gives_back])))
News = Sequence[Callable[[Ward], None]]


def arrives(ward: Ward, news: News) -> None:
    for each in news:
        each(ward)


def reason_of(act: Callable[..., object], *args: object) -> str:
    with pytest.raises(HavenError) as error:
        act(*args)
    return error.value.reason


@pytest.fixture
def ward() -> Ward:
    """An open room; p-1 and p-2 are booked, p-3 is enrolled, and nobody but who leads has come."""
    made = Ward()
    made.prepares()
    made.hears(scheduling.SeriesEnrolled(series_id="r-1", session_ids=["s-1"], **P_3))
    made.names("p-3", "Green Owl 2")
    made.attests("p-3")
    made.starts()
    made.enters(by_facilitator(), "c-lead")
    return made


@NEWS
@pytest.mark.parametrize("patient_id", ["p-1", "p-3"])
def test_who_is_in_a_room_that_is_called_off_stays_and_can_come_again(
    ward: Ward, news: News, patient_id: str
) -> None:
    token = ward.enters(by_patient(patient_id), "c-1").resume_token
    arrives(ward, news)
    ward.beats(by_patient(patient_id), "c-1")
    assert ward.enters(by_patient(patient_id), "c-2", resume_token=token).was_present
    ward.leaves(by_patient(patient_id), "c-2")
    ward.enters(by_patient(patient_id), "c-3")
    ward.beats(by_patient(patient_id), "c-3")


@NEWS
def test_who_is_at_the_door_of_a_room_that_is_called_off_goes_on_waiting(
    ward: Ward, news: News
) -> None:
    ward.attests("p-3", "MD")
    assert ward.enters(by_patient("p-3"), "c-1").is_waiting
    arrives(ward, news)
    ward.beats(by_patient("p-3"), "c-1")
    ward.moves("VA", "p-3")
    assert not ward.enters(by_patient("p-3"), "c-1", is_again=True).is_waiting


@NEWS
def test_a_call_for_help_from_a_room_that_is_called_off_reaches_its_staff(
    ward: Ward, news: News
) -> None:
    ward.enters(by_patient("p-3"), "c-1")
    arrives(ward, news)
    ward.presses(by_patient("p-3"))
    (signal,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert signal.session_id == "s-1"


@NEWS
def test_who_is_on_the_telephone_when_it_is_called_off_stays(ward: Ward, news: News) -> None:
    leg = NamePerson("s-1", "p-3")
    ward.sessions.phones.keep(by_facilitator(), leg)
    arrives(ward, news)
    assert ward.sessions.phones.keep(by_facilitator(), leg).alias == "Green Owl 2"


def test_who_comes_to_a_room_that_goes_on_though_it_is_called_off_comes_in(ward: Ward) -> None:
    arrives(ward, [is_called_off, gives_back])
    for each in ("p-1", "p-3"):
        assert not ward.enters(by_patient(each)).is_waiting


def test_who_gave_the_seat_back_before_and_never_came_gets_none_by_a_cancellation(
    ward: Ward,
) -> None:
    arrives(ward, [gives_back, is_called_off])
    assert reason_of(ward.enters, by_patient("p-3")) == "SEAT_RELEASED"
    assert reason_of(ward.enters, by_patient("p-9")) == "NOT_FOUND"


@NEWS
def test_nobody_who_stays_away_from_a_room_that_is_called_off_is_missed(
    ward: Ward, news: News
) -> None:
    arrives(ward, news)
    ward.hears(scheduling.SeriesEnrolled(series_id="r-1", session_ids=["s-1"], **P_3))
    ward.pass_time(minutes=30)
    ward.rings(only="session-absences")
    assert ward.store.emitted(sessions.PatientAbsent) == []


@NEWS
def test_a_room_that_is_called_off_is_over_for_all_once_its_facilitator_ends_it(
    ward: Ward, news: News
) -> None:
    ward.enters(by_patient("p-3"), "c-1")
    arrives(ward, news)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert reason_of(ward.enters, by_patient("p-3")) == "SESSION_ENDED"
