"""A room from the first knock to the last recorded minute."""

from __future__ import annotations

import pytest
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Role
from chassis.errors import HavenError, NotFound, OutOfRange, PermissionDenied
from services.sessions.domain.commands import GetAttendance, Lead, ListAttendance
from services.sessions.domain.roles import Role as RoomRole
from services.sessions.domain.views import Companion
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient


def opened() -> Ward:
    ward = Ward()
    ward.opens()
    return ward


def kinds(ward: Ward) -> list[str]:
    return [event.kind.value for event in ward.room()]


def counted(ward: Ward, patient_id: str = "p-1") -> int:
    command = GetAttendance("s-1", patient_id)
    return ward.sessions.queries.attendance(by_patient(patient_id), command).counted_seconds


def stays(ward: Ward, connection_id: str, *, minutes: int) -> None:
    """Heartbeats every ten seconds."""
    for _ in range(minutes * 6):
        ward.pass_time(seconds=10)
        ward.beats(by_patient(), connection_id)


def test_a_started_session_is_told_to_scheduling() -> None:
    (event,) = opened().store.emitted(sessions.SessionStarted)
    assert (event.session_id, event.facilitator_id) == ("s-1", "f-1")


def test_only_the_facilitator_of_the_session_opens_it() -> None:
    ward = Ward()
    ward.prepares()
    with pytest.raises(PermissionDenied):
        ward.sessions.rooms.start(by_facilitator("f-2"), Lead("s-1"))


def test_the_room_knows_patients_by_their_aliases_alone() -> None:
    ward = opened()
    ward.enters(by_patient("p-1"))
    admission = ward.enters(by_patient("p-2"))
    assert admission.alias == "Red Fox 7"
    assert admission.companions == (
        Companion("Blue Heron 4", RoomRole.PATIENT),
        Companion("Red Fox 7", RoomRole.PATIENT),
    )


def test_the_facilitator_is_told_who_is_behind_an_alias_and_that_is_on_record() -> None:
    ward = opened()
    ward.enters(by_patient("p-1"))
    admission = ward.enters(by_facilitator())
    assert Companion("Blue Heron 4", RoomRole.PATIENT, "p-1") in admission.companions
    shown = [
        row["patient_id"]
        for row in ward.store.documents("audit_entries")
        if row["actor_id"] == "f-1" and row["action"] == "test.act"
    ]
    assert "p-1" in shown


def test_a_facilitator_appears_by_role_and_never_by_name() -> None:
    ward = opened()
    ward.enters(by_facilitator())
    joined = ward.room()[-1]
    assert (joined.alias, joined.patient_id) == ("Facilitator", "")


def test_a_patient_before_the_start_waits_and_is_no_absentee() -> None:
    ward = Ward()
    ward.prepares()
    assert ward.enters(by_patient()).is_waiting
    ward.pass_time(minutes=6)
    ward.rings()
    absent = ward.store.emitted(sessions.PatientAbsent)
    assert [event.patient_id for event in absent] == ["p-2"]


def test_who_waits_at_the_first_look_and_goes_away_after_it_is_missed_all_the_same() -> None:
    ward = Ward()
    ward.prepares()
    ward.enters(by_patient(), "c-1")
    ward.pass_time(minutes=5)
    ward.rings(only="session-absences")
    ward.leaves(by_patient(), "c-1")
    for _ in range(2):
        ward.pass_time(minutes=5)
        ward.rings()
    absent = ward.store.emitted(sessions.PatientAbsent)
    assert [event.patient_id for event in absent] == ["p-2", "p-1"]


def test_absences_are_noticed_once_at_the_policys_time() -> None:
    ward = opened()
    ward.enters(by_patient("p-1"))
    ward.pass_time(minutes=4, seconds=59)
    ward.rings()
    assert ward.store.emitted(sessions.PatientAbsent) == []
    ward.pass_time(seconds=1)
    ward.rings()
    ward.rings()
    absent = ward.store.emitted(sessions.PatientAbsent)
    assert [(event.session_id, event.patient_id) for event in absent] == [("s-1", "p-2")]


def test_the_numbers_of_a_room_have_no_gaps() -> None:
    ward = opened()
    ward.enters(by_patient("p-1"))
    ward.enters(by_patient("p-2"))
    ward.says(by_patient("p-1"), "good morning")
    assert [event.number for event in ward.room()] == [1, 2, 3, 4]


def test_what_is_said_is_in_the_room_under_the_alias() -> None:
    ward = opened()
    ward.enters(by_patient())
    number = ward.says(by_patient(), "good morning")
    (event,) = ward.room(after=number - 1)
    assert (event.alias, event.text, event.number) == ("Blue Heron 4", "good morning", number)


def test_nothing_is_said_in_a_room_that_is_not_open() -> None:
    ward = Ward()
    ward.prepares()
    ward.enters(by_patient())
    with pytest.raises(HavenError) as error:
        ward.says(by_patient(), "good morning")
    assert error.value.reason == "SESSION_NOT_STARTED"


def test_somebody_who_never_came_in_says_nothing() -> None:
    with pytest.raises(NotFound):
        opened().says(by_patient(), "good morning")


def test_a_cursor_that_no_log_has_reached_is_refused() -> None:
    ward = opened()
    for cursors in ({"room_cursor": 99}, {"private_cursor": 1}):
        with pytest.raises(OutOfRange) as error:
            ward.enters(by_patient(), **cursors)
        assert error.value.reason == "CURSOR_UNKNOWN"


def test_a_short_loss_of_the_connection_is_invisible_to_peers() -> None:
    ward = opened()
    ward.enters(by_patient())
    ward.pass_time(seconds=20)
    assert ward.enters(by_patient()).was_present
    assert kinds(ward) == ["session_started", "joined"]


