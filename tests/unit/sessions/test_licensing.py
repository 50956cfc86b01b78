"""For each patient in the room somebody is there who may treat them where they sit."""

from __future__ import annotations

from typing import Any

import pytest
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.scheduling.v1.events_pb2 import SessionScheduled
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import FailedPrecondition
from services.sessions.codec.attested import timestamp
from services.sessions.domain.commands import GetAttendance
from services.sessions.domain.coverage import coverage_of
from services.sessions.domain.lobby import Answer, DoorAnswer, LobbyEntry, WaitReason
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import Role
from tests.unit.sessions.builders import POLICY, a_session, a_started_session, after
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

MARYLAND = SessionScheduled.CoFacilitator(clinician_id="co-1", states=["MD"])
LICENSE, LEAD = WaitReason.HELD_FOR_LICENSE, WaitReason.HELD_FOR_LEAD


def led(**numbers: Any) -> Ward:
    """A started session with both patients and their facilitator in the room."""
    ward = Ward(numbers)
    ward.opens()
    ward.enters(by_patient("p-1"), "c-ana")
    ward.enters(by_patient("p-2"), "c-ben")
    ward.enters(by_facilitator(), "c-lead")
    return ward


def a_lead(presence: Presence) -> Participant:
    return Participant("pa-f", "s-1", "f-1", Role.FACILITATOR, presence=presence)


def held(ward: Ward) -> list[sessions.PatientHeld]:
    return ward.store.emitted(sessions.PatientHeld)


def served(ward: Ward) -> list[str]:
    return [each.hold_id for each in ward.store.emitted(sessions.HeldPatientServed)]


def who_is_here(ward: Ward) -> set[str]:
    admission = ward.enters(by_facilitator())
    return {each.patient_id for each in admission.companions if each.patient_id}


def test_before_the_start_the_lead_is_on_the_way() -> None:
    assert coverage_of(a_session(), (), after(minutes=-5), POLICY).covers("VA")


def test_whoever_opened_the_room_counts_until_they_should_have_come() -> None:
    session = a_started_session()
    assert coverage_of(session, (), after(minutes=5), POLICY).covers("VA")
    assert not coverage_of(session, (), after(minutes=6), POLICY).is_led


def test_a_lead_in_the_room_counts_and_one_who_has_gone_does_not() -> None:
    session = a_started_session()
    present, gone = a_lead(Presence.PRESENT), a_lead(Presence.GONE)
    assert coverage_of(session, [present], after(minutes=90), POLICY).covers("VA")
    assert not coverage_of(session, [gone], after(minutes=1), POLICY).is_led


def test_a_present_facilitator_covers_only_where_they_are_licensed() -> None:
    session = a_started_session()
    assert not coverage_of(session, [a_lead(Presence.PRESENT)], after(), POLICY).covers("MD")


def test_a_patient_whom_nobody_may_treat_is_held_and_offered_contact_once() -> None:
    ward = led()
    ward.leaves(by_patient(), "c-ana")
    ward.moves("MD")
    token = ward.enters(by_patient(), "c-1").resume_token
    assert ward.enters(by_patient(), resume_token=token).wait_reason is LICENSE
    (event,) = held(ward)
    assert (event.patient_id, event.reason) == ("p-1", sessions.HOLD_REASON_LICENSE)
    assert event.contact_deadline_time == timestamp(after(minutes=15, seconds=1))
    assert who_is_here(ward) == {"p-2"}


def test_who_says_to_sit_elsewhere_in_the_middle_of_a_session_goes_to_the_lobby() -> None:
    ward = led()
    ward.moves("MD")
    assert ward.room()[-1].kind.value == "left"
    assert ward.room()[-1].patient_id == "p-1"
    assert who_is_here(ward) == {"p-2"}
    assert ward.enters(by_patient(), "c-ana", is_again=True).wait_reason is LICENSE
    (event,) = held(ward)
    assert event.session_id == "s-1"
    told = [each.about for each in ward.private("f-1") if isinstance(each.about, LobbyEntry)]
    assert [(each.patient_id, each.reason) for each in told] == [("p-1", LICENSE)]


def test_minutes_stop_while_somebody_is_held() -> None:
    ward = led(gap_seconds=60.0)
    ward.pass_time(minutes=1)
    ward.moves("MD")
    ward.pass_time(seconds=20)
    ward.beats(by_patient(), "c-ana")
    (recorded,) = ward.store.emitted(sessions.AttendanceRecorded)
    assert recorded.patient_id == "p-1"
    assert recorded.counted_seconds <= 70


def test_the_time_in_which_somebody_was_held_is_not_counted_when_they_are_back() -> None:
    ward = led()
    ward.pass_time(minutes=1)
    ward.beats(by_patient(), "c-ana")
    ward.moves("MD")
    ward.pass_time(minutes=4)
    ward.moves("VA")
    assert ward.enters(by_patient(), "c-ana", is_again=True).wait_reason is None
    ward.pass_time(minutes=1)
    ward.beats(by_patient(), "c-ana")
    counted = ward.sessions.queries.attendance(by_patient(), GetAttendance("s-1", "p-1"))
    assert 110 <= counted.counted_seconds <= 135


def test_who_is_back_where_they_may_be_treated_is_called_and_the_contact_is_not_needed() -> None:
    ward = led()
    ward.moves("MD")
    ward.moves("VA")
    (told,) = [each.about for each in ward.private("p-1")]
    assert isinstance(told, DoorAnswer)
    assert told.answer is Answer.CHANGED
    assert ward.enters(by_patient(), "c-ana", is_again=True).wait_reason is None
    assert served(ward) == [held(ward)[0].hold_id]


