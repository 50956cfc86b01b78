"""Events: what crisis publishes, and what it understands of the events that it receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from haven.crisis.v1 import events_pb2
from haven.intake.v1 import events_pb2 as intake_pb2
from haven.notify.v1 import events_pb2 as notify_pb2

from services.crisis.codec.fields import instant, required
from services.crisis.codec.names import SEVERITY_NUMBERS
from services.crisis.codec.notices import NOTICES
from services.crisis.domain import commands, events
from services.crisis.domain.aftercare_commands import FollowDischarge
from services.crisis.domain.location import KeepLocation
from services.crisis.domain.signal import Severity, Signal, Source

# RiskRaised says that something was raised, so no tier of it means "nothing". A tier that this
# release does not know counts as the highest.
TIERS = {
    intake_pb2.RISK_TIER_NONE: Severity.LOW,
    intake_pb2.RISK_TIER_LOW: Severity.LOW,
    intake_pb2.RISK_TIER_MODERATE: Severity.MODERATE,
    intake_pb2.RISK_TIER_HIGH: Severity.HIGH,
}

# A finished screening may well say "none".
SCREENING_TIERS = {
    **{number: severity.name.lower() for number, severity in TIERS.items()},
    intake_pb2.RISK_TIER_NONE: "none",
}

PAGE_ANSWERS = {
    notify_pb2.PAGE_ANSWER_ACKNOWLEDGE: commands.PageAnswer.ACKNOWLEDGE,
    notify_pb2.PAGE_ANSWER_DECLINE: commands.PageAnswer.DECLINE,
    notify_pb2.PAGE_ANSWER_ESCALATE: commands.PageAnswer.ESCALATE,
}


def message_of(event: Any) -> Message | None:
    """The message that publishes a domain event."""
    return PUBLISHED[type(event)](event)


def signal_of_risk(event: intake_pb2.RiskRaised) -> Signal:
    """Risk that intake found in answers."""
    return Signal(
        fact_id=required(event, "risk_id"),
        patient_id=required(event, "patient_id"),
        source=Source.RISK_RAISED,
        severity=TIERS.get(event.tier, Severity.HIGH),
        reporter_id="service:intake",
        raise_time=instant(event.raise_time) if event.HasField("raise_time") else None,
    )


def page_delivered(event: notify_pb2.MessageDelivered) -> commands.PageDelivered:
    """A page was handed over; the id is empty for other messages."""
    return commands.PageDelivered(event.page_id, event.recipient_id)


def page_failed(event: notify_pb2.MessageFailed) -> commands.PageFailed:
    """A page will not arrive; the id is empty for other messages."""
    return commands.PageFailed(event.page_id, event.recipient_id, event.reason)


def page_answered(event: notify_pb2.PageAnswered) -> commands.HearAnswer:
    """Somebody answered a page; an answer that this release does not know wakes more people."""
    return commands.HearAnswer(
        page_id=required(event, "page_id"),
        case_id=required(event, "case_id"),
        recipient_id=required(event, "recipient_id"),
        answer=PAGE_ANSWERS.get(event.answer, commands.PageAnswer.ESCALATE),
    )


def recorded_location(event: intake_pb2.LocationRecorded) -> KeepLocation:
    """Where a patient sits, with the number of that place's own dispatch."""
    return KeepLocation(
        location_id=required(event, "location_id"),
        patient_id=required(event, "patient_id"),
        state=event.state,
        address_ciphertext=event.address_ciphertext,
        callback_number_ciphertext=event.callback_number_ciphertext,
        attest_time=instant(event.attest_time),
        emergency_number_ciphertext=event.emergency_number_ciphertext,
    )


def emergency_contact(event: intake_pb2.EmergencyContactRecorded) -> commands.KeepEmergencyContact:
    """Whom to call about a patient."""
    return commands.KeepEmergencyContact(
        patient_id=required(event, "patient_id"),
        name_ciphertext=event.name_ciphertext,
        phone_ciphertext=event.phone_ciphertext,
        has_release=event.has_release,
        record_time=instant(event.record_time) if event.HasField("record_time") else None,
    )


def discharge(event: intake_pb2.PatientDischarged) -> FollowDischarge:
    """A program ended."""
    is_known = event.HasField("first_appointment_time")
    return FollowDischarge(
        patient_id=required(event, "patient_id"),
        episode_id=required(event, "episode_id"),
        clinician_id=event.clinician_id,
        discharge_time=instant(event.discharge_time),
        first_appointment=instant(event.first_appointment_time) if is_known else None,
    )


def screening(event: intake_pb2.ScreeningCompleted) -> commands.KeepScreening:
    """A screening ended."""
    return commands.KeepScreening(
        screening_id=required(event, "screening_id"),
        patient_id=required(event, "patient_id"),
        instrument=event.instrument,
        tier=SCREENING_TIERS.get(event.tier, "high"),
        complete_time=instant(event.complete_time),
    )


def _opened(event: events.CaseOpened) -> Message:
    message = events_pb2.CaseOpened(
        case_id=event.case_id,
        patient_id=event.patient_id,
        severity=SEVERITY_NUMBERS[event.severity],
        safety_signal_id=event.safety_signal_id,
    )
    message.open_time.FromDatetime(event.open_time)
    return message


def _page_requested(event: events.PageRequested) -> Message:
    message = events_pb2.PageRequested(
        page_id=event.page_id,
        case_id=event.case_id,
        recipient_id=event.recipient_id,
        rung=event.rung,
        cycle=event.cycle,
        severity=SEVERITY_NUMBERS[event.severity],
    )
    message.expire_time.FromDatetime(event.expire_time)
    for page_id, recipient_id in event.replaced:
        message.replaced.add(page_id=page_id, recipient_id=recipient_id)
    return message


def _escalated(event: events.CaseEscalated) -> Message:
    message = events_pb2.CaseEscalated(
        case_id=event.case_id, patient_id=event.patient_id, rung=event.rung, cycle=event.cycle
    )
    message.escalate_time.FromDatetime(event.escalate_time)
    return message


def _acknowledged(event: events.CaseAcknowledged) -> Message:
    message = events_pb2.CaseAcknowledged(
        case_id=event.case_id,
        patient_id=event.patient_id,
        owner_id=event.owner_id,
        owner_role=event.owner_role,
        is_hand_over=event.is_hand_over,
    )
    message.acknowledge_time.FromDatetime(event.acknowledge_time)
    message.contact_deadline_time.FromDatetime(event.contact_deadline)
    return message


def _contacted(event: events.CaseContacted) -> Message:
    message = events_pb2.CaseContacted(case_id=event.case_id, patient_id=event.patient_id)
    message.contact_time.FromDatetime(event.contact_time)
    return message


def _resolved(event: events.CaseResolved) -> Message:
    message = events_pb2.CaseResolved(
        case_id=event.case_id, patient_id=event.patient_id, disposition=event.disposition
    )
    message.resolve_time.FromDatetime(event.resolve_time)
    return message


def _drill_started(event: events.DrillStarted) -> Message:
    message = events_pb2.DrillStarted(drill_id=event.drill_id)
    message.start_time.FromDatetime(event.start_time)
    message.expire_time.FromDatetime(event.expire_time)
    return message


PUBLISHED: Mapping[type, Callable[[Any], Message]] = {
    events.CaseOpened: _opened,
    events.PageRequested: _page_requested,
    events.CaseEscalated: _escalated,
    events.CaseAcknowledged: _acknowledged,
    events.CaseContacted: _contacted,
    events.CaseResolved: _resolved,
    events.DrillStarted: _drill_started,
    **NOTICES,
}