def test_a_long_silence_is_told_as_a_leave_and_the_return_as_a_join() -> None:
    ward = opened()
    ward.enters(by_patient())
    ward.pass_time(seconds=31)
    ward.rings()
    ward.enters(by_patient())
    assert kinds(ward) == ["session_started", "joined", "left", "joined"]


def test_late_heartbeats_of_a_connection_that_held_bring_the_participant_back() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    ward.pass_time(seconds=31)
    ward.rings()
    ward.beats(by_patient(), "c-1")
    assert kinds(ward) == ["session_started", "joined", "left", "joined"]


def test_the_first_connection_of_two_devices_is_replaced() -> None:
    ward = opened()
    ward.enters(by_patient(), "phone")
    ward.enters(by_patient(), "laptop")
    with pytest.raises(HavenError) as error:
        ward.beats(by_patient(), "phone")
    assert error.value.reason == "CONNECTION_REPLACED"
    ward.beats(by_patient(), "laptop")


def test_minutes_are_told_while_they_run_and_when_the_patient_leaves() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    stays(ward, "c-1", minutes=7)
    ward.leaves(by_patient(), "c-1")
    told = ward.store.emitted(sessions.AttendanceRecorded)
    assert [event.counted_seconds for event in told] == [300, 420]


def test_a_break_does_not_count() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    stays(ward, "c-1", minutes=2)
    ward.sessions.rooms.start_break(by_facilitator(), Lead("s-1"))
    stays(ward, "c-1", minutes=2)
    ward.sessions.rooms.end_break(by_facilitator(), Lead("s-1"))
    stays(ward, "c-1", minutes=1)
    assert counted(ward) == 180


def test_the_end_records_everyones_minutes_and_empties_the_room() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    stays(ward, "c-1", minutes=2)
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    ward.beats(by_patient(), "c-1")
    ward.pass_time(hours=1)
    ward.rings()
    assert counted(ward) == 120
    assert kinds(ward)[-1] == "session_ended"
    assert ward.store.emitted(sessions.AttendanceRecorded)[-1].counted_seconds == 120


def test_a_room_that_nobody_closes_is_closed() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    ward.pass_time(minutes=230)
    ward.rings()
    assert kinds(ward)[-1] == "session_ended"
    with pytest.raises(HavenError) as error:
        ward.enters(by_patient())
    assert error.value.reason == "SESSION_ENDED"


def test_a_session_that_never_began_is_over_in_the_end() -> None:
    ward = Ward()
    ward.prepares()
    ward.pass_time(minutes=230)
    ward.rings()
    with pytest.raises(HavenError) as error:
        ward.starts()
    assert error.value.reason == "SESSION_ENDED"


def test_who_lost_the_seat_is_shown_out_with_the_next_heartbeat() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    ward.schedules(version=2, patient_ids=["p-2"])
    with pytest.raises(HavenError) as error:
        ward.beats(by_patient(), "c-1")
    assert error.value.reason == "SEAT_RELEASED"


def test_nobody_who_called_for_help_is_shown_out() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    ward.presses(by_patient())
    ward.schedules(version=2, patient_ids=["p-2"])
    ward.beats(by_patient(), "c-1")


def test_attendances_are_listed_for_staff_patients_only_in_them() -> None:
    ward = opened()
    ward.enters(by_facilitator())
    ward.enters(by_patient("p-1"))
    ward.pass_time(minutes=5)
    ward.rings()
    page = ward.sessions.queries.attendances(by_facilitator(), ListAttendance("s-1", 0, ""))
    assert {each.participant.person_id for each in page.items} == {"p-1", "p-2"}


def test_a_patient_sees_no_other_patients_attendance() -> None:
    ward = opened()
    ward.enters(by_patient("p-2"))
    with pytest.raises(NotFound):
        ward.sessions.queries.attendance(by_patient("p-1"), GetAttendance("s-1", "p-2"))


def test_heartbeats_and_speech_leave_no_rows_in_the_audit_trail() -> None:
    ward = opened()
    ward.enters(by_patient(), "c-1")
    before = len(ward.store.documents("audit_entries"))
    stays(ward, "c-1", minutes=1)
    ward.says(by_patient(), "good morning")
    assert len(ward.store.documents("audit_entries")) == before


def test_a_location_rests_and_travels_as_ciphertext() -> None:
    ward = Ward()
    location_id = ward.attests()
    (event,) = ward.store.emitted(sessions.LocationAttested)
    assert (event.location_id, event.state) == (location_id, "VA")
    assert event.address_ciphertext == b"north:teertS mlE 21"
    assert "12 Elm" not in str(ward.store.engine.tables)


def test_who_else_is_there_and_the_plan_for_a_lost_line_rest_and_travel_as_ciphertext() -> None:
    ward = Ward()
    ward.attests(others_present="a brother", disconnection_plan="we call")
    (event,) = ward.store.emitted(sessions.LocationAttested)
    assert event.others_present_ciphertext == b"north:rehtorb a"
    assert event.disconnection_plan_ciphertext == b"north:llac ew"
    assert "a brother" not in str(ward.store.engine.tables)


def test_what_a_patient_did_not_say_about_a_place_is_no_ciphertext_of_nothing() -> None:
    ward = Ward()
    ward.attests()
    (event,) = ward.store.emitted(sessions.LocationAttested)
    assert (event.others_present_ciphertext, event.disconnection_plan_ciphertext) == (b"", b"")


def test_a_supervisor_who_leads_a_session_may_enter_it() -> None:
    ward = opened()
    admission = ward.enters(a_call("f-1", Role.SUPERVISOR))
    assert admission.role is RoomRole.FACILITATOR
