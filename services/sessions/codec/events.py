"""Events out: domain events as messages. Events in: messages as commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.scheduling.v1 import resources_pb2 as scheduling_resources
from haven.sessions.v1 import events_pb2 as sessions

from chassis.decode import Fields
from chassis.errors import Internal
from clinical.risk import Severity
from services.sessions.codec import between_sessions, door_events
from services.sessions.codec.attested import location_attested, timestamp
from services.sessions.domain.commands import CaseStep, FollowCase, ForgetDrill, RaiseDrill
from services.sessions.domain.copies import AliasGiven, ConsentGiven, ConsentLost, SeatChange
from services.sessions.domain.events import (
    AbsentPatientCame,
    AttendanceRecorded,
    ChatRiskRaised,
    DepartureKind,
    EndangeredPatientAtDoor,
    EndangeredPatientLeft,
    HeldPatientServed,
    LocationAttested,
    Origin,
    PatientAbsent,
    PatientHeld,
    RoomHeld,
    SafetySignalRaised,
    SessionStarted,
)
from services.sessions.domain.group import GroupKind
from services.sessions.domain.session import Schedule

MERGED = "merged"  # a disposition of crisis': the case goes on in another one
ORIGINS = {
    Origin.PATIENT: sessions.SAFETY_SIGNAL_ORIGIN_PATIENT,
    Origin.FACILITATOR: sessions.SAFETY_SIGNAL_ORIGIN_FACILITATOR,
    Origin.GUEST: sessions.SAFETY_SIGNAL_ORIGIN_GUEST,
}
CHAT_SEVERITIES = {
    Severity.LOW: sessions.CHAT_RISK_SEVERITY_LOW,
    Severity.MODERATE: sessions.CHAT_RISK_SEVERITY_MODERATE,
    Severity.HIGH: sessions.CHAT_RISK_SEVERITY_HIGH,
}
DEPARTURES = {
    DepartureKind.LEFT: sessions.DEPARTURE_KIND_LEFT,
    DepartureKind.LOST: sessions.DEPARTURE_KIND_LOST,
    DepartureKind.DISMISSED: sessions.DEPARTURE_KIND_DISMISSED,
}
# A kind that this release does not know has an open door, as those of earlier releases.
GROUP_KINDS = {
    scheduling_resources.GROUP_KIND_PROCESS: GroupKind.PROCESS,
    scheduling_resources.GROUP_KIND_SKILLS: GroupKind.SKILLS,
    scheduling_resources.GROUP_KIND_EDUCATION: GroupKind.EDUCATION,
}
# One that this release does not know is not less than high.
CASE_SEVERITIES = {
    crisis.SEVERITY_LOW: Severity.LOW,
    crisis.SEVERITY_MODERATE: Severity.MODERATE,
    crisis.SEVERITY_HIGH: Severity.HIGH,
}
CaseEvent = (
    crisis.CaseOpened
    | crisis.CaseEscalated
    | crisis.CaseAcknowledged
    | crisis.CaseContacted
    | crisis.CaseResolved
)


def message_of(event: object) -> Message:
    """The message that publishes a domain event."""
    written = WRITERS.get(type(event))
    if written is None:
        raise Internal("EVENT_WITHOUT_MESSAGE", f"{type(event).__name__} has no message")
    return written(event)


def _session_started(event: SessionStarted) -> sessions.SessionStarted:
    return sessions.SessionStarted(
        session_id=event.session_id,
        facilitator_id=event.facilitator_id,
        start_time=timestamp(event.start_time),
    )


def _room_held(event: RoomHeld) -> sessions.RoomHeld:
    return sessions.RoomHeld(
        session_id=event.session_id,
        hold_time=timestamp(event.hold_time),
        clinician_ids=event.clinician_ids,
    )


def _attendance_recorded(event: AttendanceRecorded) -> sessions.AttendanceRecorded:
    return sessions.AttendanceRecorded(
        session_id=event.session_id,
        patient_id=event.patient_id,
        counted_seconds=event.counted_seconds,
    )


def _patient_absent(event: PatientAbsent) -> sessions.PatientAbsent:
    return sessions.PatientAbsent(
        session_id=event.session_id,
        patient_id=event.patient_id,
        notice_time=timestamp(event.notice_time),
        start_time=timestamp(event.start_time),
    )


def _absent_patient_came(event: AbsentPatientCame) -> sessions.AbsentPatientCame:
    return sessions.AbsentPatientCame(
        session_id=event.session_id,
        patient_id=event.patient_id,
        arrive_time=timestamp(event.arrive_time),
    )


def _chat_risk_raised(event: ChatRiskRaised) -> sessions.ChatRiskRaised:
    return sessions.ChatRiskRaised(
        chat_risk_id=event.chat_risk_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        severity=CHAT_SEVERITIES[event.severity],
        number=event.number,
        location_id=event.location.location_id if event.location else "",
        raise_time=timestamp(event.raise_time),
        location=location_attested(event.location) if event.location else None,
        mood_check_in_id=event.mood_check_in_id,
        assignment_id=event.assignment_id,
        group_id=event.group_id,
    )


def _signal_raised(event: SafetySignalRaised) -> sessions.SafetySignalRaised:
    return sessions.SafetySignalRaised(
        safety_signal_id=event.safety_signal_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        origin=ORIGINS[event.origin],
        location_id=event.location.location_id if event.location else "",
        raise_time=timestamp(event.raise_time),
        location=location_attested(event.location) if event.location else None,
    )


def _endangered_patient_left(event: EndangeredPatientLeft) -> sessions.EndangeredPatientLeft:
    return sessions.EndangeredPatientLeft(
        departure_id=event.departure_id,
        safety_signal_id=event.safety_signal_id,
        session_id=event.session_id,
        patient_id=event.patient_id,
        kind=DEPARTURES[event.kind],
        leave_time=timestamp(event.leave_time),
        location=location_attested(event.location) if event.location else None,
    )


WRITERS: Mapping[type, Callable[[Any], Message]] = {
    SessionStarted: _session_started,
    RoomHeld: _room_held,
    LocationAttested: location_attested,
    AttendanceRecorded: _attendance_recorded,
    PatientAbsent: _patient_absent,
    AbsentPatientCame: _absent_patient_came,
    ChatRiskRaised: _chat_risk_raised,
    SafetySignalRaised: _signal_raised,
    EndangeredPatientLeft: _endangered_patient_left,
    **between_sessions.WRITERS,
    PatientHeld: door_events.patient_held,
    HeldPatientServed: door_events.held_patient_served,
    EndangeredPatientAtDoor: door_events.endangered_at_door,
}


def schedule_of(event: scheduling.SessionScheduled) -> Schedule:
    """What scheduling says about a session."""
    fields = Fields(event)
    schedule = Schedule(
        session_id=fields.identifier("session_id"),
        group_id=fields.identifier("group_id"),
        facilitator_id=fields.identifier("facilitator_id"),
        patient_ids=frozenset(event.patient_ids),
        start_time=fields.timestamp("start_time"),
        end_time=fields.timestamp("end_time"),
        counted_minutes=fields.integer("counted_minutes", 0, 24 * 60),
        facilitator_states=frozenset(event.facilitator_states),
        is_canceled=event.is_canceled,
        co_facilitators={
            each.clinician_id: frozenset(each.states) for each in event.co_facilitators
        },
        group_kind=GROUP_KINDS.get(event.group_kind, GroupKind.UNKNOWN),
    )
    fields.done()
    return schedule


def seats_given(event: scheduling.SeriesEnrolled) -> SeatChange:
    """Seats in every session of a series."""
    return SeatChange(event.enrollment_id, event.patient_id, held=tuple(event.session_ids))


def seats_released(event: scheduling.SeatReleased) -> SeatChange:
    """Seats given back, and those that remain."""
    return SeatChange(
        event.enrollment_id,
        event.patient_id,
        held=tuple(event.held_session_ids),
        released=tuple(event.session_ids),
    )


def alias_given(event: intake.AliasAssigned) -> AliasGiven:
    """A patient's name in a group."""
    return AliasGiven(event.patient_id, event.group_id, event.alias)


