"""What the wire may say, and every field at fault in one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import resources_pb2 as resource
from haven.scheduling.v1 import scheduling_pb2 as wire
from haven.sessions.v1 import events_pb2 as live

from chassis.errors import InvalidArgument
from services.scheduling.codec import events, lookups, requests, words
from services.scheduling.domain import commands
from services.scheduling.domain.clinician import Profession
from services.scheduling.domain.group import GroupKind, Modality, Track
from services.scheduling.domain.licensure import LicenseKind
from services.scheduling.domain.recurrence import Block
from services.scheduling.domain.session import SessionState

DAY = Date(year=2027, month=1, day=4)
BLOCK = resource.WeeklyBlock(
    weekday=resource.WEEKDAY_FRIDAY, start_hour=18, counted_minutes=180, break_minutes=20
)
SERIES = wire.CreateSeriesRequest(
    group_id="group-1",
    facilitator_id="clinician-1",
    time_zone="America/New_York",
    first_date=DAY,
    weeks=8,
    blocks=[BLOCK],
)
GROUP = wire.CreateGroupRequest(
    display_name="Evening skills",
    track=resource.TRACK_MENTAL_HEALTH,
    kind=resource.GROUP_KIND_SKILLS,
    modality=resource.MODALITY_INTEGRATED,
    capacity=8,
)
LICENSE = wire.AddLicenseRequest(
    clinician_id="clinician-1",
    kind=resource.LICENSE_KIND_LICENSE,
    state="VA",
    effective_date=DAY,
    expire_date=DAY,
)
SESSION = wire.ScheduleSessionRequest(
    group_id="group-1",
    facilitator_id="clinician-1",
    patient_ids=["patient-1"],
    time_zone="America/New_York",
    counted_minutes=60,
)


def changed(message: Message, **fields: Any) -> Any:
    """A copy with some fields cleared (None) or replaced."""
    copy: Any = type(message)()
    copy.CopyFrom(message)
    for name, value in fields.items():
        copy.ClearField(name)
        if value is not None:
            copy.MergeFrom(type(message)(**{name: value}))
    return copy


def faults(decode: Callable[[Any], Any], request: Message) -> list[tuple[str, str]]:
    with pytest.raises(InvalidArgument) as error:
        decode(request)
    assert error.value.reason == "FIELDS_INVALID"
    return [(each.field, each.reason) for each in error.value.violations]


def test_a_series_request_becomes_a_pattern() -> None:
    command = requests.create_series(SERIES)
    assert command.pattern.time_zone == "America/New_York"
    assert command.pattern.first_date.isoformat() == "2027-01-04"
    (block,) = command.pattern.blocks
    assert (block.weekday, block.start.isoformat("minutes")) == (4, "18:00")
    assert block == Block(4, block.start, 180, 20)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"group_id": ""}, ("group_id", "REQUIRED")),
        ({"facilitator_id": "a b"}, ("facilitator_id", "MALFORMED")),
        ({"time_zone": ""}, ("time_zone", "REQUIRED")),
        ({"time_zone": "Mars/Olympus"}, ("time_zone", "UNKNOWN")),
        ({"first_date": None}, ("first_date", "REQUIRED")),
        ({"first_date": Date(year=2027, month=2, day=30)}, ("first_date", "MALFORMED")),
        ({"first_date": Date(year=2027)}, ("first_date", "MALFORMED")),
        ({"weeks": 0}, ("weeks", "OUT_OF_RANGE")),
        ({"weeks": 105}, ("weeks", "OUT_OF_RANGE")),
        ({"blocks": None}, ("blocks", "REQUIRED")),
        ({"blocks": [BLOCK] * 22}, ("blocks", "TOO_LONG")),
        ({"blocks": [changed(BLOCK, weekday=None)]}, ("blocks[0].weekday", "UNSPECIFIED")),
        ({"blocks": [changed(BLOCK, weekday=8)]}, ("blocks[0].weekday", "UNKNOWN")),
        ({"blocks": [changed(BLOCK, start_hour=24)]}, ("blocks[0].start_hour", "OUT_OF_RANGE")),
        (
            {"blocks": [BLOCK, changed(BLOCK, start_minute=60)]},
            ("blocks[1].start_minute", "OUT_OF_RANGE"),
        ),
        (
            {"blocks": [changed(BLOCK, counted_minutes=None)]},
            ("blocks[0].counted_minutes", "OUT_OF_RANGE"),
        ),
        (
            {"blocks": [changed(BLOCK, break_minutes=-1)]},
            ("blocks[0].break_minutes", "OUT_OF_RANGE"),
        ),
    ],
)
def test_a_series_request_at_fault_names_the_field(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert faults(requests.create_series, changed(SERIES, **fields)) == [expected]


def test_all_faults_come_in_one_answer() -> None:
    found = faults(requests.create_series, wire.CreateSeriesRequest(time_zone="Nowhere"))
    assert [field for field, _ in found] == [
        "group_id",
        "facilitator_id",
        "time_zone",
        "first_date",
        "weeks",
        "blocks",
    ]


@pytest.mark.parametrize(
    ("request_message", "decode", "name"),
    [
        (GROUP, requests.create_group, "track"),
        (GROUP, requests.create_group, "kind"),
        (GROUP, requests.create_group, "modality"),
        (LICENSE, requests.add_license, "kind"),
        (
            wire.RegisterClinicianRequest(profession=resource.PROFESSION_NURSE),
            requests.register_clinician,
            "profession",
        ),
    ],
)
def test_an_unspecified_or_unknown_word_is_refused(
    request_message: Message, decode: Callable[[Any], Any], name: str
) -> None:
    assert faults(decode, changed(request_message, **{name: None})) == [(name, "UNSPECIFIED")]
    assert faults(decode, changed(request_message, **{name: 99})) == [(name, "UNKNOWN")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"patient_ids": None}, ("patient_ids", "REQUIRED")),
        ({"patient_ids": ["p", "p"]}, ("patient_ids[1]", "MALFORMED")),
        ({"patient_ids": ["p", ""]}, ("patient_ids[1]", "MALFORMED")),
        ({"counted_minutes": 14}, ("counted_minutes", "OUT_OF_RANGE")),
        ({"time_zone": "Nowhere"}, ("time_zone", "UNKNOWN")),
    ],
)
def test_a_session_request_at_fault_names_the_field(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert faults(requests.schedule_session, changed(SESSION, **fields)) == [expected]


def test_a_session_without_a_start_time_is_meant_for_now() -> None:
    assert requests.schedule_session(SESSION).start_time is None


@pytest.mark.parametrize("state", ["", "Virginia"])
def test_a_state_is_a_code(state: str) -> None:
    ((field, _),) = faults(requests.add_license, changed(LICENSE, state=state))
    assert field == "state"


@pytest.mark.parametrize(
    ("decode", "request_message"),
    [
        (requests.revoke_license, wire.RevokeLicenseRequest(clinician_id="c", license_id="l")),
        (requests.enroll_patient, wire.EnrollPatientRequest(series_id="s", patient_id="p")),
        (requests.cancel_enrollment, wire.CancelEnrollmentRequest(enrollment_id="e")),
        (requests.cancel_session, wire.CancelSessionRequest(session_id="s")),
        (
            requests.assign_facilitator,
            wire.AssignFacilitatorRequest(series_id="s", facilitator_id="c"),
        ),
        (
            requests.substitute_facilitator,
            wire.SubstituteFacilitatorRequest(session_id="s", facilitator_id="c"),
        ),
        (lookups.clinician_id, wire.GetClinicianRequest(clinician_id="c")),
        (lookups.group_id, wire.GetGroupRequest(group_id="g")),
        (lookups.series_id, wire.GetSeriesRequest(series_id="s")),
        (lookups.enrollment_id, wire.GetEnrollmentRequest(enrollment_id="e")),
        (lookups.session_id, wire.GetSessionRequest(session_id="s")),
        (lookups.get_dose, wire.GetDoseRequest(patient_id="p", date=DAY)),
    ],
)
def test_every_id_is_required_and_well_formed(
    decode: Callable[[Any], Any], request_message: Message
) -> None:
    assert decode(request_message)
    names = [each.name for each, _ in request_message.ListFields() if each.name.endswith("_id")]
    for name in names:
        assert faults(decode, changed(request_message, **{name: None})) == [(name, "REQUIRED")]
        assert faults(decode, changed(request_message, **{name: "$ne"})) == [(name, "MALFORMED")]


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    request = wire.ListSessionsRequest()
    request.after_time.FromJsonString("2027-01-04T00:00:00Z")
    request.before_time.CopyFrom(request.after_time)
    assert faults(lookups.list_sessions, request) == [("before_time", "OUT_OF_RANGE")]


def test_lists_without_filters_mean_everything() -> None:
    page = commands.PageOf()
    assert lookups.list_series(wire.ListSeriesRequest()) == commands.ListSeries("", page)
    found = lookups.list_enrollments(wire.ListEnrollmentsRequest())
    assert found == commands.ListEnrollments("", "", page)


@pytest.mark.parametrize(
    ("mapping", "members"),
    [
        (words.PROFESSIONS, Profession),
        (words.LICENSE_KINDS, LicenseKind),
        (words.TRACKS, Track),
        (words.GROUP_KINDS, GroupKind),
        (words.MODALITIES, Modality),
    ],
)
def test_every_word_of_the_domain_has_its_number(mapping: Any, members: Any) -> None:
    assert set(mapping.values()) == set(members)
    assert 0 not in mapping


def test_every_state_of_a_session_has_its_number() -> None:
    assert set(words.SESSION_STATE_NUMBERS) == set(SessionState)


@pytest.mark.parametrize(
    ("read", "event"),
    [
        (events.patient_admitted, intake.PatientAdmitted(patient_id="p", state="VA")),
        (
            events.care_plan_activated,
            intake.CarePlanActivated(patient_id="p", care_plan_id="c", weekly_minutes=0),
        ),
        (events.location_attested, live.LocationAttested(patient_id="p", state="VA")),
        (
            events.attendance_recorded,
            live.AttendanceRecorded(session_id="s", patient_id="p", counted_seconds=-1),
        ),
        (events.session_started, live.SessionStarted()),
    ],
)
def test_an_event_that_makes_no_sense_is_refused_not_guessed(
    read: Callable[[Any], Any], event: Message
) -> None:
    assert faults(read, event)


def test_an_attested_state_is_read_whatever_its_case() -> None:
    event = live.LocationAttested(patient_id="p", state=" va ")
    event.attest_time.FromJsonString("2027-01-04T00:00:00Z")
    assert events.location_attested(event).state == "VA"
