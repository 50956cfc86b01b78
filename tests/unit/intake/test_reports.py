"""What other services tell intake: names for seats, attendance, absences, crisis cases."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as events
from haven.intake.v1 import intake_pb2 as wire
from haven.intake.v1 import resources_pb2 as resources
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.errors import NotFound
from chassis.ids import new_id
from chassis.store import AlreadyDone
from tests.unit.intake.builders import NOON
from tests.unit.intake.house import CLINICIAN, COORDINATOR, OTHER_TENANT, House, Person

STAMP = Timestamp()
STAMP.FromDatetime(NOON)


def enrolled(patient_id: str, group_id: str = "monday") -> scheduling.SeriesEnrolled:
    return scheduling.SeriesEnrolled(group_id=group_id, patient_id=patient_id, series_id="series")


def scheduled(*patient_ids: str, **changes: Any) -> scheduling.SessionScheduled:
    fields: dict[str, Any] = {"session_id": "session", "group_id": "monday"}
    return scheduling.SessionScheduled(patient_ids=patient_ids, **(fields | changes))


def test_whoever_gets_a_seat_gets_a_name_for_the_group_once() -> None:
    house = House()
    house.hear(enrolled("ana"))
    house.hear(enrolled("ana"))
    house.hear(scheduled("ana", "ben"))
    told = house.emitted(events.AliasAssigned)
    assert [(each.patient_id, each.group_id) for each in told] == [
        ("ana", "monday"),
        ("ben", "monday"),
    ]
    assert told[0].alias != told[1].alias


def test_in_another_group_a_person_has_another_name() -> None:
    house = House()
    house.hear(enrolled("ana", "monday"))
    house.hear(enrolled("ana", "friday"))
    first, second = house.emitted(events.AliasAssigned)
    assert first.alias != second.alias


def test_the_same_person_in_the_same_group_of_another_tenant_has_another_name() -> None:
    house = House()
    house.hear(enrolled("ana"))
    house.hear(enrolled("ana"), tenant_id=OTHER_TENANT)
    first, second = house.emitted(events.AliasAssigned)
    assert first.alias != second.alias


def test_where_a_name_is_taken_the_next_of_the_persons_own_series_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crowded(key: bytes, *, patient_id: str, group_id: str, attempt: int) -> str:
        return "Quiet Heron 27" if attempt < 2 else f"Calm Wren {patient_id}"

    monkeypatch.setattr("services.intake.handlers.aliases.alias_candidate", crowded)
    house = House()
    house.hear(scheduled("ana", "ben"))
    names = [each.alias for each in house.emitted(events.AliasAssigned)]
    assert names == ["Quiet Heron 27", "Calm Wren ben"]


def test_the_key_that_makes_names_rests_as_ciphertext_and_is_made_once() -> None:
    house = House()
    house.hear(enrolled("ana"))
    house.hear(enrolled("ben"))
    [document] = house.documents("alias_keys")
    assert document["key_ciphertext"].startswith(b"river|")


@pytest.mark.parametrize(
    "event", [scheduled("ana", group_id=""), scheduled("ana", is_canceled=True), scheduled()]
)
def test_without_a_group_or_a_seat_nobody_needs_a_name(event: Message) -> None:
    house = House()
    house.hear(event)
    assert house.emitted(events.AliasAssigned) == []


def test_an_event_that_comes_twice_has_one_effect() -> None:
    house, event_id = House(), new_id()
    house.hear(enrolled("ana"), event_id=event_id)
    with pytest.raises(AlreadyDone):
        house.hear(enrolled("ana"), event_id=event_id)
    assert len(house.emitted(events.AliasAssigned)) == 1


def attended(patient: Person, seconds: int, session_id: str = "s1") -> sessions.AttendanceRecorded:
    return sessions.AttendanceRecorded(
        session_id=session_id, patient_id=patient.subject, counted_seconds=seconds
    )


def absent(patient: Person, session_id: str = "s1") -> sessions.PatientAbsent:
    return sessions.PatientAbsent(
        session_id=session_id, patient_id=patient.subject, notice_time=STAMP
    )


def episode_of(house: House, patient: Person) -> resources.Episode:
    found: resources.Episode = house.ask(
        patient, wire.GetEpisodeRequest(patient_id=patient.subject)
    ).episode
    return found


def test_a_newer_count_of_minutes_replaces_an_older_and_never_the_other_way() -> None:
    house = House()
    ana = house.patient()
    house.hear(attended(ana, 3_600), version=2)
    house.hear(attended(ana, 600), version=1)
    assert episode_of(house, ana).attended_seconds == 3_600
    house.hear(attended(ana, 5_400), version=3)
    request = wire.ListAttendancesRequest(patient_id=ana.subject)
    listed = house.ask(COORDINATOR, request).attendances
    assert [(each.session_id, each.counted_seconds) for each in listed] == [("s1", 5_400)]


def test_an_absence_reaches_intake() -> None:
    house = House()
    ana = house.patient()
    house.hear(absent(ana))
    listed = house.ask(COORDINATOR, wire.ListAbsencesRequest(patient_id=ana.subject)).absences
    assert [(each.session_id, each.notice_time) for each in listed] == [("s1", STAMP)]
    assert episode_of(house, ana).sessions_missed == 1


def test_somebody_who_came_late_did_not_miss_the_session() -> None:
    house = House()
    ana = house.patient()
    house.hear(absent(ana, "s1"))
    house.hear(attended(ana, 1_200, "s1"))
    house.hear(absent(ana, "s2"))
    house.hear(attended(ana, 0, "s2"))
    episode = episode_of(house, ana)
    assert (episode.sessions_attended, episode.sessions_missed) == (1, 1)


def case_events(patient: Person) -> list[Message]:
    """A case from its opening to its end."""
    ids: dict[str, Any] = {"case_id": "case", "patient_id": patient.subject}
    return [
        crisis.CaseOpened(severity=crisis.SEVERITY_HIGH, open_time=STAMP, **ids),
        crisis.CaseEscalated(escalate_time=STAMP, **ids),
        crisis.CaseAcknowledged(owner_id="dr-lee", acknowledge_time=STAMP, **ids),
        crisis.CaseResolved(disposition="safety_plan", resolve_time=STAMP, **ids),
    ]


def test_a_crisis_case_is_followed_from_its_opening_to_its_end() -> None:
    house = House()
    ana = house.patient()
    states = []
    for version, event in enumerate(case_events(ana), start=1):
        house.hear(event, version=version)
        [case] = house.ask(
            CLINICIAN, wire.ListPatientCasesRequest(patient_id=ana.subject)
        ).patient_cases
        states.append(case.state)
    assert states == [
        resources.CASE_STATE_OPEN,
        resources.CASE_STATE_ESCALATED,
        resources.CASE_STATE_ACKNOWLEDGED,
        resources.CASE_STATE_RESOLVED,
    ]
    assert (case.severity, case.open_time) == (crisis.SEVERITY_HIGH, STAMP)
    assert list(episode_of(house, ana).open_case_ids) == []


def test_of_a_drill_that_is_forgotten_no_copy_stays() -> None:
    house = House()
    ana = house.patient()
    house.hear(crisis.CaseOpened(case_id="drill", severity=crisis.SEVERITY_HIGH, open_time=STAMP))
    for version, event in enumerate(case_events(ana), start=1):
        house.hear(event, version=version)
    for _ in range(2):
        house.hear(crisis.DrillForgotten(drill_id="d", case_id="drill"), event_id=new_id())

    assert [each["_id"] for each in house.documents("cases")] == ["case"]


def test_a_case_that_ended_is_not_opened_again_by_a_late_report() -> None:
    house = House()
    ana = house.patient()
    for version, event in reversed(list(enumerate(case_events(ana), start=1))):
        house.hear(event, version=version)
    [case] = house.documents("cases")
    assert (case["state"], case["severity"], case["is_open"]) == ("resolved", "high", False)


def test_an_open_case_shows_in_the_episode() -> None:
    house = House()
    ana = house.patient()
    house.hear(case_events(ana)[0])
    assert list(episode_of(house, ana).open_case_ids) == ["case"]


def test_copies_about_substance_use_care_carry_the_label_and_so_do_those_about_strangers() -> None:
    house = House()
    ana = house.patient(track=resources.TRACK_SUBSTANCE_USE)
    ben = house.patient()
    for patient_id in (ana.subject, ben.subject, "nobody-we-know"):
        stranger = Person(patient_id, frozenset())
        house.hear(attended(stranger, 60, f"session-of-{patient_id}"))
        house.hear(absent(stranger, f"session-of-{patient_id}"))
        house.hear(enrolled(patient_id))
    for collection in ("attendances", "absences", "aliases"):
        labels = {
            each["patient_id"]: each["is_part2_protected"] for each in house.documents(collection)
        }
        assert labels == {ana.subject: True, ben.subject: False, "nobody-we-know": True}


def test_for_a_patient_another_patients_course_does_not_exist() -> None:
    house = House()
    ana, ben = house.patient(), house.patient()
    for request in (
        wire.GetEpisodeRequest(patient_id=ana.subject),
        wire.ListAttendancesRequest(patient_id=ana.subject),
        wire.ListAbsencesRequest(patient_id=ana.subject),
        wire.ListCarePlansRequest(patient_id=ana.subject),
    ):
        assert isinstance(house.refused(ben, request), NotFound)


def test_a_case_whose_patient_is_not_known_yet_is_kept_until_it_is() -> None:
    house = House()
    house.hear(crisis.CaseOpened(case_id="case", severity=crisis.SEVERITY_HIGH, open_time=STAMP))
    house.hear(crisis.CaseOpened(case_id="case", patient_id="ana", open_time=STAMP), version=2)

    (kept,) = house.documents("cases")
    assert kept["patient_id"] == "ana"
