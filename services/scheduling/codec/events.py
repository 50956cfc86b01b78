"""Domain events to messages, and other services' messages to facts."""

from __future__ import annotations

from google.protobuf.message import Message
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as wire
from haven.scheduling.v1 import resources_pb2 as resources
from haven.sessions.v1 import events_pb2 as sessions

from chassis.decode import Fields
from services.scheduling.codec import words
from services.scheduling.codec.resources import timestamp
from services.scheduling.domain import events, facts
from services.scheduling.domain.patient import Plan

WEEK_MINUTES = 7 * 24 * 60
WEEKS_MAX = 520
DAY_SECONDS = 24 * 60 * 60


def message_of(event: object) -> Message:
    """The message that tells the other services; each domain event has one."""
    match event:
        case events.SessionScheduled():
            return _session_scheduled(event)
        case events.SeriesEnrolled():
            return wire.SeriesEnrolled(
                enrollment_id=event.enrollment_id,
                series_id=event.series_id,
                group_id=event.group_id,
                patient_id=event.patient_id,
                session_ids=event.session_ids,
            )
        case events.SeatReleased():
            return wire.SeatReleased(
                enrollment_id=event.enrollment_id,
                group_id=event.group_id,
                patient_id=event.patient_id,
                session_ids=event.session_ids,
                held_session_ids=event.held_session_ids,
            )
    raise AssertionError(f"no message for {type(event).__name__}")


def patient_admitted(event: intake.PatientAdmitted) -> facts.PatientAdmitted:
    """Whom intake admitted, and where the patient sits."""
    fields = Fields(event)
    fact = facts.PatientAdmitted(
        patient_id=fields.identifier("patient_id"),
        episode_id=fields.identifier("episode_id"),
        state=_state(fields),
        admit_time=fields.timestamp("admit_time"),
    )
    fields.done()
    return fact


def care_plan_activated(event: intake.CarePlanActivated) -> facts.CarePlanActivated:
    """The dose that the plan asks for."""
    fields = Fields(event)
    fact = facts.CarePlanActivated(
        patient_id=fields.identifier("patient_id"),
        plan=Plan(
            care_plan_id=fields.identifier("care_plan_id"),
            weekly_minutes=fields.integer("weekly_minutes", 1, WEEK_MINUTES),
            weeks=fields.integer("weeks", 0, WEEKS_MAX),
        ),
    )
    fields.done()
    return fact


def location_attested(
    event: sessions.LocationAttested | intake.LocationRecorded,
) -> facts.LocationAttested:
    """Where a patient sits now, as they said at a door or to the program. An unknown state is kept:
    nobody is licensed for it."""
    fields = Fields(event)
    fact = facts.LocationAttested(
        patient_id=fields.identifier("patient_id"),
        state=_state(fields),
        attest_time=fields.timestamp("attest_time"),
    )
    fields.done()
    return fact


def attendance_recorded(event: sessions.AttendanceRecorded) -> facts.AttendanceRecorded:
    """Counted time so far."""
    fields = Fields(event)
    fact = facts.AttendanceRecorded(
        session_id=fields.identifier("session_id"),
        patient_id=fields.identifier("patient_id"),
        counted_seconds=fields.integer("counted_seconds", 0, DAY_SECONDS),
    )
    fields.done()
    return fact


def session_started(event: sessions.SessionStarted) -> facts.SessionStarted:
    """Which room opened."""
    fields = Fields(event)
    fact = facts.SessionStarted(fields.identifier("session_id"))
    fields.done()
    return fact


def _state(fields: Fields) -> str:
    return fields.text("state", 10).strip().upper()


def _session_scheduled(event: events.SessionScheduled) -> wire.SessionScheduled:
    kind = event.group_kind
    unknown = resources.GROUP_KIND_UNSPECIFIED
    return wire.SessionScheduled(
        session_id=event.session_id,
        group_id=event.group_id,
        series_id=event.series_id,
        facilitator_id=event.facilitator_id,
        patient_ids=event.patient_ids,
        start_time=timestamp(event.span.start),
        end_time=timestamp(event.span.end),
        counted_minutes=event.counted_minutes,
        break_minutes=event.break_minutes,
        facilitator_states=event.facilitator_states,
        is_canceled=event.is_canceled,
        co_facilitators=[
            wire.SessionScheduled.CoFacilitator(clinician_id=each.clinician_id, states=each.states)
            for each in event.co_facilitators
        ],
        group_kind=words.GROUP_KIND_NUMBERS[kind] if kind else unknown,
    )
