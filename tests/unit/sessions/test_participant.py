"""A place in a room outlives connections; an absence is noticed once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.errors import FailedPrecondition
from services.sessions.domain.events import (
    AbsentPatientCame,
    AttendanceRecorded,
    PatientAbsent,
)
from services.sessions.domain.lobby import Decision, WaitReason
from services.sessions.domain.participant import Participant
from services.sessions.domain.presence import Presence
from services.sessions.domain.roles import Role
from tests.unit.sessions.builders import NOON, POLICY, a_patient, a_started_session, after


def in_the_room() -> Participant:
    patient = a_patient()
    patient.join("c-1", "Blue Heron 4", NOON, POLICY)
    return patient


def test_the_others_learn_of_a_join_once_however_often_the_connection_is_lost() -> None:
    patient = a_patient()
    assert patient.join("c-1", "Blue Heron 4", NOON, POLICY)
    assert not patient.join("c-2", "Blue Heron 4", after(seconds=20), POLICY)


def test_a_replaced_connection_has_no_say_any_more() -> None:
    patient = in_the_room()
    patient.join("c-2", "Blue Heron 4", after(seconds=20), POLICY)
    for act in (
        lambda: patient.beat("c-1", after(seconds=30), POLICY),
        lambda: patient.leave("c-1", after(seconds=30)),
    ):
        with pytest.raises(FailedPrecondition) as error:
            act()
        assert error.value.reason == "CONNECTION_REPLACED"
    assert patient.is_present


def test_a_patient_who_leaves_is_gone_for_the_others_at_once() -> None:
    patient = in_the_room()
    assert patient.leave("c-1", after(minutes=5))
    assert patient.presence is Presence.GONE


def test_a_lost_connection_is_a_leave_only_after_a_silence() -> None:
    patient = in_the_room()
    assert not patient.fall_silent(after(seconds=POLICY.silence_seconds - 1), POLICY)
    assert patient.fall_silent(after(seconds=POLICY.silence_seconds), POLICY)
    assert not patient.fall_silent(after(hours=1), POLICY)


def test_a_heartbeat_keeps_the_place() -> None:
    patient = in_the_room()
    patient.beat("c-1", after(seconds=25), POLICY)
    assert not patient.fall_silent(after(seconds=POLICY.silence_seconds), POLICY)


def test_minutes_count_while_in_the_room_and_not_at_the_door() -> None:
    patient, session = a_patient(), a_started_session()
    patient.wait("c-1", after(minutes=-5), POLICY, WaitReason.BEFORE_START)
    patient.beat("c-1", after(minutes=1), POLICY)
    patient.join("c-1", "Blue Heron 4", after(minutes=2), POLICY)
    patient.leave("c-1", after(minutes=2, seconds=8))
    assert patient.counted(session, after(minutes=9), POLICY) == 8


def test_recorded_minutes_are_told_when_they_changed() -> None:
    patient, session = in_the_room(), a_started_session()
    patient.leave("c-1", after(seconds=7))
    patient.record(session, after(minutes=1), POLICY)
    patient.record(session, after(minutes=2), POLICY)
    assert patient.events == [AttendanceRecorded("s-1", "p-1", 7)]


def test_a_facilitator_has_no_attendance_to_record() -> None:
    facilitator, session = a_patient(person_id="f-1", role=Role.FACILITATOR), a_started_session()
    facilitator.join("c-1", "Facilitator", NOON, POLICY)
    facilitator.leave("c-1", after(seconds=7))
    facilitator.record(session, after(minutes=1), POLICY)
    assert facilitator.events == []
    assert facilitator.patient_id == ""


def test_running_minutes_are_due_once_per_interval() -> None:
    patient, session = in_the_room(), a_started_session()
    due = after(seconds=POLICY.record_seconds)
    assert patient.is_record_due(due, POLICY)
    patient.record(session, due, POLICY)
    assert not patient.is_record_due(due, POLICY)


def test_an_absence_is_noticed_once() -> None:
    patient, session = a_patient(), a_started_session()
    assert patient.notice_absence(session, after(minutes=5))
    assert not patient.notice_absence(session, after(minutes=6))
    start_time = session.schedule.start_time
    assert patient.events == [PatientAbsent("s-1", "p-1", after(minutes=5), start_time)]


def test_a_patient_who_comes_after_all_is_told_of_once() -> None:
    patient, session = a_patient(), a_started_session()
    patient.notice_absence(session, after(minutes=5))
    patient.events.clear()

    patient.join("c-1", "Heron", after(minutes=9), POLICY)
    patient.leave("c-1", after(minutes=20))
    patient.join("c-2", "Heron", after(minutes=21), POLICY)

    assert patient.events == [AbsentPatientCame("s-1", "p-1", after(minutes=9))]


def test_of_a_patient_who_was_not_missed_nothing_is_told_when_they_come() -> None:
    patient = a_patient()
    patient.join("c-1", "Heron", after(minutes=4), POLICY)
    assert patient.events == []


def test_a_patient_who_waits_at_the_door_is_not_absent() -> None:
    patient = a_patient()
    patient.wait("c-1", after(minutes=-5), POLICY, WaitReason.BEFORE_START)
    assert not patient.notice_absence(a_started_session(), after(minutes=5))


def test_a_patient_who_looked_in_at_the_door_and_went_is_absent_until_they_come_again() -> None:
    patient, session = a_patient(), a_started_session()
    patient.wait("c-1", after(minutes=-5), POLICY, WaitReason.BEFORE_START)
    patient.leave("c-1", after(minutes=-4))
    assert patient.notice_absence(session, after(minutes=5))
    assert not patient.notice_absence(session, after(minutes=6))
    patient.events.clear()

    patient.wait("c-2", after(minutes=9), POLICY, WaitReason.LATE)
    patient.join("c-2", "Heron", after(minutes=10), POLICY)
    assert patient.events == [AbsentPatientCame("s-1", "p-1", after(minutes=9))]


def test_a_patient_who_was_in_the_room_or_was_sent_away_is_not_absent() -> None:
    session = a_started_session()
    inside, denied, shown_out = a_patient(), a_patient(), a_patient()
    inside.join("c-1", "Heron", after(minutes=1), POLICY)
    inside.leave("c-1", after(minutes=2))
    for patient in (denied, shown_out):
        patient.wait("c-1", after(minutes=1), POLICY, WaitReason.LATE)
    denied.door = replace(denied.door, decision=Decision.DENIED)
    denied.leave("c-1", after(minutes=2))
    shown_out.show_out(after(minutes=2))
    for patient in (inside, denied, shown_out):
        assert not patient.notice_absence(session, after(minutes=5))
