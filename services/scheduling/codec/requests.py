"""From request messages to commands; all fields at fault in one answer."""

from __future__ import annotations

from datetime import time

from haven.scheduling.v1 import scheduling_pb2 as wire

from chassis.decode import Fields
from services.scheduling.codec import words
from services.scheduling.domain import commands
from services.scheduling.domain.recurrence import Block, Pattern

# Longer than any payer's session or break; what a tenant allows is its policy's.
COUNTED_MINUTES = (15, 480)
BREAK_MINUTES = (0, 240)
BLOCKS_MAX = 21  # three a day
WEEKS_MAX = 104
PATIENTS_MAX = 50
CO_FACILITATORS_MAX = 4
CAPACITY_MAX = 1000
STATE_LENGTH = 2


def register_clinician(request: wire.RegisterClinicianRequest) -> commands.RegisterClinician:
    """Which profession."""
    fields = Fields(request)
    command = commands.RegisterClinician(fields.enum("profession", words.PROFESSIONS))
    fields.done()
    return command


def add_license(request: wire.AddLicenseRequest) -> commands.AddLicense:
    """Which right, where and for how long."""
    fields = Fields(request)
    command = commands.AddLicense(
        clinician_id=fields.identifier("clinician_id"),
        kind=fields.enum("kind", words.LICENSE_KINDS),
        state=fields.text("state", STATE_LENGTH),
        home_state=fields.optional_text("home_state", STATE_LENGTH),
        effective_date=fields.date("effective_date"),
        expire_date=fields.date("expire_date"),
        etag=fields.optional_text("etag"),
    )
    fields.done()
    return command


def revoke_license(request: wire.RevokeLicenseRequest) -> commands.RevokeLicense:
    """Which license."""
    fields = Fields(request)
    command = commands.RevokeLicense(
        clinician_id=fields.identifier("clinician_id"),
        license_id=fields.identifier("license_id"),
        etag=fields.optional_text("etag"),
    )
    fields.done()
    return command


def create_group(request: wire.CreateGroupRequest) -> commands.CreateGroup:
    """What kind of group, and how large."""
    fields = Fields(request)
    command = commands.CreateGroup(
        display_name=fields.text("display_name", 80),
        track=fields.enum("track", words.TRACKS),
        kind=fields.enum("kind", words.GROUP_KINDS),
        modality=fields.enum("modality", words.MODALITIES),
        capacity=fields.integer("capacity", 1, CAPACITY_MAX),
    )
    fields.done()
    return command


def create_series(request: wire.CreateSeriesRequest) -> commands.CreateSeries:
    """Which group, who leads, and the weekly pattern in local time."""
    fields = Fields(request)
    command = commands.CreateSeries(
        group_id=fields.identifier("group_id"),
        facilitator_id=fields.identifier("facilitator_id"),
        pattern=Pattern(
            time_zone=fields.time_zone("time_zone"),
            first_date=fields.date("first_date"),
            weeks=fields.integer("weeks", 1, WEEKS_MAX),
            blocks=tuple(_block(each) for each in fields.each("blocks", low=1, high=BLOCKS_MAX)),
        ),
    )
    fields.done()
    return command


def assign_facilitator(request: wire.AssignFacilitatorRequest) -> commands.AssignFacilitator:
    """Which series, and to whom."""
    fields = Fields(request)
    command = commands.AssignFacilitator(
        series_id=fields.identifier("series_id"),
        facilitator_id=fields.identifier("facilitator_id"),
        etag=fields.optional_text("etag"),
    )
    fields.done()
    return command


def substitute_facilitator(
    request: wire.SubstituteFacilitatorRequest,
) -> commands.SubstituteFacilitator:
    """Which session, and to whom."""
    fields = Fields(request)
    command = commands.SubstituteFacilitator(
        session_id=fields.identifier("session_id"),
        facilitator_id=fields.identifier("facilitator_id"),
        etag=fields.optional_text("etag"),
    )
    fields.done()
    return command


def assign_co_facilitators(
    request: wire.AssignCoFacilitatorsRequest,
) -> commands.AssignCoFacilitators:
    """Which session, and who helps in it; each once."""
    fields = Fields(request)
    command = commands.AssignCoFacilitators(
        session_id=fields.identifier("session_id"),
        co_facilitator_ids=fields.identifiers("co_facilitator_ids", high=CO_FACILITATORS_MAX),
        etag=fields.optional_text("etag"),
    )
    fields.done()
    return command


def enroll_patient(request: wire.EnrollPatientRequest) -> commands.EnrollPatient:
    """Whom, and in which series."""
    fields = Fields(request)
    command = commands.EnrollPatient(
        series_id=fields.identifier("series_id"), patient_id=fields.identifier("patient_id")
    )
    fields.done()
    return command


def cancel_enrollment(request: wire.CancelEnrollmentRequest) -> commands.CancelEnrollment:
    """Which enrollment."""
    fields = Fields(request)
    command = commands.CancelEnrollment(
        enrollment_id=fields.identifier("enrollment_id"), etag=fields.optional_text("etag")
    )
    fields.done()
    return command


def schedule_session(request: wire.ScheduleSessionRequest) -> commands.ScheduleSession:
    """Whom, by whom, when and for how long."""
    fields = Fields(request)
    command = commands.ScheduleSession(
        group_id=fields.identifier("group_id"),
        facilitator_id=fields.identifier("facilitator_id"),
        patient_ids=fields.identifiers("patient_ids", low=1, high=PATIENTS_MAX),
        start_time=fields.optional_timestamp("start_time"),
        time_zone=fields.time_zone("time_zone"),
        counted_minutes=fields.integer("counted_minutes", *COUNTED_MINUTES),
        break_minutes=fields.integer("break_minutes", *BREAK_MINUTES),
    )
    fields.done()
    return command


def cancel_session(request: wire.CancelSessionRequest) -> commands.CancelSession:
    """Which session."""
    fields = Fields(request)
    command = commands.CancelSession(
        session_id=fields.identifier("session_id"), etag=fields.optional_text("etag")
    )
    fields.done()
    return command


def _block(fields: Fields) -> Block:
    hour, minute = fields.integer("start_hour", 0, 23), fields.integer("start_minute", 0, 59)
    return Block(
        weekday=fields.enum("weekday", words.WEEKDAYS),
        start=time(hour, minute),
        counted_minutes=fields.integer("counted_minutes", *COUNTED_MINUTES),
        break_minutes=fields.integer("break_minutes", *BREAK_MINUTES),
    )