def test_each_time_that_somebody_is_held_is_a_hold_of_its_own() -> None:
    ward = led()
    for state in ("MD", "VA", "MD"):
        ward.moves(state)
        ward.enters(by_patient(), "c-ana", is_again=True)
    assert len({each.hold_id for each in held(ward)}) == len(held(ward)) == 2


def test_another_place_in_a_state_that_is_covered_changes_nothing() -> None:
    ward = led()
    before = len(ward.room())
    ward.moves("VA")
    assert len(ward.room()) == before
    assert not held(ward)


def test_a_license_that_ends_while_people_are_in_the_room_holds_them() -> None:
    ward = led()
    ward.schedules(version=2, facilitator_states=["MD"])
    assert {each.patient_id for each in held(ward)} == {"p-1", "p-2"}
    ward.schedules(version=3, facilitator_states=["MD", "VA"])
    assert ward.enters(by_patient("p-2"), "c-ben", is_again=True).wait_reason is None


def test_a_room_that_its_lead_has_left_stays_together_and_lets_nobody_else_in() -> None:
    ward = led()
    ward.leaves(by_patient("p-2"), "c-ben")
    ward.leaves(by_facilitator(), "c-lead")
    assert not held(ward)
    assert ward.enters(by_patient("p-2"), "c-2").wait_reason is LEAD
    assert ward.enters(by_patient("p-1")).wait_reason is None
    ward.enters(by_facilitator())
    assert ward.enters(by_patient("p-2"), "c-2", is_again=True).wait_reason is None


def test_a_patient_who_comes_when_the_lead_did_not_waits() -> None:
    ward = Ward()
    ward.opens()
    ward.pass_time(minutes=6)
    assert ward.enters(by_patient()).wait_reason is LEAD
    assert not held(ward)


def test_a_held_patient_says_nothing_to_the_room() -> None:
    ward = led()
    ward.moves("MD")
    with pytest.raises(FailedPrecondition) as error:
        ward.says(by_patient(), "hello?")
    assert error.value.reason == "NOT_ADMITTED"


def test_a_patient_who_was_held_is_late_for_no_group() -> None:
    ward = Ward()
    ward.schedules(group_kind=scheduling.GROUP_KIND_PROCESS)
    ward.names("p-1", "Blue Heron 4")
    ward.attests(state="MD")
    ward.starts()
    ward.enters(by_facilitator(), "c-lead")
    ward.enters(by_patient(), "c-1")
    for _ in range(20):
        ward.pass_time(minutes=1)
        ward.beats(by_facilitator(), "c-lead")
    ward.moves("VA")
    assert ward.enters(by_patient(), "c-1", is_again=True).wait_reason is None


def led_by_two() -> Ward:
    """As above, with a co-facilitator who alone may treat in Maryland, where p-2 sits."""
    ward = Ward()
    co = SessionScheduled.CoFacilitator(clinician_id="co-1", states=["MD", "VA"])
    ward.schedules(co_facilitators=[co])
    for patient_id, alias, state in (("p-1", "Blue Heron 4", "VA"), ("p-2", "Red Fox 7", "MD")):
        ward.names(patient_id, alias)
        ward.attests(patient_id, state)
    ward.starts()
    ward.enters(by_facilitator(), "c-lead")
    ward.enters(by_facilitator("co-1"), "c-co")
    ward.enters(by_patient("p-1"), "c-ana")
    ward.enters(by_patient("p-2"), "c-ben")
    return ward


def test_whoever_of_the_staff_is_there_may_treat_where_they_are_licensed() -> None:
    ward = led_by_two()
    assert who_is_here(ward) == {"p-1", "p-2"}
    assert not held(ward)


def test_when_the_one_who_may_treat_them_goes_a_patient_goes_to_the_lobby_with_a_contact() -> None:
    ward = led_by_two()
    ward.leaves(by_facilitator("co-1"), "c-co")
    assert who_is_here(ward) == {"p-1"}
    assert [each.patient_id for each in held(ward)] == ["p-2"]
    assert ward.enters(by_patient("p-2"), "c-ben", is_again=True).wait_reason is LICENSE
    ward.enters(by_facilitator("co-1"), "c-co-2")
    assert ward.enters(by_patient("p-2"), "c-ben", is_again=True).wait_reason is None
    assert served(ward) == [held(ward)[0].hold_id]


def test_before_the_start_everybody_is_expected_who_was_booked_to_lead() -> None:
    states = {"co-1": frozenset({"MD"})}
    expected = coverage_of(a_session(co_facilitators=states), (), after(minutes=-5), POLICY)
    assert expected.states == {"VA", "MD"}


def test_nobody_new_comes_into_a_room_that_is_held() -> None:
    ward = led()
    ward.leaves(by_patient("p-2"), "c-ben")
    ward.leaves(by_facilitator(), "c-lead")
    assert ward.room()[-1].kind.value == "held"
    ward.pass_time(seconds=1)
    assert ward.enters(by_patient("p-2"), "c-2").wait_reason is LEAD


def test_whom_the_new_lead_of_a_held_room_may_not_treat_is_held_and_offered_contact() -> None:
    ward = led()
    ward.schedules(2, co_facilitators=[MARYLAND])
    ward.leaves(by_facilitator(), "c-lead")
    ward.moves("MD", "p-2")
    assert held(ward) == [], "who was together stays together while nobody leads"
    ward.enters(by_facilitator("co-1"), "c-co-1")
    assert [(each.patient_id, each.reason) for each in held(ward)] == [
        ("p-1", sessions.HOLD_REASON_LICENSE)
    ]
    assert who_is_here(ward) == {"p-2"}
