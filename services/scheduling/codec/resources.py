"""From the domain to resource messages."""

from __future__ import annotations

from datetime import date, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from haven.scheduling.v1 import resources_pb2 as wire

from chassis.store import etag_of
from services.scheduling.codec import words
from services.scheduling.domain.clinician import Clinician
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.dose import Dose
from services.scheduling.domain.enrollment import Enrollment
from services.scheduling.domain.group import Group
from services.scheduling.domain.licensure import License
from services.scheduling.domain.recurrence import Block
from services.scheduling.domain.series import SeriesView
from services.scheduling.domain.session import Session


def timestamp(value: datetime | None) -> Timestamp | None:
    """An instant, or nothing."""
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


def day(value: date) -> Date:
    """A calendar day."""
    return Date(year=value.year, month=value.month, day=value.day)


def clinician(value: Clinician) -> wire.Clinician:
    """A clinician with all licenses."""
    return wire.Clinician(
        clinician_id=value.id,
        profession=words.PROFESSION_NUMBERS[value.profession],
        licenses=[license_message(each) for each in value.licenses],
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
        etag=etag_of(value),
    )


def license_message(value: License) -> wire.License:
    """One right to treat."""
    return wire.License(
        license_id=value.id,
        kind=words.LICENSE_KIND_NUMBERS[value.kind],
        state=value.state,
        home_state=value.home_state,
        effective_date=day(value.effective_date),
        expire_date=day(value.expire_date),
        revoke_time=timestamp(value.revoke_time),
    )


def group(value: Group) -> wire.Group:
    """A group."""
    return wire.Group(
        group_id=value.id,
        display_name=value.display_name,
        track=words.TRACK_NUMBERS[value.track],
        kind=words.GROUP_KIND_NUMBERS[value.kind],
        modality=words.MODALITY_NUMBERS[value.modality],
        capacity=value.capacity,
        is_part2_protected=value.is_part2_protected,
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
        etag=etag_of(value),
    )


def series(view: SeriesView) -> wire.Series:
    """A series with its sessions' ids and the seats still free."""
    value, pattern = view.series, view.series.pattern
    return wire.Series(
        series_id=value.id,
        group_id=value.group_id,
        facilitator_id=value.facilitator_id,
        time_zone=pattern.time_zone,
        first_date=day(pattern.first_date),
        weeks=pattern.weeks,
        blocks=[_block(each) for each in pattern.blocks],
        weekly_minutes=pattern.weekly_minutes,
        capacity=value.capacity,
        free_seats=view.free_seats,
        state=words.SERIES_STATE_NUMBERS[value.state],
        session_ids=view.session_ids,
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
        etag=etag_of(value),
    )


def session(value: Session) -> wire.Session:
    """A session; whoever may not see its roster was given one without."""
    return wire.Session(
        session_id=value.id,
        group_id=value.group_id,
        series_id=value.series_id,
        facilitator_id=value.facilitator_id,
        state=words.SESSION_STATE_NUMBERS[value.state],
        start_time=timestamp(value.span.start),
        end_time=timestamp(value.span.end),
        time_zone=value.time_zone,
        local_date=day(value.local_date),
        counted_minutes=value.counted_minutes,
        break_minutes=value.break_minutes,
        facilitator_states=value.facilitator_states,
        co_facilitator_ids=[each.clinician_id for each in value.co_facilitators],
        patient_ids=value.booked_ids,
        is_part2_protected=value.is_part2_protected,
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
        etag=etag_of(value),
    )


def enrollment(value: Enrollment) -> wire.Enrollment:
    """A patient's seats in a series."""
    return wire.Enrollment(
        enrollment_id=value.id,
        series_id=value.series_id,
        group_id=value.group_id,
        patient_id=value.patient_id,
        state=words.ENROLLMENT_STATE_NUMBERS[value.state],
        session_ids=value.session_ids,
        released_session_ids=value.released_session_ids,
        care_plan_id=value.care_plan_id,
        planned_weekly_minutes=value.planned_weekly_minutes,
        is_part2_protected=value.is_part2_protected,
        create_time=timestamp(value.create_time),
        update_time=timestamp(value.update_time),
        etag=etag_of(value),
    )


def license_conflict(value: LicenseConflict) -> wire.LicenseConflict:
    """Whom nobody may treat, and in which sessions."""
    return wire.LicenseConflict(
        license_conflict_id=value.id,
        patient_id=value.patient_id,
        enrollment_id=value.enrollment_id,
        state=value.state,
        session_ids=value.session_ids,
        facilitator_ids=value.facilitator_ids,
        detect_time=timestamp(value.detect_time),
    )


def dose(value: Dose) -> wire.Dose:
    """A patient's week."""
    return wire.Dose(
        patient_id=value.patient_id,
        week_start_date=day(value.week_start_date),
        planned_minutes=value.planned_minutes,
        attended_minutes=value.attended_minutes,
        upcoming_minutes=value.upcoming_minutes,
        shortfall_minutes=value.shortfall_minutes,
        state=words.DOSE_STATE_NUMBERS[value.state],
        days=[
            wire.DoseDay(
                date=day(each.date),
                attended_minutes=each.attended_minutes,
                is_countable=each.is_countable,
            )
            for each in value.days
        ],
    )


def _block(value: Block) -> wire.WeeklyBlock:
    return wire.WeeklyBlock(
        weekday=words.WEEKDAY_NUMBERS[value.weekday],
        start_hour=value.start.hour,
        start_minute=value.start.minute,
        counted_minutes=value.counted_minutes,
        break_minutes=value.break_minutes,
    )
