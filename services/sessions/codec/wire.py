"""Requests as commands: read once, every field at fault named in one answer."""

from __future__ import annotations

import re

from haven.sessions.v1 import sessions_pb2

from chassis.decode import MALFORMED, REQUIRED, UNKNOWN, Fields
from chassis.ids import is_uuid
from services.sessions.codec.answers import AMEND_REASONS, ROLES
from services.sessions.domain import commands
from services.sessions.domain.location import STATES
from services.sessions.domain.roles import Role

# Written as people write numbers; between 7 digits (local) and 15 (E.164's longest).
CALLBACK_NUMBER = re.compile(r"\+?(?:[ ().-]*[0-9]){7,15}")
ADDRESS_LENGTH, NUMBER_LENGTH, WORDS_LENGTH = 300, 32, 300


def attest_location(request: sessions_pb2.AttestLocationRequest) -> commands.AttestLocation:
    """A place and a number that helpers can use."""
    fields = Fields(request)
    command = commands.AttestLocation(
        patient_id=fields.identifier("patient_id"),
        state=fields.text("state", 2),
        address=fields.text("address", ADDRESS_LENGTH),
        callback_number=fields.text("callback_number", NUMBER_LENGTH),
        others_present=fields.optional_text("others_present", WORDS_LENGTH),
        disconnection_plan=fields.optional_text("disconnection_plan", WORDS_LENGTH),
    )
    if request.state and command.state not in STATES:
        fields.fault("state", UNKNOWN, "must be the two-letter code of a state or territory")
    if command.callback_number and not CALLBACK_NUMBER.fullmatch(command.callback_number.strip()):
        fields.fault("callback_number", MALFORMED, "must be a telephone number")
    fields.done()
    return command


SessionRequest = (
    sessions_pb2.GetSessionRequest
    | sessions_pb2.StartSessionRequest
    | sessions_pb2.StartBreakRequest
    | sessions_pb2.EndBreakRequest
    | sessions_pb2.EndSessionRequest
    | sessions_pb2.CreateJoinTicketRequest
)


def of_session(request: SessionRequest) -> commands.Lead:
    """Whatever names one session and nothing else."""
    fields = Fields(request)
    command = commands.Lead(fields.identifier("session_id"))
    fields.done()
    return command


ADDED_ROLES = {
    number: role
    for role, number in ROLES.items()
    if role in {Role.CO_FACILITATOR, Role.OBSERVER, Role.INTERPRETER, Role.FAMILY_MEMBER}
}


def add_participant(request: sessions_pb2.AddParticipantRequest) -> commands.AddParticipant:
    """Who, as what, and of a family member whose."""
    fields = Fields(request)
    role = fields.enum("role", ADDED_ROLES)
    command = commands.AddParticipant(
        session_id=fields.identifier("session_id"),
        person_id=fields.identifier("person_id"),
        role=role,
        patient_id=fields.optional_identifier("patient_id"),
    )
    if (role is Role.FAMILY_MEMBER) != bool(request.patient_id):
        reason = MALFORMED if request.patient_id else REQUIRED
        fields.fault("patient_id", reason, "for a family member, and for nobody else")
    fields.done()
    return command


def remove_participant(request: sessions_pb2.RemoveParticipantRequest) -> commands.NamePerson:
    """Whose place."""
    return _named(Fields(request), "person_id")


def appoint_lead(request: sessions_pb2.AppointLeadRequest) -> commands.NamePerson:
    """Who is to lead."""
    return _named(Fields(request), "clinician_id")


def phone_leg(
    request: sessions_pb2.KeepPhoneLegRequest | sessions_pb2.EndPhoneLegRequest,
) -> commands.NamePerson:
    """Who is on the telephone."""
    return _named(Fields(request), "patient_id")


def _named(fields: Fields, name: str) -> commands.NamePerson:
    command = commands.NamePerson(fields.identifier("session_id"), fields.identifier(name))
    fields.done()
    return command


def list_attendance(request: sessions_pb2.ListAttendanceRequest) -> commands.ListAttendance:
    """One page."""
    fields = Fields(request)
    command = commands.ListAttendance(
        fields.identifier("session_id"), request.page_size, request.page_token
    )
    fields.done()
    return command


def get_attendance(request: sessions_pb2.GetAttendanceRequest) -> commands.GetAttendance:
    """One patient in one session."""
    fields = Fields(request)
    command = commands.GetAttendance(
        fields.identifier("session_id"), fields.identifier("patient_id")
    )
    fields.done()
    return command


def amend_attendance(request: sessions_pb2.AmendAttendanceRequest) -> commands.AmendAttendance:
    """Whose seconds, how many there were, and why they were not."""
    fields = Fields(request)
    command = commands.AmendAttendance(
        session_id=fields.identifier("session_id"),
        patient_id=fields.identifier("patient_id"),
        counted_seconds=fields.integer("counted_seconds", 0, 24 * 3600),
        reason=fields.enum("reason", AMEND_REASONS),
    )
    fields.done()
    return command


def raise_safety_signal(request: sessions_pb2.RaiseSafetySignalRequest) -> commands.RaiseSignal:
    """Who may be in danger, and where. The session is not checked here: help is not refused."""
    fields = Fields(request)
    if not is_uuid(request.request_id):
        reason = MALFORMED if request.request_id else REQUIRED
        fields.fault("request_id", reason, "must be a UUID, new for each signal")
    command = commands.RaiseSignal(
        request.request_id, fields.identifier("patient_id"), request.session_id[:64]
    )
    fields.done()
    return command


def signal_id(request: sessions_pb2.GetSafetySignalRequest) -> str:
    """Which signal."""
    fields = Fields(request)
    value = fields.identifier("safety_signal_id")
    fields.done()
    return value
