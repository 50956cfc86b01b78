"""Places besides the roster: given by staff, seen by all, and no wider than their role."""

from __future__ import annotations

from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call
from chassis.call import Role as CallerRole
from chassis.errors import FailedPrecondition, HavenError, NotFound, PermissionDenied
from services.sessions.domain.commands import (
    AddParticipant,
    GetAttendance,
    Lead,
    ListAttendance,
    NamePerson,
)
from services.sessions.domain.events import Origin
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.roles import RIGHTS, Right, Role, may
from services.sessions.domain.views import Companion
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

VIRGINIA = scheduling.SessionScheduled.CoFacilitator(clinician_id="co-1", states=["VA"])
BY_COORDINATOR = ("coordinator", CallerRole.COORDINATOR)


def by_guest(person_id: str = "g-1") -> Call:
    return a_call(person_id, CallerRole.GUEST)


@pytest.fixture
def ward() -> Ward:
    """A started session with both patients, who named a family member each may bring, and staff."""
    made = Ward()
    made.prepares()
    made.schedules(2, co_facilitators=[VIRGINIA])
    made.starts()
    made.enters(by_patient("p-1"), "c-ana")
    made.enters(by_patient("p-2"), "c-ben")
    made.enters(by_facilitator(), "c-lead")
    return made


def agrees(ward: Ward, patient_id: str = "p-1", version: int = 1) -> None:
    given = intake.ConsentRecorded(patient_id=patient_id, scope="family_participation")
    ward.hears(given, version)


def adds(
    ward: Ward, role: Role, person_id: str = "g-1", *, by: Call | None = None, patient_id: str = ""
) -> Companion:
    command = AddParticipant("s-1", person_id, role, patient_id)
    return ward.sessions.places.add(by or by_facilitator(), command)


def removes(ward: Ward, person_id: str = "g-1") -> None:
    ward.sessions.places.remove(by_facilitator(), NamePerson("s-1", person_id))


