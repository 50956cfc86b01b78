"""What is shown: views as resources and responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from haven.sessions.v1 import resources_pb2, sessions_pb2

from chassis.store import Page
from services.sessions.codec.activity_frames import quality_message
from services.sessions.codec.attested import timestamp
from services.sessions.codec.events import CHAT_SEVERITIES, DEPARTURES, ORIGINS
from services.sessions.domain.case import Help
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.presence import Departure
from services.sessions.domain.roles import Role
from services.sessions.domain.seal import AmendReason, Seal
from services.sessions.domain.session import State
from services.sessions.domain.views import (
    AttendanceView,
    Companion,
    LocationView,
    SessionView,
    SignalView,
    TicketView,
)

STATES = {
    State.SCHEDULED: resources_pb2.SESSION_STATE_SCHEDULED,
    State.STARTED: resources_pb2.SESSION_STATE_STARTED,
    State.PAUSED: resources_pb2.SESSION_STATE_PAUSED,
    State.ENDED: resources_pb2.SESSION_STATE_ENDED,
    State.CANCELED: resources_pb2.SESSION_STATE_CANCELED,
}
ROLES = {
    role: resources_pb2.ParticipantRole.Value(f"PARTICIPANT_ROLE_{role.name}") for role in Role
}
AMEND_REASONS = {
    resources_pb2.AttendanceAmendReason.Value(f"ATTENDANCE_AMEND_REASON_{reason.name}"): reason
    for reason in AmendReason
}
AMEND_REASON_NUMBERS = {reason: number for number, reason in AMEND_REASONS.items()}
SIGNAL_STATES = {
    Help.NOBODY_YET: resources_pb2.SAFETY_SIGNAL_STATE_NOBODY_YET,
    Help.SENT: resources_pb2.SAFETY_SIGNAL_STATE_SENT,
    Help.HELD_BY_ROLE: resources_pb2.SAFETY_SIGNAL_STATE_HELD_BY_ROLE,
    Help.RESOLVED: resources_pb2.SAFETY_SIGNAL_STATE_RESOLVED,
}


def session_message(view: SessionView) -> resources_pb2.Session:
    """A session; seats where the view holds them."""
    session, schedule = view.session, view.session.schedule
    return resources_pb2.Session(
        session_id=session.id,
        group_id=schedule.group_id,
        facilitator_id=schedule.facilitator_id,
        state=STATES[session.state],
        start_time=timestamp(schedule.start_time),
        end_time=timestamp(schedule.end_time),
        counted_minutes=schedule.counted_minutes,
        actual_start_time=_optional(session.actual_start_time),
        actual_end_time=_optional(session.actual_end_time),
        seats=[
            resources_pb2.Seat(patient_id=seat.patient_id, alias=seat.alias) for seat in view.seats
        ],
    )


def attendance_message(view: AttendanceView) -> resources_pb2.Attendance:
    """Counted presence and where it lies."""
    participant = view.participant
    return resources_pb2.Attendance(
        session_id=participant.session_id,
        patient_id=participant.patient_id,
        counted_seconds=view.counted_seconds,
        intervals=[
            resources_pb2.AttendanceInterval(
                start_time=timestamp(each.start), end_time=timestamp(each.end)
            )
            for each in view.intervals
        ],
        arrive_time=_optional(participant.arrive_time),
        absence_notice_time=_optional(participant.absence_notice_time),
        is_present=participant.is_present,
        is_intact=view.is_intact,
        **_sealed(participant.seal, for_staff=view.is_for_staff),
    )


def _sealed(seal: Seal | None, *, for_staff: bool) -> dict[str, Any]:
    if seal is None:
        return {}
    amendments = [
        resources_pb2.AttendanceAmendment(
            counted_seconds=each.counted_seconds,
            reason=AMEND_REASON_NUMBERS[each.reason],
            amender_id=each.amender_id if for_staff else "",
            amend_time=timestamp(each.amend_time),
        )
        for each in seal.amendments
    ]
    return {
        "seal_time": timestamp(seal.seal_time),
        "sealed_seconds": seal.counted_seconds,
        "amendments": amendments,
    }


def signal_message(view: SignalView) -> resources_pb2.SafetySignal:
    """What may be relied on, and the number that is always answered."""
    signal, alarm = view.signal, view.signal.alarm
    return resources_pb2.SafetySignal(
        safety_signal_id=alarm.signal_id,
        session_id=alarm.session_id,
        patient_id=alarm.patient_id,
        origin=ORIGINS[alarm.origin],
        state=SIGNAL_STATES[signal.help],
        holder_role=signal.holder_role,
        call_number=view.call_number,
        raise_time=timestamp(signal.raise_time),
        contact_time=_optional(signal.contact_time),
        alias=view.alias,
        is_stored=view.is_stored,
    )


def chat_risk_message(risk: ChatRisk, alias: str) -> resources_pb2.ChatRisk:
    """Which message of the room somebody should look at; the room has its words."""
    return resources_pb2.ChatRisk(
        chat_risk_id=risk.id,
        session_id=risk.session_id,
        alias=alias,
        severity=CHAT_SEVERITIES[risk.severity],
        number=risk.number,
        assignment_id=risk.assignment_id,
        group_id=risk.group_id,
        is_private=risk.is_private,
    )


def departure_message(departure: Departure | None) -> resources_pb2.Departure | None:
    """How and when somebody went, where somebody did."""
    if departure is None:
        return None
    return resources_pb2.Departure(
        kind=DEPARTURES[departure.kind], leave_time=timestamp(departure.leave_time)
    )


def participant_message(companion: Companion) -> resources_pb2.Participant:
    """Somebody in the room."""
    quality = companion.quality
    return resources_pb2.Participant(
        alias=companion.alias,
        role=ROLES[companion.role],
        patient_id=companion.patient_id,
        connection_quality=quality_message(quality, companion.alias) if quality else None,
        person_id=companion.person_id,
        is_muted=companion.is_muted,
    )


def attest_location(view: LocationView) -> sessions_pb2.AttestLocationResponse:
    """The attestation without the place."""
    location = view.location
    return sessions_pb2.AttestLocationResponse(
        location_attestation=resources_pb2.LocationAttestation(
            location_id=location.id,
            patient_id=location.patient_id,
            state=location.state,
            attest_time=timestamp(location.attest_time),
            expire_time=timestamp(view.expire_time),
        )
    )


def get_session(view: SessionView) -> sessions_pb2.GetSessionResponse:
    """One session."""
    return sessions_pb2.GetSessionResponse(session=session_message(view))


def start_session(view: SessionView) -> sessions_pb2.StartSessionResponse:
    """The session as started."""
    return sessions_pb2.StartSessionResponse(session=session_message(view))


def start_break(view: SessionView) -> sessions_pb2.StartBreakResponse:
    """The session as paused."""
    return sessions_pb2.StartBreakResponse(session=session_message(view))


def end_break(view: SessionView) -> sessions_pb2.EndBreakResponse:
    """The session as it goes on."""
    return sessions_pb2.EndBreakResponse(session=session_message(view))


def end_session(view: SessionView) -> sessions_pb2.EndSessionResponse:
    """The session as ended."""
    return sessions_pb2.EndSessionResponse(session=session_message(view))


def add_participant(added: Companion) -> sessions_pb2.AddParticipantResponse:
    """Under which name the room will know them."""
    return sessions_pb2.AddParticipantResponse(participant=participant_message(added))


def remove_participant(_: None) -> sessions_pb2.RemoveParticipantResponse:
    """Nothing is left to tell."""
    return sessions_pb2.RemoveParticipantResponse()


def appoint_lead(lead: Companion) -> sessions_pb2.AppointLeadResponse:
    """Who leads."""
    return sessions_pb2.AppointLeadResponse(participant=participant_message(lead))


def keep_phone_leg(patient: Companion) -> sessions_pb2.KeepPhoneLegResponse:
    """Who is on the telephone."""
    return sessions_pb2.KeepPhoneLegResponse(participant=participant_message(patient))


def end_phone_leg(_: None) -> sessions_pb2.EndPhoneLegResponse:
    """Nothing is left to tell."""
    return sessions_pb2.EndPhoneLegResponse()


def create_join_ticket(view: TicketView) -> sessions_pb2.CreateJoinTicketResponse:
    """The ticket, to its owner."""
    return sessions_pb2.CreateJoinTicketResponse(
        join_ticket=view.join_ticket, expire_time=timestamp(view.expire_time)
    )


def list_attendance(page: Page[AttendanceView]) -> sessions_pb2.ListAttendanceResponse:
    """One page."""
    return sessions_pb2.ListAttendanceResponse(
        attendances=[attendance_message(each) for each in page.items],
        next_page_token=page.next_page_token,
    )


def get_attendance(view: AttendanceView) -> sessions_pb2.GetAttendanceResponse:
    """One patient's."""
    return sessions_pb2.GetAttendanceResponse(attendance=attendance_message(view))


def amend_attendance(view: AttendanceView) -> sessions_pb2.AmendAttendanceResponse:
    """The attendance as it stands now."""
    return sessions_pb2.AmendAttendanceResponse(attendance=attendance_message(view))


def raise_safety_signal(view: SignalView) -> sessions_pb2.RaiseSafetySignalResponse:
    """The signal as it stands."""
    return sessions_pb2.RaiseSafetySignalResponse(safety_signal=signal_message(view))


def get_safety_signal(view: SignalView) -> sessions_pb2.GetSafetySignalResponse:
    """The signal as it stands."""
    return sessions_pb2.GetSafetySignalResponse(safety_signal=signal_message(view))


def _optional(at: datetime | None) -> Timestamp | None:
    return None if at is None else timestamp(at)
