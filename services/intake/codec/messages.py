"""Domain events as published facts, and other services' facts as what intake keeps of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from haven.crisis.v1 import events_pb2 as crisis
from haven.intake.v1 import events_pb2
from haven.scheduling.v1 import events_pb2 as scheduling
from haven.sessions.v1 import events_pb2 as sessions

from chassis.ids import derived_id
from services.intake.codec.names import SEVERITIES, TIERS, TRIGGERS
from services.intake.domain.alias import AliasWasAssigned
from services.intake.domain.copies import Absence, Attendance, CaseReport, CaseState, Seats
from services.intake.domain.facts import (
    CarePlanWasActivated,
    ConsentWasRecorded,
    ConsentWasRevoked,
    EmergencyContactWasRecorded,
    LocationWasRecorded,
    PatientWasAdmitted,
    PatientWasDischarged,
)
from services.intake.domain.patient import ContactWasRecorded
from services.intake.domain.reveal import AliasWasRevealed
from services.intake.domain.screening import RiskSeen, ScreeningEnded


def message_of(event: object) -> Message:
    """The fact to publish."""
    return MESSAGES[type(event)](event)


def seat(event: scheduling.SeriesEnrolled) -> Seats:
    """One patient's seat in a group."""
    return Seats(event.group_id, (event.patient_id,))


def seats(event: scheduling.SessionScheduled) -> Seats:
    """Seats given for one session alone; a canceled one gives none."""
    return Seats(event.group_id, () if event.is_canceled else tuple(event.patient_ids))


def attendance_of(event: sessions.AttendanceRecorded) -> Attendance:
    """Counted time, as sessions tells it."""
    return Attendance(event.session_id, event.patient_id, event.counted_seconds)


def absence_of(event: sessions.PatientAbsent) -> Absence:
    """A session not joined in time, as sessions tells it."""
    return Absence(event.session_id, event.patient_id, _instant(event.notice_time))


def case_opened(event: crisis.CaseOpened) -> CaseReport:
    """A case began."""
    return CaseReport(
        case_id=event.case_id,
        patient_id=event.patient_id,
        state=CaseState.OPEN,
        severity=SEVERITIES[event.severity],
        open_time=_instant(event.open_time),
    )


def case_escalated(event: crisis.CaseEscalated) -> CaseReport:
    """Nobody took it in time."""
    return CaseReport(event.case_id, event.patient_id, CaseState.ESCALATED)


def case_acknowledged(event: crisis.CaseAcknowledged) -> CaseReport:
    """Somebody has it."""
    return CaseReport(event.case_id, event.patient_id, CaseState.ACKNOWLEDGED)


def drill_case(event: crisis.DrillForgotten) -> str:
    """The case of a drill that is removed."""
    return event.case_id


def case_resolved(event: crisis.CaseResolved) -> CaseReport:
    """It is over."""
    return CaseReport(
        case_id=event.case_id,
        patient_id=event.patient_id,
        state=CaseState.RESOLVED,
        resolve_time=_instant(event.resolve_time),
    )


def timestamp(instant: datetime) -> Timestamp:
    """An instant for the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC)


def _contact(event: ContactWasRecorded) -> Message:
    return events_pb2.PatientContactRecorded(
        patient_id=event.patient_id,
        email_ciphertext=event.contact.email_ciphertext,
        phone_ciphertext=event.contact.phone_ciphertext,
        time_zone=event.contact.time_zone,
    )


def _discharged(event: PatientWasDischarged) -> Message:
    message = events_pb2.PatientDischarged(
        patient_id=event.patient_id,
        episode_id=event.episode_id,
        clinician_id=event.clinician_id,
        discharge_time=timestamp(event.time),
    )
    if event.first_appointment is not None:
        message.first_appointment_time.FromDatetime(event.first_appointment)
    return message


def _emergency_contact(event: EmergencyContactWasRecorded) -> Message:
    return events_pb2.EmergencyContactRecorded(
        patient_id=event.patient_id,
        name_ciphertext=event.contact.name_ciphertext,
        phone_ciphertext=event.contact.phone_ciphertext,
        has_release=event.contact.has_release,
        record_time=timestamp(event.contact.record_time),
    )


def _location(event: LocationWasRecorded) -> Message:
    place = event.location
    return events_pb2.LocationRecorded(
        location_id=derived_id(event.patient_id, "location", place.attest_time.isoformat()),
        patient_id=event.patient_id,
        state=place.state,
        address_ciphertext=place.address_ciphertext,
        callback_number_ciphertext=place.callback_number_ciphertext,
        emergency_number_ciphertext=place.emergency_number_ciphertext,
        attest_time=timestamp(place.attest_time),
    )


def _risk(event: RiskSeen) -> Message:
    return events_pb2.RiskRaised(
        risk_id=event.risk_id,
        patient_id=event.patient_id,
        screening_id=event.screening_id,
        tier=TIERS.number(event.tier),
        trigger=TRIGGERS.number(event.trigger),
        raise_time=timestamp(event.time),
    )


def _screening(event: ScreeningEnded) -> Message:
    return events_pb2.ScreeningCompleted(
        patient_id=event.patient_id,
        screening_id=event.screening_id,
        instrument=event.instrument,
        instrument_version=event.instrument_version,
        tier=TIERS.number(event.tier),
        complete_time=timestamp(event.time),
    )


def _admitted(event: PatientWasAdmitted) -> Message:
    return events_pb2.PatientAdmitted(
        patient_id=event.patient_id,
        episode_id=event.episode_id,
        state=event.state,
        admit_time=timestamp(event.time),
    )


def _plan(event: CarePlanWasActivated) -> Message:
    return events_pb2.CarePlanActivated(
        patient_id=event.patient_id,
        care_plan_id=event.care_plan_id,
        weekly_minutes=event.weekly_minutes,
        weeks=event.weeks,
    )


def _consent(event: ConsentWasRecorded) -> Message:
    return events_pb2.ConsentRecorded(
        patient_id=event.patient_id,
        consent_id=event.consent.id,
        scope=event.consent.scope.value,
        sign_time=timestamp(event.consent.sign_time),
    )


def _revocation(event: ConsentWasRevoked) -> Message:
    return events_pb2.ConsentRevoked(
        patient_id=event.patient_id,
        consent_id=event.consent.id,
        scope=event.consent.scope.value,
        revoke_time=timestamp(event.time),
    )


def _alias(event: AliasWasAssigned) -> Message:
    return events_pb2.AliasAssigned(
        patient_id=event.patient_id, group_id=event.group_id, alias=event.alias
    )


def _reveal(event: AliasWasRevealed) -> Message:
    return events_pb2.AliasRevealed(
        alias_reveal_id=event.reveal_id,
        purpose=event.purpose.value,
        reveal_time=timestamp(event.time),
        expire_time=timestamp(event.expire_time),
        privacy_officer_ids=event.privacy_officers,
    )


MESSAGES: Mapping[type, Callable[[Any], Message]] = {
    ContactWasRecorded: _contact,
    EmergencyContactWasRecorded: _emergency_contact,
    LocationWasRecorded: _location,
    RiskSeen: _risk,
    ScreeningEnded: _screening,
    PatientWasAdmitted: _admitted,
    PatientWasDischarged: _discharged,
    CarePlanWasActivated: _plan,
    ConsentWasRecorded: _consent,
    ConsentWasRevoked: _revocation,
    AliasWasAssigned: _alias,
    AliasWasRevealed: _reveal,
}
