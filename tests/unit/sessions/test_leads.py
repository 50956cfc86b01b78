"""A room whose lead is lost is led by somebody licensed within seconds, or held and told so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import PermissionDenied
from services.sessions.codec.attested import timestamp
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Decide, GetAttendance, Lead
from services.sessions.domain.lobby import WaitReason
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.roles import Role
from services.sessions.timers import Census
from tests.unit.sessions.builders import NOON
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

LED = (RoomEventKind.PROMOTED, RoomEventKind.HELD, RoomEventKind.RESUMED)
CO = scheduling.SessionScheduled.CoFacilitator
VIRGINIA = CO(clinician_id="co-1", states=["VA"])
UNLICENSED = CO(clinician_id="co-0")
WHOSE = {
    "c-ana": by_patient,
    "c-ben": lambda: by_patient("p-2"),
    "c-ben-2": lambda: by_patient("p-2"),
    "c-new": lambda: by_patient("p-2"),
    "c-lead": by_facilitator,
    "c-again": by_facilitator,
}
ELSEWHERE = CO(clinician_id="co-2", states=["NC"])


def opened(*helping: Any, present: tuple[str, ...] = ()) -> Ward:
    """A started session with both patients, the facilitator, and some of those who help in it."""
    ward = Ward()
    ward.prepares()
    ward.schedules(2, co_facilitators=helping)
    ward.starts()
    ward.enters(by_patient("p-1"), "c-ana")
    ward.enters(by_patient("p-2"), "c-ben")
    ward.enters(by_facilitator(), "c-lead")
    for person_id in present:
        ward.enters(by_facilitator(person_id), f"c-{person_id}")
    return ward


def told(ward: Ward) -> list[tuple[RoomEventKind, str]]:
    """What everybody heard about who leads."""
    return [(each.kind, each.alias) for each in ward.room() if each.kind in LED]


def passes(ward: Ward, seconds: float, *beating: str) -> None:
    """Time, while some are heard every two seconds and the relay looks as often."""
    for _ in range(int(seconds // 2)):
        ward.pass_time(seconds=2)
        for connection_id in beating:
            whose = WHOSE.get(connection_id)
            call = whose() if whose else by_facilitator(connection_id[2:])
            ward.beats(call, connection_id)
        ward.rings()


def test_a_co_facilitator_leads_within_ten_seconds_of_a_lost_connection_and_once() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    passes(ward, 10, "c-co-1")
    assert told(ward) == [(RoomEventKind.PROMOTED, "Co-facilitator")]
    (promoted,) = [each for each in ward.room() if each.kind is RoomEventKind.PROMOTED]
    assert (promoted.create_time - NOON).total_seconds() <= 10
    assert promoted.role is Role.FACILITATOR
    passes(ward, 40, "c-co-1")
    assert told(ward) == [(RoomEventKind.PROMOTED, "Co-facilitator")]


def test_a_co_facilitator_leads_at_once_where_the_lead_leaves() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.leaves(by_facilitator(), "c-lead")
    assert [each.kind for each in ward.room()[-2:]] == [RoomEventKind.LEFT, RoomEventKind.PROMOTED]
    ward.sessions.rooms.start_break(by_facilitator("co-1"), Lead("s-1"))
    with pytest.raises(PermissionDenied):
        ward.sessions.rooms.end_break(by_facilitator(), Lead("s-1"))


def test_a_lead_that_is_heard_stays_the_lead() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    passes(ward, 60, "c-lead", "c-co-1")
    assert told(ward) == []


def test_who_led_before_comes_back_as_one_who_helps_and_keeps_the_name() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.leaves(by_facilitator(), "c-lead")
    admission = ward.enters(by_facilitator(), "c-again")
    assert (admission.role, admission.alias) == (Role.CO_FACILITATOR, "Facilitator")
    roles = {each.alias: each.role for each in admission.companions}
    assert roles["Co-facilitator"] is Role.FACILITATOR
    assert {each.patient_id for each in admission.companions} >= {"p-1", "p-2"}


@pytest.mark.parametrize(
    ("helping", "present"),
    [((), ()), ((VIRGINIA,), ()), ((UNLICENSED,), ("co-0",))],
    ids=["nobody helps", "who helps is not there", "who helps has no license"],
)
def test_without_anybody_licensed_the_room_is_held_and_everybody_is_told(
    helping: tuple[Any, ...], present: tuple[str, ...]
) -> None:
    ward = opened(*helping, present=present)
    passes(ward, 10, *(f"c-{each}" for each in present))
    assert told(ward) == [(RoomEventKind.HELD, "Facilitator")]
    assert ward.enters(by_patient("p-1"), "c-new").is_held


def test_peers_of_a_held_room_go_on_talking_and_staff_reads_it_when_they_come() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    number = ward.says(by_patient("p-1"), "are you all right?")
    assert ward.enters(by_facilitator(), "c-again").room_head >= number
    (said,) = [each for each in ward.room() if each.kind is RoomEventKind.CHAT]
    assert said.text == "are you all right?"


def test_what_worries_in_a_held_room_is_told_to_crisis_and_to_the_staff_who_are_away() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    ward.says(by_patient("p-1"), "I want to kill myself")
    (raised,) = ward.store.emitted(sessions.ChatRiskRaised)
    assert raised.patient_id == "p-1"
    assert [each.about.id for each in ward.private("f-1") if isinstance(each.about, ChatRisk)]


def test_the_lead_that_comes_back_resumes_the_room() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    admission = ward.enters(by_facilitator(), "c-again")
    assert told(ward) == [
        (RoomEventKind.HELD, "Facilitator"),
        (RoomEventKind.RESUMED, "Facilitator"),
    ]
    assert (admission.is_held, admission.role) == (False, Role.FACILITATOR)
    assert admission.room_head == ward.room()[-1].number


def test_a_connection_that_was_only_slow_resumes_the_room_with_its_next_heartbeat() -> None:
    ward = opened()
    passes(ward, 10)
    ward.beats(by_facilitator(), "c-lead")
    assert [kind for kind, _ in told(ward)] == [RoomEventKind.HELD, RoomEventKind.RESUMED]


def test_a_licensed_co_facilitator_who_comes_into_a_held_room_leads_it() -> None:
    ward = opened(VIRGINIA)
    ward.leaves(by_facilitator(), "c-lead")
    ward.enters(by_facilitator("co-1"), "c-co-1")
    assert told(ward)[1:] == [
        (RoomEventKind.RESUMED, "Co-facilitator"),
        (RoomEventKind.PROMOTED, "Co-facilitator"),
    ]


def test_one_without_a_license_does_not_resume_a_held_room() -> None:
    ward = opened(UNLICENSED)
    ward.leaves(by_facilitator(), "c-lead")
    ward.enters(by_facilitator("co-0"), "c-co-0")
    assert [kind for kind, _ in told(ward)] == [RoomEventKind.HELD]


def test_who_was_lost_together_with_the_lead_does_not_lead() -> None:
    ward = opened(VIRGINIA, ELSEWHERE, present=("co-1", "co-2"))
    passes(ward, 10, "c-co-2")
    assert told(ward) == [(RoomEventKind.PROMOTED, "Co-facilitator 2")]


def test_who_may_treat_where_the_patients_sit_leads_before_one_who_may_not() -> None:
    ward = opened(ELSEWHERE, VIRGINIA, present=("co-1", "co-2"))
    ward.leaves(by_facilitator(), "c-lead")
    assert ward.sessions.queries.session(by_facilitator(), Lead("s-1")).session.lead_id == "co-1"


def test_staff_is_called_once_where_the_hold_lasts() -> None:
    ward = opened(VIRGINIA)
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 10)
    assert ward.store.emitted(sessions.RoomHeld) == []
    passes(ward, 60)
    (held,) = ward.store.emitted(sessions.RoomHeld)
    assert (held.session_id, list(held.clinician_ids)) == ("s-1", ["f-1", "co-1"])
    assert held.hold_time == timestamp(NOON)


def test_nobody_is_called_for_a_hold_that_was_over_in_time() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 6)
    ward.enters(by_facilitator(), "c-again")
    passes(ward, 40, "c-again")
    assert ward.store.emitted(sessions.RoomHeld) == []


def everybody_goes(ward: Ward) -> None:
    ward.leaves(by_patient("p-1"), "c-ana")
    ward.leaves(by_patient("p-2"), "c-ben")


def held_rooms(ward: Ward) -> float:
    rooms, *_ = Census(ward.store).collect()
    return rooms.samples[0].value


def test_nobody_is_called_for_a_room_that_its_lead_leaves_last_without_ending_it() -> None:
    ward = opened()
    everybody_goes(ward)
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 60)
    assert ward.store.emitted(sessions.RoomHeld) == []
    assert held_rooms(ward) == 0


def test_nobody_is_called_any_more_when_the_last_one_has_left_a_held_room() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    assert held_rooms(ward) == 1
    everybody_goes(ward)
    assert held_rooms(ward) == 0
    passes(ward, 60)
    assert ward.store.emitted(sessions.RoomHeld) == []


def test_one_who_stays_in_a_held_room_is_enough_to_call_somebody() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    ward.leaves(by_patient("p-2"), "c-ben")
    passes(ward, 20, "c-ana")
    assert len(ward.store.emitted(sessions.RoomHeld)) == 1


def test_for_whoever_comes_back_to_a_room_that_was_left_somebody_is_called() -> None:
    ward = opened()
    everybody_goes(ward)
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 60)
    came = ward.enters(by_patient("p-1"), "c-ana")
    passes(ward, 10, "c-ana")
    assert (came.wait_reason, held_rooms(ward)) == (WaitReason.HELD_FOR_LEAD, 1)
    assert ward.store.emitted(sessions.RoomHeld) == []
    passes(ward, 30, "c-ana")
    (held,) = ward.store.emitted(sessions.RoomHeld)
    assert held.hold_time == timestamp(NOON + timedelta(seconds=60)), "since they are there"


def test_who_comes_later_to_a_room_that_was_left_again_is_called_for_anew() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 20, "c-ana", "c-ben")
    everybody_goes(ward)
    ward.enters(by_patient("p-2"), "c-ben-2")
    passes(ward, 240, "c-ben-2")
    assert len(ward.store.emitted(sessions.RoomHeld)) == 1, "they have just been called"
    passes(ward, 100, "c-ben-2")
    first, second = ward.store.emitted(sessions.RoomHeld)
    assert first.hold_time.ToDatetime() < second.hold_time.ToDatetime()


def test_who_looks_in_for_moments_does_not_put_the_call_off() -> None:
    ward = opened()
    everybody_goes(ward)
    ward.leaves(by_facilitator(), "c-lead")
    for visit in range(3):
        ward.enters(by_patient("p-1"), f"c-{visit}")
        passes(ward, 10)
        ward.leaves(by_patient("p-1"), f"c-{visit}")
    assert len(ward.store.emitted(sessions.RoomHeld)) == 1


def test_who_is_denied_needs_no_lead_and_who_comes_after_them_does() -> None:
    ward = opened(UNLICENSED, present=("co-0",))
    everybody_goes(ward)
    ward.leaves(by_facilitator(), "c-lead")
    ward.enters(by_patient("p-1"), "c-ana")
    ward.sessions.ushers.deny(by_facilitator("co-0"), Decide("s-1", "p-1"))
    assert held_rooms(ward) == 0
    passes(ward, 40, "c-co-0")
    assert ward.store.emitted(sessions.RoomHeld) == []
    ward.enters(by_patient("p-2"), "c-new")
    passes(ward, 40, "c-new", "c-co-0")
    assert len(ward.store.emitted(sessions.RoomHeld)) == 1


def test_of_a_room_that_is_found_empty_when_the_call_is_due_nobody_is_told() -> None:
    ward = opened()
    ward.leaves(by_facilitator(), "c-lead")
    for row in ward.store.engine.tables["participants"].values():
        row["presence"] = "gone"  # as two would leave it behind who went at one moment
    passes(ward, 40)
    assert ward.store.emitted(sessions.RoomHeld) == []
    assert held_rooms(ward) == 0


def test_a_lead_who_comes_back_to_a_room_that_was_left_goes_on_with_whoever_comes() -> None:
    ward = opened()
    everybody_goes(ward)
    ward.leaves(by_facilitator(), "c-lead")
    ward.enters(by_facilitator(), "c-again")
    assert not ward.enters(by_patient("p-1"), "c-new").is_held
    passes(ward, 40, "c-again")
    assert ward.store.emitted(sessions.RoomHeld) == []


def test_minutes_without_anybody_who_treats_do_not_count() -> None:
    ward = opened()
    passes(ward, 60, "c-ana", "c-lead")
    ward.leaves(by_facilitator(), "c-lead")
    passes(ward, 60, "c-ana")
    ward.enters(by_facilitator(), "c-again")
    passes(ward, 60, "c-ana", "c-again")
    told_ = ward.sessions.queries.attendance(by_patient(), GetAttendance("s-1", "p-1"))
    assert 118 <= told_.counted_seconds <= 122


def test_a_lead_who_was_never_there_is_not_lost() -> None:
    ward = Ward()
    ward.opens()
    ward.enters(by_patient("p-1"), "c-ana")
    passes(ward, 60, "c-ana")
    assert told(ward) == []


def test_after_an_outage_the_lead_gets_one_more_moment_to_be_heard() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.pass_time(seconds=60)
    ward.rings(only="lead-losses")
    assert told(ward) == []
    passes(ward, 20, "c-lead", "c-co-1")
    assert told(ward) == []


def test_a_session_that_ends_promotes_nobody() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    passes(ward, 20)
    assert told(ward) == []


def test_a_co_facilitator_starts_the_session_where_the_facilitator_is_late() -> None:
    ward = Ward()
    ward.prepares()
    ward.schedules(2, co_facilitators=[VIRGINIA])
    ward.sessions.rooms.start(by_facilitator("co-1"), Lead("s-1"))
    assert ward.enters(by_facilitator("co-1")).role is Role.FACILITATOR


def test_all_staff_of_the_room_hears_of_a_safety_signal_and_of_a_chat_that_worries() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.presses(by_patient("p-1"))
    ward.says(by_patient("p-1"), "I want to kill myself")
    assert len(ward.private("f-1")) == len(ward.private("co-1")) == 2
    assert ward.private("p-2") == []


def test_a_co_facilitator_may_raise_a_signal_about_a_patient() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    view = ward.presses(by_facilitator("co-1"), patient_id="p-2")
    assert set(view.signal.recipient_ids) == {"co-1", "f-1"}


def test_whom_scheduling_no_longer_names_leads_no_more() -> None:
    ward = opened(VIRGINIA, present=("co-1",))
    ward.leaves(by_facilitator(), "c-lead")
    ward.schedules(3)
    session = ward.sessions.queries.session(by_facilitator(), Lead("s-1")).session
    assert session.lead_id == "f-1"
