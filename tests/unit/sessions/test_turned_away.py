"""Who had a seat hears what became of it, and not unnoticed; a stranger learns nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call, RequestOnce
from chassis.errors import HavenError
from services.sessions.codec.attested import timestamp
from services.sessions.domain.commands import Lead, NamePerson
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

REFUSED = sessions.DOOR_CAUSE_REFUSED
P_3 = {"enrollment_id": "e-1", "group_id": "g-1", "patient_id": "p-3"}


def at_risk(ward: Ward, *patient_ids: str) -> None:
    at = timestamp(ward.clock.now())
    for each in patient_ids:
        case = {"case_id": f"k-{each}", "severity": crisis.SEVERITY_HIGH, "open_time": at}
        ward.hears(crisis.CaseOpened(patient_id=each, **case))


def gives_back(ward: Ward) -> None:
    """The seat of p-3, who has it by an enrollment."""
    ward.hears(scheduling.SeatReleased(session_ids=["s-1"], **P_3), 2)


def is_called_off(ward: Ward) -> None:
    """As scheduling says it: the roster is empty by then."""
    ward.schedules(version=2, is_canceled=True, patient_ids=[])


def door(ward: Ward, call: Call) -> str:
    with pytest.raises(HavenError) as error:
        ward.enters(call, join_ticket="")
    return error.value.reason


def desk(ward: Ward, call: Call) -> str:
    once = RequestOnce(str(uuid4()), "CreateJoinTicket", b"", bytes)
    with pytest.raises(HavenError) as error:
        ward.sessions.tickets.create(replace(call, once=once), Lead("s-1"))
    return error.value.reason


def alarms(ward: Ward) -> list[tuple[str, int, str]]:
    told = ward.store.emitted(sessions.EndangeredPatientAtDoor)
    return [(each.patient_id, each.cause, each.refusal_reason) for each in told]


WAYS = pytest.mark.parametrize("comes", [door, desk])


@pytest.fixture
def ward() -> Ward:
    """p-1 and p-2 are booked, p-3 is enrolled; p-1, p-3 and a stranger are at risk."""
    made = Ward()
    made.prepares()
    made.hears(scheduling.SeriesEnrolled(series_id="r-1", session_ids=["s-1"], **P_3))
    at_risk(made, "p-1", "p-3", "p-9")
    return made


@WAYS
@pytest.mark.parametrize("news", list(permutations([is_called_off, gives_back])))
def test_who_comes_to_a_canceled_session_hears_so_and_crisis_hears_of_them(
    ward: Ward, news: tuple[Callable[[Ward], None], ...], comes: Callable[[Ward, Call], str]
) -> None:
    for arrives in news:
        arrives(ward)
    assert [comes(ward, by_patient(each)) for each in ("p-1", "p-3")] == ["SESSION_CANCELED"] * 2
    assert alarms(ward) == [(each, REFUSED, "SESSION_CANCELED") for each in ("p-1", "p-3")]


@WAYS
def test_who_comes_after_their_seat_was_given_back_hears_so_and_crisis_hears_of_them(
    ward: Ward, comes: Callable[[Ward, Call], str]
) -> None:
    gives_back(ward)
    assert comes(ward, by_patient("p-3")) == "SEAT_RELEASED"
    assert alarms(ward) == [("p-3", REFUSED, "SEAT_RELEASED")]


def test_who_asks_for_a_ticket_and_comes_to_the_door_is_told_of_once(ward: Ward) -> None:
    gives_back(ward)
    for comes in (desk, door, desk):
        comes(ward, by_patient("p-3"))
    assert len(alarms(ward)) == 1


@WAYS
def test_a_stranger_at_risk_hears_that_there_is_no_such_session_and_learns_nothing(
    ward: Ward, comes: Callable[[Ward, Call], str]
) -> None:
    assert comes(ward, by_patient("p-9")) == "NOT_FOUND"
    is_called_off(ward)
    assert comes(ward, by_patient("p-9")) == "NOT_FOUND"
    assert (alarms(ward), ward.store.documents("participants")) == ([], [])


@WAYS
def test_who_is_not_at_risk_and_comes_to_a_canceled_session_alarms_nobody(
    ward: Ward, comes: Callable[[Ward, Call], str]
) -> None:
    is_called_off(ward)
    assert comes(ward, by_patient("p-2")) == "SESSION_CANCELED"
    assert alarms(ward) == []


@WAYS
def test_who_has_been_there_is_no_stranger_though_nothing_is_known_of_a_seat(
    ward: Ward, comes: Callable[[Ward, Call], str]
) -> None:
    ward.enters(by_patient(), "c-1")
    ward.leaves(by_patient(), "c-1")
    ward.schedules(version=2, patient_ids=["p-2"])
    before = alarms(ward)
    assert comes(ward, by_patient()) == "SEAT_RELEASED"
    assert alarms(ward)[len(before) :] == [("p-1", REFUSED, "SEAT_RELEASED")]


def test_who_asks_for_a_ticket_when_all_is_over_is_told_of_unless_they_were_there(
    ward: Ward,
) -> None:
    ward.starts()
    ward.enters(by_patient())
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert [desk(ward, by_patient(each)) for each in ("p-1", "p-3")] == ["SESSION_ENDED"] * 2
    assert alarms(ward) == [("p-3", REFUSED, "SESSION_ENDED")]


def test_staff_with_a_patient_on_the_line_hears_that_the_seat_was_given_back(ward: Ward) -> None:
    ward.starts()
    gives_back(ward)
    with pytest.raises(HavenError) as error:
        ward.sessions.phones.keep(by_facilitator(), NamePerson("s-1", "p-3"))
    assert error.value.reason == "SEAT_RELEASED"
    assert alarms(ward) == [], "they are not alone"
