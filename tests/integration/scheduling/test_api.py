"""Scheduling as a partner developer meets it: over gRPC, with tokens, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from haven.intake.v1.events_pb2 import LocationRecorded
from haven.scheduling.v1 import resources_pb2 as resource
from haven.scheduling.v1 import scheduling_pb2 as wire
from haven.sessions.v1 import events_pb2 as live
from pymongo.database import Database

from chassis.call import Role
from chassis.ids import new_id
from tests.integration.scheduling.desk import TODAY, Desk, Intake, a_block, a_license, a_series, day

Desks = Callable[..., Desk]
Mongo = Database[dict[str, Any]]


def next_spring_forward() -> date:
    """The next second Sunday of March that lies more than a week ahead."""
    for year in (TODAY.year, TODAY.year + 1):
        first = date(year, 3, 1)
        found = first + timedelta(days=(6 - first.weekday()) % 7 + 7)
        if found > TODAY + timedelta(days=7):
            return found
    raise AssertionError("every year has one")


async def test_nine_hours_a_week_for_eight_weeks_are_enrolled_at_once(
    staff: Desk, intake: Intake, desk: Desks
) -> None:
    series = await staff.series(await staff.clinician("VA"))
    patient = await intake.admits(state="VA")
    request = wire.EnrollPatientRequest(series_id=series.series_id, patient_id=patient)
    enrollment = (await staff.ask(request)).enrollment
    assert (series.weekly_minutes, len(series.session_ids)) == (540, 24)
    assert list(enrollment.session_ids) == list(series.session_ids)
    assert enrollment.state == resource.ENROLLMENT_STATE_ACTIVE
    assert (enrollment.planned_weekly_minutes, enrollment.HasField("create_time")) == (540, True)

    own = desk(Role.PATIENT, subject=patient)
    listed = await own.ask(wire.ListSessionsRequest(patient_id=patient, page_size=50))
    zone = ZoneInfo("America/New_York")
    starts = [each.start_time.ToDatetime(tzinfo=UTC).astimezone(zone) for each in listed.sessions]
    assert {(each.hour, each.minute) for each in starts} == {(18, 0)}
    assert starts == sorted(starts)
    seen = (await staff.ask(wire.GetSeriesRequest(series_id=series.series_id))).series
    assert (seen.free_seats, seen.capacity) == (7, 8)


async def test_the_same_request_gets_the_same_answer(staff: Desk, intake: Intake) -> None:
    series = await staff.series(await staff.clinician("VA"))
    request = wire.EnrollPatientRequest(
        request_id=new_id(), series_id=series.series_id, patient_id=await intake.admits()
    )
    assert await staff.ask(request) == await staff.ask(request)
    other = await staff.series(await staff.clinician("VA"))
    refused = await staff.refusal(
        wire.EnrollPatientRequest(
            request_id=request.request_id,
            series_id=other.series_id,
            patient_id=request.patient_id,
        )
    )
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")


async def test_a_facilitator_without_the_license_is_refused_with_the_state(
    staff: Desk, intake: Intake
) -> None:
    series = await staff.series(await staff.clinician("VA", "NC"))
    patient = await intake.admits(state="NC")
    await staff.ask(wire.EnrollPatientRequest(series_id=series.series_id, patient_id=patient))
    refused = await staff.refusal(
        wire.AssignFacilitatorRequest(
            series_id=series.series_id, facilitator_id=await staff.clinician("VA")
        )
    )
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "LICENSE_STATE_MISMATCH")
    assert refused.domain == "scheduling.haven"
    assert (refused.metadata["states"], refused.metadata["sessions"]) == ("NC", "24")
    assert refused.violations == [("facilitator_id", "LICENSE_MISSING")]
    assert patient not in f"{refused.text}{refused.metadata}"


async def test_a_license_that_ends_too_early_is_refused_with_its_last_day(
    staff: Desk, intake: Intake
) -> None:
    clinician, last = await staff.clinician(), TODAY + timedelta(days=30)
    await staff.ask(a_license(clinician, "VA", expire_date=day(last)))
    series = await staff.series(clinician)
    refused = await staff.refusal(
        wire.EnrollPatientRequest(series_id=series.series_id, patient_id=await intake.admits())
    )
    assert refused.reason == "LICENSE_STATE_MISMATCH"
    assert refused.metadata["license_expire_date"] == last.isoformat()


async def test_an_impossible_local_time_is_refused_and_nothing_is_stored(
    staff: Desk, database: Mongo
) -> None:
    sunday = next_spring_forward()
    request = a_series(
        await staff.group(),
        await staff.clinician("VA"),
        first_date=day(sunday),
        blocks=[a_block(resource.WEEKDAY_SUNDAY, start_hour=2, start_minute=30)],
    )
    refused = await staff.refusal(request)
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "LOCAL_TIME_IMPOSSIBLE")
    assert refused.violations == [("blocks[0].start_hour", "LOCAL_TIME_IMPOSSIBLE")]
    assert refused.metadata["local_time"] == f"{sunday}T02:30"
    for collection in ("series", "sessions", "outbox"):
        assert database[collection].count_documents({}) == 0


async def test_all_fields_at_fault_are_named_at_once(staff: Desk) -> None:
    refused = await staff.refusal(wire.CreateSeriesRequest(time_zone="Nowhere", weeks=200))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELDS_INVALID")
    assert dict(refused.violations) == {
        "group_id": "REQUIRED",
        "facilitator_id": "REQUIRED",
        "time_zone": "UNKNOWN",
        "first_date": "REQUIRED",
        "weeks": "OUT_OF_RANGE",
        "blocks": "REQUIRED",
    }


async def test_a_tenants_own_limits_apply(desk: Desks) -> None:
    await desk(tenant_id="alpha").group(capacity=12)
    with pytest.raises(Exception, match="CAPACITY_OUT_OF_RANGE"):
        await desk(tenant_id="beta").group(capacity=7)


async def test_another_tenant_sees_none_of_it(staff: Desk, intake: Intake, desk: Desks) -> None:
    clinician = await staff.clinician("VA")
    series = await staff.series(clinician)
    patient = await intake.admits()
    enroll = wire.EnrollPatientRequest(series_id=series.series_id, patient_id=patient)
    enrollment = (await staff.ask(enroll)).enrollment
    stranger = desk(tenant_id="beta")
    requests: list[Any] = [
        wire.GetClinicianRequest(clinician_id=clinician),
        wire.GetGroupRequest(group_id=series.group_id),
        wire.GetSeriesRequest(series_id=series.series_id),
        wire.GetSessionRequest(session_id=series.session_ids[0]),
        wire.GetEnrollmentRequest(enrollment_id=enrollment.enrollment_id),
        wire.GetDoseRequest(patient_id=patient, date=day(TODAY)),
        wire.ListSessionsRequest(patient_id=patient),
        wire.ListSeriesRequest(group_id=series.group_id),
        wire.ListEnrollmentsRequest(series_id=series.series_id),
        wire.CancelEnrollmentRequest(enrollment_id=enrollment.enrollment_id),
        wire.CancelSessionRequest(session_id=series.session_ids[0]),
        a_license(clinician, "NC"),
        a_series(series.group_id, clinician),
    ]
    for request in requests:
        refused = await stranger.refusal(request)
        assert (refused.code, refused.reason) == ("NOT_FOUND", "NOT_FOUND"), request
    assert not (await stranger.ask(wire.ListSessionsRequest())).sessions
    assert not (await stranger.ask(wire.ListCliniciansRequest())).clinicians


async def test_a_patient_sees_only_the_own_part_and_no_peer(
    staff: Desk, intake: Intake, desk: Desks
) -> None:
    mine, peer = await intake.admits(), await intake.admits()
    request = wire.ScheduleSessionRequest(
        group_id=await staff.group(),
        facilitator_id=await staff.clinician("VA"),
        patient_ids=[mine, peer],
        time_zone="America/New_York",
        counted_minutes=60,
    )
    session = (await staff.ask(request)).session
    assert set(session.patient_ids) == {mine, peer}
    own = desk(Role.PATIENT, subject=mine)
    seen = (await own.ask(wire.GetSessionRequest(session_id=session.session_id))).session
    assert list(seen.patient_ids) == []
    for forbidden in (wire.ListSessionsRequest(patient_id=peer), wire.ListSessionsRequest()):
        assert (await own.refusal(forbidden)).code == "NOT_FOUND"
    assert (await own.refusal(request)).reason == "ROLE_NOT_ALLOWED"
    outsider = desk(Role.PATIENT, subject=await intake.admits())
    refused = await outsider.refusal(wire.GetSessionRequest(session_id=session.session_id))
    assert refused.code == "NOT_FOUND"


async def test_a_stale_etag_is_refused(staff: Desk) -> None:
    series = await staff.series(await staff.clinician("VA"))
    colleague = await staff.clinician("VA")
    request = wire.AssignFacilitatorRequest(
        series_id=series.series_id, facilitator_id=colleague, etag=series.etag
    )
    await staff.ask(request)
    request.request_id = new_id()
    refused = await staff.refusal(request)
    assert (refused.code, refused.reason) == ("ABORTED", "ETAG_STALE")


async def test_pages_end_and_tokens_belong_to_their_query(staff: Desk) -> None:
    series = await staff.series(await staff.clinician("VA"))
    request = wire.ListSessionsRequest(series_id=series.series_id, page_size=20)
    first = await staff.ask(request)
    request.page_token = first.next_page_token
    second = await staff.ask(request)
    found = [each.session_id for page in (first, second) for each in page.sessions]
    assert (found, second.next_page_token) == (list(series.session_ids), "")
    refused = await staff.refusal(wire.ListSessionsRequest(page_token=first.next_page_token))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")


@pytest.mark.parametrize(
    "kind", [live.LocationAttested, LocationRecorded], ids=["said at a door", "told to the program"]
)
async def test_a_patient_who_moves_is_flagged_and_a_repeated_event_changes_nothing(
    staff: Desk, intake: Intake, kind: Any
) -> None:
    clinician = await staff.clinician("VA")
    series, patient = await staff.series(clinician), await intake.admits(state="VA")
    enroll = wire.EnrollPatientRequest(series_id=series.series_id, patient_id=patient)
    enrollment = (await staff.ask(enroll)).enrollment
    moved = kind(location_id=new_id(), patient_id=patient, state="NC")
    moved.attest_time.FromDatetime(datetime.now(UTC))
    event_id = new_id()
    repeated = [await intake.tells(moved, event_id=event_id) for _ in range(2)]
    assert repeated == [False, True]
    (conflict,) = (await staff.ask(wire.ListLicenseConflictsRequest())).license_conflicts
    assert conflict.enrollment_id == enrollment.enrollment_id
    assert (conflict.state, list(conflict.session_ids)) == ("NC", list(series.session_ids))
    get = wire.GetEnrollmentRequest(enrollment_id=enrollment.enrollment_id)
    seen = (await staff.ask(get)).enrollment
    assert seen.state == resource.ENROLLMENT_STATE_NEEDS_REVIEW
    await staff.ask(a_license(clinician, "NC"))
    assert not (await staff.ask(wire.ListLicenseConflictsRequest())).license_conflicts


async def test_the_weeks_dose_is_measured_against_the_plan(staff: Desk, intake: Intake) -> None:
    series, patient = await staff.series(await staff.clinician("VA")), await intake.admits()
    enroll = wire.EnrollPatientRequest(series_id=series.series_id, patient_id=patient)
    await staff.ask(enroll)
    second_week = TODAY + timedelta(days=21 - TODAY.weekday())
    dose = (await staff.ask(wire.GetDoseRequest(patient_id=patient, date=day(second_week)))).dose
    assert (dose.planned_minutes, dose.upcoming_minutes, dose.shortfall_minutes) == (540, 540, 0)
    assert dose.state == resource.DOSE_STATE_ON_TRACK
