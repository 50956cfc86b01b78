"""Facilitators see who waits, admit and deny; nobody at risk waits alone or is sent away alone."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis
from haven.scheduling.v1 import resources_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import HavenError
from services.sessions.codec.attested import timestamp
from services.sessions.domain.commands import Decide, Lead
from services.sessions.domain.lobby import Answer, DoorAnswer, LobbyEntry, LobbyState, WaitReason
from tests.unit.sessions.builders import after
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

ALONE, HELD = sessions.DOOR_CAUSE_ALONE, sessions.DOOR_CAUSE_HELD
REFUSED, DENIED = sessions.DOOR_CAUSE_REFUSED, sessions.DOOR_CAUSE_DENIED


def process_group(*, led: bool = True) -> Ward:
    """Begun ten minutes ago: who comes now is late."""
    ward = Ward()
    ward.schedules(group_kind=scheduling.GROUP_KIND_PROCESS)
    for patient_id, alias in (("p-1", "Blue Heron 4"), ("p-2", "Red Fox 7")):
        ward.names(patient_id, alias)
        ward.attests(patient_id)
    ward.starts()
    if led:
        ward.enters(by_facilitator(), "c-lead")
    ward.pass_time(minutes=4)
    if led:
        ward.beats(by_facilitator(), "c-lead")
    ward.pass_time(minutes=6)
    return ward


def case_of(ward: Ward, severity: Any = crisis.SEVERITY_HIGH, patient_id: str = "p-1") -> None:
    at = timestamp(ward.clock.now())
    opened = crisis.CaseOpened(
        case_id="k-1", patient_id=patient_id, severity=severity, open_time=at
    )
    ward.hears(opened)


def entries(ward: Ward) -> list[tuple[LobbyState, WaitReason, bool]]:
    told = [each.about for each in ward.private("f-1")]
    return [(e.state, e.reason, e.is_at_risk) for e in told if isinstance(e, LobbyEntry)]


def answers(ward: Ward, person_id: str = "p-1") -> list[Answer]:
    told = [each.about for each in ward.private(person_id)]
    return [each.answer for each in told if isinstance(each, DoorAnswer)]


def alarms(ward: Ward) -> list[tuple[int, str]]:
    told = ward.store.emitted(sessions.EndangeredPatientAtDoor)
    return [(each.cause, each.refusal_reason) for each in told]


def held(ward: Ward) -> list[sessions.PatientHeld]:
    return ward.store.emitted(sessions.PatientHeld)


def admits(ward: Ward, patient_id: str = "p-1") -> None:
    ward.sessions.ushers.admit(by_facilitator(), Decide("s-1", patient_id))


def denies(ward: Ward, *, handed_over: bool = False) -> None:
    ward.sessions.ushers.deny(by_facilitator(), Decide("s-1", "p-1", is_handed_over=handed_over))


def refusal(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(HavenError) as error:
        act(*args, **kwargs)
    return error.value.reason


def test_who_comes_late_waits_and_the_facilitator_is_told_in_private() -> None:
    ward = process_group()
    assert ward.enters(by_patient()).wait_reason is WaitReason.LATE
    (told,) = ward.private("f-1")
    assert told.alias == "Blue Heron 4"
    assert entries(ward) == [(LobbyState.WAITING, WaitReason.LATE, False)]
    assert [each.kind.value for each in ward.room()] == ["session_started", "joined"]


def test_who_waits_is_told_once_however_often_they_come() -> None:
    ward = process_group()
    token = ward.enters(by_patient()).resume_token
    ward.enters(by_patient(), resume_token=token)
    assert len(entries(ward)) == 1


def test_a_facilitator_who_comes_sees_who_waits() -> None:
    ward = process_group()
    ward.enters(by_patient())
    lobby = ward.enters(by_facilitator()).lobby
    assert [(entry.patient_id, alias) for entry, alias in lobby] == [("p-1", "Blue Heron 4")]
    assert ward.enters(by_patient("p-2")).lobby == ()


def test_who_is_admitted_comes_in() -> None:
    ward = process_group()
    ward.enters(by_patient(), "c-1")
    admits(ward)
    assert answers(ward) == [Answer.ADMITTED]
    assert entries(ward)[-1][0] is LobbyState.ADMITTED
    assert ward.enters(by_patient(), "c-1", is_again=True).wait_reason is None


def test_staff_can_admit_somebody_to_whom_the_door_is_closed() -> None:
    ward = process_group()
    ward.pass_time(minutes=6)
    assert refusal(ward.enters, by_patient()) == "DOOR_CLOSED"
    admits(ward)
    assert ward.enters(by_patient()).wait_reason is None


def test_who_is_denied_stays_out_until_admitted() -> None:
    ward = process_group()
    ward.enters(by_patient(), "c-1")
    denies(ward)
    assert answers(ward) == [Answer.DENIED]
    assert refusal(ward.enters, by_patient(), "c-1", is_again=True) == "ADMISSION_DENIED"
    assert refusal(ward.says, by_patient(), "let me in") == "NOT_ADMITTED"
    assert not held(ward)
    admits(ward)
    assert ward.enters(by_patient()).wait_reason is None


def test_a_denied_connection_that_goes_on_beating_comes_in_by_no_back_door() -> None:
    ward = process_group()
    ward.enters(by_patient(), "c-1")
    denies(ward)
    ward.pass_time(seconds=40)
    ward.beats(by_patient(), "c-1")
    ward.rings()
    ward.beats(by_patient(), "c-1")
    assert [each.kind.value for each in ward.room()].count("joined") == 1


def test_who_waits_and_falls_silent_is_back_in_the_lobby_and_not_in_the_room() -> None:
    ward = process_group()
    ward.enters(by_patient(), "c-1")
    ward.pass_time(seconds=31)
    ward.rings()
    assert entries(ward)[-1][0] is LobbyState.GONE
    ward.beats(by_patient(), "c-1")
    assert entries(ward)[-1][0] is LobbyState.WAITING
    assert [each.alias for each in ward.room() if each.kind.value == "joined"] == ["Facilitator"]


def test_only_facilitators_in_the_room_decide() -> None:
    ward = process_group()
    ward.enters(by_patient("p-1"), "c-1")
    decide = Decide("s-1", "p-1")
    assert refusal(ward.sessions.ushers.admit, by_patient("p-1"), decide) == "NOT_FACILITATOR"
    assert refusal(ward.sessions.ushers.deny, by_facilitator("f-2"), decide) == "NOT_FOUND"
    stranger = Decide("s-1", "p-9")
    assert refusal(ward.sessions.ushers.admit, by_facilitator(), stranger) == "NOT_FOUND"
    ward.leaves(by_facilitator(), "c-lead")
    assert refusal(ward.sessions.ushers.admit, by_facilitator(), decide) == "NOT_ADMITTED"


def test_nobody_is_denied_who_does_not_wait() -> None:
    assert refusal(denies, process_group()) == "PATIENT_NOT_WAITING"


def test_with_a_hand_over_a_contact_is_asked_for_in_the_same_moment() -> None:
    ward = process_group()
    ward.enters(by_patient())
    denies(ward, handed_over=True)
    (event,) = held(ward)
    assert event.reason == sessions.HOLD_REASON_DENIED
    assert event.contact_deadline_time == timestamp(after(minutes=25))


# --- at risk


@pytest.mark.parametrize(
    ("severity", "is_at_risk"),
    [
        (crisis.SEVERITY_LOW, False),
        (crisis.SEVERITY_MODERATE, False),
        (crisis.SEVERITY_HIGH, True),
        (crisis.SEVERITY_UNSPECIFIED, True),
        (99, True),
    ],
)
def test_staff_are_told_at_once_who_must_not_be_left_alone(severity: Any, is_at_risk: bool) -> None:
    ward = process_group()
    case_of(ward, severity)
    ward.enters(by_patient())
    assert [each[2] for each in entries(ward)] == [is_at_risk]


def test_a_case_that_is_resolved_is_no_risk_any_more() -> None:
    ward = process_group()
    case_of(ward)
    at = timestamp(ward.clock.now())
    ward.hears(crisis.CaseResolved(case_id="k-1", patient_id="p-1", resolve_time=at), 2)
    ward.enters(by_patient())
    assert entries(ward)[0][2] is False


def test_nobody_at_risk_is_alone_in_a_lobby() -> None:
    ward = Ward()
    ward.prepares()
    case_of(ward)
    ward.enters(by_patient("p-1"))
    ward.enters(by_patient("p-2"))
    assert alarms(ward) == [(ALONE, "")]
    (event,) = ward.store.emitted(sessions.EndangeredPatientAtDoor)
    assert event.patient_id == "p-1"
    assert event.location == ward.store.emitted(sessions.LocationAttested)[0]


def test_with_a_facilitator_there_nobody_is_alone_until_that_one_goes() -> None:
    ward = process_group()
    case_of(ward)
    ward.enters(by_patient())
    assert not alarms(ward)
    ward.leaves(by_facilitator(), "c-lead")
    assert alarms(ward) == [(ALONE, "")]


def test_somebody_who_called_for_help_is_at_risk_before_any_case_is_heard_of() -> None:
    ward = process_group()
    ward.presses(by_patient())
    ward.enters(by_patient())
    assert entries(ward)[-1][2] is True


def test_nobody_at_risk_is_denied_without_a_hand_over() -> None:
    ward = process_group()
    case_of(ward)
    ward.enters(by_patient())
    assert refusal(denies, ward) == "HANDOVER_REQUIRED"
    assert not held(ward)
    denies(ward, handed_over=True)
    assert alarms(ward) == [(DENIED, "")]
    assert len(held(ward)) == 1
    assert refusal(ward.enters, by_patient()) == "ADMISSION_DENIED"
    assert alarms(ward)[1:] == [(REFUSED, "ADMISSION_DENIED")]


def test_a_refusal_of_somebody_at_risk_is_told_once_per_reason() -> None:
    ward = Ward({"location_seconds": 60.0})
    ward.opens()
    case_of(ward)
    ward.pass_time(minutes=2)
    for _ in range(3):
        assert refusal(ward.enters, by_patient("p-1")) == "LOCATION_STALE"
        assert refusal(ward.enters, by_patient("p-2")) == "LOCATION_STALE"
    assert alarms(ward) == [(REFUSED, "LOCATION_STALE")]
    ward.attests()
    ward.enters(by_patient("p-1"), "c-1")
    ward.leaves(by_patient("p-1"), "c-1")
    ward.pass_time(minutes=2)
    assert refusal(ward.enters, by_patient("p-1")) == "LOCATION_STALE"
    assert len(alarms(ward)) == 2


def test_what_a_program_mends_by_itself_is_no_alarm() -> None:
    ward = Ward()
    ward.opens()
    case_of(ward)
    assert refusal(ward.enters, by_patient(), join_ticket="") == "TICKET_REQUIRED"
    assert not alarms(ward)


def test_who_was_in_the_session_that_is_over_was_not_turned_away() -> None:
    ward = Ward()
    ward.opens()
    case_of(ward)
    ward.enters(by_patient("p-1"))
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert refusal(ward.enters, by_patient("p-1")) == "SESSION_ENDED"
    assert not alarms(ward)


def test_who_waits_already_when_their_case_opens_is_told_of_as_who_comes_after_it() -> None:
    ward = process_group(led=False)
    ward.enters(by_patient(), "c-ana")
    assert alarms(ward) == []
    case_of(ward)
    case_of(ward)  # the same word again
    assert alarms(ward) == [(ALONE, "")]
    assert entries(ward)[-1][2], "staff sees that they are at risk"


def test_a_case_that_is_not_severe_alarms_nobody_about_who_waits() -> None:
    ward = process_group(led=False)
    ward.enters(by_patient(), "c-ana")
    case_of(ward, crisis.SEVERITY_LOW)
    assert alarms(ward) == []