def reason_of(act: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(HavenError) as refused:
        act(*args, **kwargs)
    return refused.value.reason


# May each role speak, react, raise a hand, vote, see who is behind an alias, hear alarms, moderate,
# whisper, answer, lead; do its minutes count?
VOICE = "speak react raise_hand"
STAFF = f"{VOICE} see_patients hear_alarms moderate whisper lead"
MATRIX = {
    Role.PATIENT: f"{VOICE} vote answer count",
    Role.FACILITATOR: STAFF,
    Role.CO_FACILITATOR: STAFF,
    Role.OBSERVER: VOICE,
    Role.INTERPRETER: VOICE,
    Role.FAMILY_MEMBER: VOICE,
    Role.PHONE: "count",
}


@pytest.mark.parametrize("right", list(Right))
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_do_what_the_table_says_and_nothing_else(role: Role, right: Right) -> None:
    assert may(role, right) == (right.value in MATRIX[role].split())


def test_the_table_names_every_role() -> None:
    assert set(RIGHTS) == set(MATRIX) == set(Role)


@pytest.mark.parametrize(
    ("role", "alias"),
    [(Role.OBSERVER, "Observer"), (Role.INTERPRETER, "Interpreter")],
)
def test_somebody_with_a_place_is_visible_to_all_by_role(
    ward: Ward, role: Role, alias: str
) -> None:
    assert adds(ward, role).alias == alias
    admission = ward.enters(by_guest(), "c-guest")
    assert (admission.role, admission.alias) == (role, alias)
    joined = ward.room()[-1]
    assert (joined.kind, joined.alias, joined.role) == (RoomEventKind.JOINED, alias, role)
    assert joined.patient_id == ""
    peer = ward.enters(by_patient("p-2"), "c-new")
    assert Companion(alias, role) in peer.companions


def test_a_guest_sees_aliases_and_nobody_behind_them(ward: Ward) -> None:
    adds(ward, Role.OBSERVER)
    ward.presses(by_patient("p-1"))
    admission = ward.enters(by_guest(), "c-guest")
    assert {(each.patient_id, each.person_id) for each in admission.companions} == {("", "")}
    assert admission.signals == ()
    assert ward.private("g-1") == []
    ward.says(by_patient("p-1"), "I want to kill myself")
    assert ward.private("g-1") == []


def test_staff_sees_who_has_a_place_and_whose_family_they_are(ward: Ward) -> None:
    agrees(ward)
    added = adds(ward, Role.FAMILY_MEMBER, patient_id="p-1")
    assert (added.person_id, added.patient_id) == ("g-1", "p-1")
    ward.enters(by_guest(), "c-guest")
    seen = {each.alias: each for each in ward.enters(by_facilitator(), "c-l2").companions}
    assert seen["Family member"].person_id == "g-1"


def test_an_observer_is_mute_until_staff_allows_it(ward: Ward) -> None:
    adds(ward, Role.OBSERVER)
    assert ward.enters(by_guest(), "c-guest").is_muted
    assert reason_of(ward.says, by_guest(), "hello") == "MUTED"


def test_an_interpreter_speaks(ward: Ward) -> None:
    adds(ward, Role.INTERPRETER)
    ward.enters(by_guest(), "c-guest")
    ward.says(by_guest(), "she says good morning")
    assert ward.room()[-1].alias == "Interpreter"


def test_a_second_of_a_role_has_another_name_and_no_name_is_given_twice(ward: Ward) -> None:
    names = [adds(ward, Role.OBSERVER, "g-1").alias, adds(ward, Role.OBSERVER, "g-2").alias]
    removes(ward, "g-1")
    names.append(adds(ward, Role.OBSERVER, "g-3").alias)
    assert names == ["Observer", "Observer 2", "Observer 3"]
    assert adds(ward, Role.OBSERVER, "g-3").alias == "Observer 3"


def test_a_family_member_comes_with_the_consent_of_that_patient_alone(ward: Ward) -> None:
    agrees(ward, "p-2")
    adding = (adds, ward, Role.FAMILY_MEMBER)
    assert reason_of(*adding, patient_id="p-1") == "FAMILY_CONSENT_MISSING"
    agrees(ward, "p-1")
    assert adds(ward, Role.FAMILY_MEMBER, patient_id="p-1").patient_id == "p-1"
    assert reason_of(*adding, "g-2", patient_id="p-9") == "NOT_FOUND"


def test_a_consent_that_is_taken_back_shows_the_family_member_out(ward: Ward) -> None:
    agrees(ward)
    adds(ward, Role.FAMILY_MEMBER, patient_id="p-1")
    ward.enters(by_guest(), "c-guest")
    ward.beats(by_guest(), "c-guest")
    lost = intake.ConsentRevoked(consent_id="k", patient_id="p-1", scope="family_participation")
    ward.hears(lost, 2)
    assert reason_of(ward.beats, by_guest(), "c-guest") == "CONSENT_REVOKED"
    assert reason_of(ward.enters, by_guest(), "c-new") == "CONSENT_REVOKED"
    ward.beats(by_patient("p-1"), "c-ana")


def test_a_place_taken_back_ends_at_once(ward: Ward) -> None:
    adds(ward, Role.OBSERVER)
    ward.enters(by_guest(), "c-guest")
    removes(ward)
    assert [each.kind for each in ward.room()[-1:]] == [RoomEventKind.LEFT]
    assert reason_of(ward.enters, by_guest(), "c-new") == "NOT_FOUND"
    assert reason_of(ward.says, by_guest(), "still here") == "NOT_ADMITTED"


def test_a_guest_without_a_place_finds_no_session(ward: Ward) -> None:
    with pytest.raises(NotFound):
        ward.enters(by_guest())


def test_a_clinician_may_be_an_observer_and_is_no_staff_of_the_room(ward: Ward) -> None:
    adds(ward, Role.OBSERVER, "trainee")
    admission = ward.enters(by_facilitator("trainee"), "c-t")
    assert admission.role is Role.OBSERVER
    assert {each.patient_id for each in admission.companions} == {""}


def test_who_is_not_staff_of_the_session_gives_no_places(ward: Ward) -> None:
    with pytest.raises(PermissionDenied):
        adds(ward, Role.OBSERVER, by=by_facilitator("another"))
    assert adds(ward, Role.OBSERVER, by=a_call(*BY_COORDINATOR)).alias == "Observer"
    assert adds(ward, Role.OBSERVER, "g-2", by=by_facilitator("co-1")).alias == "Observer 2"


def test_a_patient_or_staff_of_the_session_has_no_second_place(ward: Ward) -> None:
    for person_id in ("p-1", "f-1", "co-1"):
        assert reason_of(adds, ward, Role.OBSERVER, person_id) == "ALREADY_SEATED"


def test_a_co_facilitator_added_at_the_door_helps_but_never_leads(ward: Ward) -> None:
    assert adds(ward, Role.CO_FACILITATOR, "co-9").alias == "Co-facilitator 2"
    assert ward.enters(by_facilitator("co-9"), "c-co-9").role is Role.CO_FACILITATOR
    ward.presses(by_patient("p-1"))
    assert len(ward.private("co-9")) == 1
    ward.leaves(by_facilitator(), "c-lead")
    assert ward.room()[-1].kind is RoomEventKind.HELD


def test_the_lead_is_handed_over_to_somebody_who_is_there_and_licensed(ward: Ward) -> None:
    def appoints(by: Call, person_id: str) -> Companion:
        return ward.sessions.places.appoint(by, NamePerson("s-1", person_id))

    assert reason_of(appoints, by_facilitator(), "co-1") == "CANNOT_LEAD"
    ward.enters(by_facilitator("co-1"), "c-co-1")
    assert reason_of(appoints, by_facilitator("co-1"), "co-1") == "NOT_FACILITATOR"
    for _ in range(2):
        assert appoints(by_facilitator(), "co-1").role is Role.FACILITATOR
    kinds = [each.kind for each in ward.room()]
    assert kinds.count(RoomEventKind.PROMOTED) == 1
    assert appoints(by_facilitator(), "f-1").alias == "Facilitator"
    roles = {each.alias: each.role for each in ward.enters(by_facilitator(), "c-x").companions}
    assert roles["Co-facilitator"] is Role.CO_FACILITATOR


@pytest.mark.parametrize("patient_id", ["", "p-2"])
def test_a_guests_call_for_help_is_heard_about_whom_they_mean(ward: Ward, patient_id: str) -> None:
    agrees(ward)
    adds(ward, Role.FAMILY_MEMBER, patient_id="p-1")
    ward.enters(by_guest(), "c-guest")
    view = ward.presses(by_guest(), patient_id=patient_id)
    assert view.signal.patient_id == (patient_id or "p-1")
    assert view.signal.alarm.origin is Origin.GUEST
    assert set(view.signal.recipient_ids) == {"g-1", "f-1", "co-1"}


def test_an_interpreter_who_names_nobody_is_heard_all_the_same(ward: Ward) -> None:
    adds(ward, Role.INTERPRETER)
    ward.enters(by_guest(), "c-guest")
    ward.presses(by_guest(), patient_id="")
    (raised,) = ward.store.emitted(sessions.SafetySignalRaised)
    assert (raised.patient_id, raised.session_id) == ("", "s-1")


def test_what_family_writes_about_danger_is_about_their_patient(ward: Ward) -> None:
    agrees(ward)
    adds(ward, Role.FAMILY_MEMBER, patient_id="p-1")
    ward.enters(by_guest(), "c-guest")
    ward.says(by_guest(), "I want to kill myself")
    (raised,) = ward.store.emitted(sessions.ChatRiskRaised)
    assert raised.patient_id == "p-1"


def listed(ward: Ward) -> dict[str, int]:
    """The session's attendances: counted seconds by patient."""
    page = ward.sessions.queries.attendances(by_facilitator(), ListAttendance("s-1", 0, ""))
    seconds = {each.participant.patient_id: each.counted_seconds for each in page.items}
    assert sorted(seconds) == ["p-1", "p-2"]
    assert len(page.items) == 2
    return seconds


class TestPhone:
    """A patient without a screen, whose place staff holds."""

    def keeps(self, ward: Ward, patient_id: str = "p-1") -> Companion:
        return ward.sessions.phones.keep(by_facilitator(), NamePerson("s-1", patient_id))

    def test_minutes_on_the_telephone_count_by_the_same_rules(self, ward: Ward) -> None:
        ward.leaves(by_patient("p-1"), "c-ana")
        assert self.keeps(ward).role is Role.PHONE
        joined = ward.room()[-1]
        assert (joined.alias, joined.role) == ("Blue Heron 4", Role.PHONE)
        for _ in range(12):
            ward.pass_time(seconds=10)
            self.keeps(ward)
        ward.sessions.phones.end(by_facilitator(), NamePerson("s-1", "p-1"))
        told = ward.sessions.queries.attendance(by_patient(), GetAttendance("s-1", "p-1"))
        assert 120 <= told.counted_seconds <= 121
        assert [each.kind for each in ward.room()].count(RoomEventKind.JOINED) == 4

    def test_staff_find_them_in_the_list_once_with_the_minutes_of_both_legs(
        self, ward: Ward
    ) -> None:
        for _ in range(12):
            ward.pass_time(seconds=10)
            ward.beats(by_patient("p-1"), "c-ana")
        ward.leaves(by_patient("p-1"), "c-ana")
        for _ in range(12):
            self.keeps(ward)
            ward.pass_time(seconds=10)
        ward.sessions.phones.end(by_facilitator(), NamePerson("s-1", "p-1"))
        assert listed(ward)["p-1"] == 240
        ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
        ward.rings(only="session-seals")
        assert listed(ward)["p-1"] == 240

    def test_a_leg_that_nobody_keeps_falls_silent(self, ward: Ward) -> None:
        ward.leaves(by_patient("p-1"), "c-ana")
        self.keeps(ward)
        ward.pass_time(seconds=31)
        ward.rings(only="participant-silences")
        left = [(each.alias, each.role) for each in ward.room() if each.kind is RoomEventKind.LEFT]
        assert ("Blue Heron 4", Role.PHONE) in left

    def test_a_patient_whose_own_device_is_there_is_not_on_the_telephone(self, ward: Ward) -> None:
        assert reason_of(self.keeps, ward) == "PATIENT_CONNECTED"

    def test_a_device_that_comes_back_takes_the_place_over(self, ward: Ward) -> None:
        ward.leaves(by_patient("p-1"), "c-ana")
        self.keeps(ward)
        assert ward.enters(by_patient("p-1"), "c-back").role is Role.PATIENT
        assert reason_of(self.keeps, ward) == "PATIENT_CONNECTED"
        with pytest.raises(FailedPrecondition):
            ward.sessions.phones.end(by_facilitator(), NamePerson("s-1", "p-1"))

    def test_the_door_is_the_same(self, ward: Ward) -> None:
        ward.leaves(by_patient("p-1"), "c-ana")
        ward.pass_time(hours=5)
        assert reason_of(self.keeps, ward) == "LOCATION_STALE"
        assert reason_of(self.keeps, ward, "p-9") == "NOT_FOUND"
