"""What follows the end of a program."""

from __future__ import annotations

from datetime import datetime, timedelta

from haven.intake.v1 import events_pb2 as intake_pb2

from services.crisis.domain.follow_up import CLINICIANS, CancelReason, Kind, Owner, State
from tests.unit.crisis.builders import NOON, after
from tests.unit.crisis.house import House


def discharges(
    house: House,
    *,
    by: str = "dr-one",
    at: datetime = NOON,
    appointment: datetime | None = None,
    version: int = 1,
) -> None:
    event = intake_pb2.PatientDischarged(patient_id="p-1", episode_id="e-1", clinician_id=by)
    event.discharge_time.FromDatetime(at)
    if appointment is not None:
        event.first_appointment_time.FromDatetime(appointment)
    house.hear(event, version=version)


def test_a_caring_contact_comes_within_a_day_of_discharge_and_then_for_a_year() -> None:
    house = House()
    discharges(house)

    first, *rest = house.follow_ups(Kind.CARING_CONTACT)
    assert (first.start_time, first.due_time) == (None, after(hours=24))
    days = [round((each.due_time - NOON) / timedelta(days=1)) for each in rest]
    assert days == [7, 30, 60, 90, 180, 270, 365]
    assert [each.number for each in (first, *rest)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {each.owner for each in house.follow_ups()} == {Owner("dr-one")}


def test_after_the_first_appointment_elsewhere_somebody_asks_how_it_went() -> None:
    house = House()
    discharges(house, appointment=after(days=5))

    contact = house.follow_up(Kind.CONTACT)
    assert contact.start_time == after(days=6)
    assert contact.due_time == after(days=7)


def test_without_an_appointment_nothing_is_made_up() -> None:
    house = House()
    discharges(house)

    assert house.follow_ups(Kind.CONTACT) == []


def test_a_discharge_of_which_nobody_says_by_whom_is_any_clinician_s() -> None:
    house = House()
    discharges(house, by="")

    assert {each.owner for each in house.follow_ups()} == {CLINICIANS}


def test_the_same_discharge_heard_twice_is_followed_once() -> None:
    house = House()
    for version in (1, 2):
        discharges(house, version=version)

    assert len(house.follow_ups()) == 8


def test_the_series_of_an_earlier_case_gives_way_so_that_nobody_is_written_to_twice() -> None:
    house = House().staffed()
    case_id = house.closed_case()
    discharges(house)

    caring = house.follow_ups(Kind.CARING_CONTACT)
    assert {each.cancel_reason for each in caring if each.case_id == case_id} == {
        CancelReason.SUPERSEDED
    }
    assert {each.state for each in caring if not each.case_id} == {State.OPEN}
    others = [each for each in house.follow_ups() if each.kind is not Kind.CARING_CONTACT]
    assert {each.state for each in others} == {State.OPEN}


def test_a_missed_contact_after_discharge_escalates_to_whoever_discharged() -> None:
    house = House().staffed()
    discharges(house)
    house.time_passes(hours=25)

    assert house.follow_ups(Kind.CARING_CONTACT)[0].state is State.MISSED