def consent_lost(event: intake.ConsentRevoked) -> ConsentLost:
    """A consent taken back."""
    return ConsentLost(event.consent_id, event.patient_id, event.scope)


def consent_given(event: intake.ConsentRecorded) -> ConsentGiven:
    """A consent signed."""
    fields = Fields(event)
    given = ConsentGiven(fields.identifier("patient_id"), fields.identifier("scope"))
    fields.done()
    return given


def drill_started(event: crisis.DrillStarted) -> RaiseDrill:
    """A drill's signal is to be raised."""
    fields = Fields(event)
    drill = RaiseDrill(fields.identifier("drill_id"))
    fields.done()
    return drill


def case_opened(event: crisis.CaseOpened) -> FollowCase:
    """A signal opened or joined a case."""
    step = _step(CaseStep.OPENED, event, "open_time", signal_id=event.safety_signal_id)
    return replace(step, severity=CASE_SEVERITIES.get(event.severity))


def case_escalated(event: crisis.CaseEscalated) -> FollowCase:
    """Nobody answered in time."""
    return _step(CaseStep.ESCALATED, event, "escalate_time")


def case_acknowledged(event: crisis.CaseAcknowledged) -> FollowCase:
    """Somebody has it."""
    return _step(CaseStep.ACKNOWLEDGED, event, "acknowledge_time", owner_role=event.owner_role)


def case_contacted(event: crisis.CaseContacted) -> FollowCase:
    """Somebody reached the patient."""
    return _step(CaseStep.CONTACTED, event, "contact_time")


def case_resolved(event: crisis.CaseResolved) -> FollowCase:
    """It ended."""
    command = _step(CaseStep.RESOLVED, event, "resolve_time")
    return replace(command, is_merged=event.disposition == MERGED)


def forget_drill(event: crisis.DrillForgotten) -> ForgetDrill:
    """A drill is removed."""
    fields = Fields(event)
    command = ForgetDrill(fields.identifier("drill_id"), fields.identifier("case_id"))
    fields.done()
    return command


def _step(
    step: CaseStep, event: CaseEvent, when: str, *, signal_id: str = "", owner_role: str = ""
) -> FollowCase:
    fields = Fields(event)
    command = FollowCase(
        step,
        fields.identifier("case_id"),
        # Nobody may know yet whose case it is; pages and acts are told nevertheless.
        fields.optional_identifier("patient_id"),
        fields.timestamp(when),
        signal_id,
        owner_role,
    )
    fields.done()
    return command
