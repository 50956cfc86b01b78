"""Aggregates as documents and back. Field names are those of the protos."""

from __future__ import annotations

from chassis.store import Document
from clinical.risk import Severity
from services.sessions.codec.intervals import interval_document, interval_from
from services.sessions.codec.staffing import (
    co_facilitators_from,
    house_from,
    leading_from,
    staff_document,
)
from services.sessions.domain.case import Help
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.events import Origin
from services.sessions.domain.group import GroupKind
from services.sessions.domain.location import Location
from services.sessions.domain.session import Schedule, Session, State
from services.sessions.domain.signal import Alarm, SafetySignal


def session_document(session: Session) -> Document:
    """A session; scheduling's words flat, the room's own beside them."""
    schedule = session.schedule
    return {
        "_id": session.id,
        "group_id": schedule.group_id,
        "facilitator_id": schedule.facilitator_id,
        "patient_ids": sorted(schedule.patient_ids),
        "start_time": schedule.start_time,
        "end_time": schedule.end_time,
        "counted_minutes": schedule.counted_minutes,
        "facilitator_states": sorted(schedule.facilitator_states),
        "is_canceled": schedule.is_canceled,
        "group_kind": schedule.group_kind.value,
        "aggregate_version": session.schedule_version,
        "state": session.state.value,
        "actual_start_time": session.actual_start_time,
        "actual_end_time": session.actual_end_time,
        "breaks": [interval_document(each) for each in session.breaks],
        "break_start_time": session.break_start_time,
        "absence_time": session.absence_time,
        "close_time": session.close_time,
        "seal_time": session.seal_time,
        "chat_look_time": session.chat_look_time,
        **staff_document(session),
    }


def session_from(document: Document) -> Session:
    """The session again."""
    schedule = Schedule(
        session_id=document["_id"],
        group_id=document["group_id"],
        facilitator_id=document["facilitator_id"],
        patient_ids=frozenset(document["patient_ids"]),
        start_time=document["start_time"],
        end_time=document["end_time"],
        counted_minutes=document["counted_minutes"],
        facilitator_states=frozenset(document["facilitator_states"]),
        is_canceled=document["is_canceled"],
        co_facilitators=co_facilitators_from(document),
        group_kind=GroupKind(document.get("group_kind", GroupKind.UNKNOWN)),
    )
    return Session(
        schedule,
        schedule_version=document["aggregate_version"],
        state=State(document["state"]),
        actual_start_time=document["actual_start_time"],
        actual_end_time=document["actual_end_time"],
        breaks=tuple(interval_from(each) for each in document["breaks"]),
        break_start_time=document["break_start_time"],
        absence_time=document["absence_time"],
        close_time=document["close_time"],
        # Sessions that ended before minutes were sealed stay as they are.
        seal_time=document.get("seal_time"),
        # Sessions of earlier releases have none.
        chat_look_time=document.get("chat_look_time"),
        leading=leading_from(document),
        house=house_from(document),
        group_session_id=document.get("group_session_id", ""),
    )


def location_document(location: Location) -> Document:
    """An attestation; place and number as ciphertext."""
    return {
        "_id": location.id,
        "patient_id": location.patient_id,
        "state": location.state,
        "address_ciphertext": location.address_ciphertext,
        "callback_number_ciphertext": location.callback_number_ciphertext,
        "attest_time": location.attest_time,
        "others_present_ciphertext": location.others_present_ciphertext,
        "disconnection_plan_ciphertext": location.disconnection_plan_ciphertext,
    }


def location_from(document: Document) -> Location:
    """The attestation again."""
    return Location(
        id=document["_id"],
        patient_id=document["patient_id"],
        state=document["state"],
        address_ciphertext=bytes(document["address_ciphertext"]),
        callback_number_ciphertext=bytes(document["callback_number_ciphertext"]),
        attest_time=document["attest_time"],
        # Attestations of earlier releases have neither.
        others_present_ciphertext=bytes(document.get("others_present_ciphertext", b"")),
        disconnection_plan_ciphertext=bytes(document.get("disconnection_plan_ciphertext", b"")),
    )


def signal_document(signal: SafetySignal) -> Document:
    """A call for help as it stands."""
    alarm = signal.alarm
    return {
        "_id": alarm.signal_id,
        "patient_id": alarm.patient_id,
        "raised_by": alarm.raised_by,
        "origin": alarm.origin.value,
        "session_id": alarm.session_id,
        "raise_time": signal.raise_time,
        "location_id": signal.location_id,
        "help": signal.help.value,
        "holder_role": signal.holder_role,
        "contact_time": signal.contact_time,
        "recipient_ids": list(signal.recipient_ids),
    }


def signal_from(document: Document) -> SafetySignal:
    """The call for help again."""
    alarm = Alarm(
        signal_id=document["_id"],
        patient_id=document["patient_id"],
        raised_by=document["raised_by"],
        origin=Origin(document["origin"]),
        session_id=document["session_id"],
    )
    return SafetySignal(
        alarm,
        document["raise_time"],
        location_id=document["location_id"],
        help=Help(document["help"]),
        holder_role=document["holder_role"],
        contact_time=document["contact_time"],
        recipient_ids=tuple(document["recipient_ids"]),
    )


def chat_risk_document(risk: ChatRisk) -> Document:
    """A chat message that worries, without its words."""
    return {
        "_id": risk.id,
        "session_id": risk.session_id,
        "patient_id": risk.patient_id,
        "severity": risk.severity.name.lower(),
        "number": risk.number,
        "raise_time": risk.raise_time,
        "assignment_id": risk.assignment_id,
        "group_id": risk.group_id,
        "is_private": risk.is_private,
    }


def chat_risk_from(document: Document) -> ChatRisk:
    """The same again."""
    return ChatRisk(
        id=document["_id"],
        session_id=document["session_id"],
        patient_id=document["patient_id"],
        severity=Severity[document["severity"].upper()],
        number=document["number"],
        raise_time=document["raise_time"],
        assignment_id=document.get("assignment_id", ""),  # earlier releases wrote neither
        group_id=document.get("group_id", ""),
        is_private=document.get("is_private", False),
    )
