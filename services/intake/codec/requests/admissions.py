"""The evidence of an admission, and the decisions about it."""

from __future__ import annotations

from haven.intake.v1 import intake_pb2

from chassis.decode import Fields
from services.intake.codec import texts
from services.intake.codec.names import (
    FRAMEWORKS,
    GATES,
    OVERRIDE_PURPOSES,
    RELATIONSHIPS,
    SCOPES,
    TOPICS,
    UP_REASONS,
)
from services.intake.domain import commands
from services.intake.domain.consent import Part2Elements
from services.intake.domain.evidence import PlaceCheck
from services.intake.domain.level_of_care import Dimension, LevelOfCare

CODE_LENGTH, LEVEL_LENGTH, VERSION_LENGTH, ADDRESS_LENGTH = 8, 16, 64, 500
WEEKLY_HOURS, KBPS = 168, 10_000_000
MOST_DIMENSIONS, MOST_ATTESTATIONS, MOST_CODES = 16, 16, 32
ENDS = ("", "none", "end_of_treatment", "date")


def record_level_of_care(
    request: intake_pb2.RecordLevelOfCareRequest,
) -> commands.RecordLevelOfCare:
    """A placement result."""
    fields = Fields(request)
    patient_id = fields.identifier("patient_id")
    inner = fields.nested("level_of_care")
    framework = inner.enum("framework", FRAMEWORKS)
    edition = inner.text("edition", CODE_LENGTH)
    dimensions = tuple(
        Dimension(
            code=each.text("code", CODE_LENGTH),
            rating=each.optional_text("rating", CODE_LENGTH),
            minimum_level=each.optional_text("minimum_level", LEVEL_LENGTH),
        )
        for each in inner.each("dimensions", low=1, high=MOST_DIMENSIONS)
    )
    recommended = inner.text("recommended_level", LEVEL_LENGTH)
    actual = inner.text("actual_level", LEVEL_LENGTH)
    override_reason = texts.code(inner, "override_reason")
    withdrawal = inner.flag("withdrawal_needs_management")
    history = inner.flag("has_complicated_withdrawal_history")
    weekly_hours = inner.integer("weekly_hours", 0, WEEKLY_HOURS)
    fields.done()
    return commands.RecordLevelOfCare(
        patient_id,
        LevelOfCare(
            framework=framework,
            edition=edition,
            dimensions=dimensions,
            recommended_level=recommended,
            actual_level=actual,
            override_reason=override_reason,
            withdrawal_needs_management=withdrawal,
            has_complicated_withdrawal_history=history,
            weekly_hours=weekly_hours,
        ),
    )


def record_attestations(
    request: intake_pb2.RecordAttestationsRequest,
) -> commands.RecordAttestations:
    """What a clinician answers for."""
    fields = Fields(request)
    command = commands.RecordAttestations(
        patient_id=fields.identifier("patient_id"),
        attestations=tuple(
            (each.enum("topic", TOPICS), each.flag("holds"))
            for each in fields.each("attestations", low=1, high=MOST_ATTESTATIONS)
        ),
    )
    fields.done()
    return command


def record_place_check(request: intake_pb2.RecordPlaceCheckRequest) -> commands.RecordPlaceCheck:
    """Where the patient would attend from."""
    fields = Fields(request)
    inner = fields.nested("place_check")
    command = commands.RecordPlaceCheck(
        patient_id=fields.identifier("patient_id"),
        place_check=PlaceCheck(
            is_private=inner.flag("is_private"),
            is_stable=inner.flag("is_stable"),
            has_headset=inner.flag("has_headset"),
            has_camera=inner.flag("has_camera"),
            is_driving=inner.flag("is_driving"),
            download_kbps=inner.integer("download_kbps", 0, KBPS),
            upload_kbps=inner.integer("upload_kbps", 0, KBPS),
        ),
    )
    fields.done()
    return command


def record_consent(request: intake_pb2.RecordConsentRequest) -> commands.RecordConsent:
    """A signed consent."""
    fields = Fields(request)
    command = commands.RecordConsent(
        patient_id=fields.identifier("patient_id"),
        scope=fields.enum("scope", SCOPES),
        text_version=fields.text("text_version", VERSION_LENGTH),
        expire_time=fields.optional_timestamp("expire_time"),
        part2_elements=_part2_elements(fields, request),
    )
    fields.done()
    return command


def revoke_consent(request: intake_pb2.RevokeConsentRequest) -> commands.RevokeConsent:
    """Which consent ends."""
    fields = Fields(request)
    command = commands.RevokeConsent(
        fields.identifier("patient_id"), fields.identifier("consent_id")
    )
    fields.done()
    return command


def record_emergency_contact(
    request: intake_pb2.RecordEmergencyContactRequest,
) -> commands.RecordEmergencyContact:
    """Whom to call."""
    fields = Fields(request)
    command = commands.RecordEmergencyContact(
        patient_id=fields.identifier("patient_id"),
        legal_name=fields.text("legal_name"),
        phone=texts.required_phone(fields, "phone"),
        relationship=fields.enum("relationship", RELATIONSHIPS),
        has_release=fields.flag("has_release"),
    )
    fields.done()
    return command


def record_location(request: intake_pb2.RecordLocationRequest) -> commands.RecordLocation:
    """Where the patient sits."""
    fields = Fields(request)
    command = commands.RecordLocation(
        patient_id=fields.identifier("patient_id"),
        state=texts.state(fields, "state"),
        address=fields.text("address", ADDRESS_LENGTH),
        callback_number=texts.required_phone(fields, "callback_number"),
        local_emergency_number=texts.ten_digits(fields, "local_emergency_number"),
    )
    fields.done()
    return command


def admit_patient(
    request: intake_pb2.AdmitPatientRequest | intake_pb2.SignAdmissionRequest,
) -> commands.AdmitPatient:
    """Who is admitted or signed for, as last seen."""
    fields = Fields(request)
    command = commands.AdmitPatient(
        fields.identifier("patient_id"), fields.optional_identifier("etag")
    )
    fields.done()
    return command


def discharge_patient(request: intake_pb2.DischargePatientRequest) -> commands.DischargePatient:
    """For whom the program is over, as last seen, and who sees them next."""
    fields = Fields(request)
    command = commands.DischargePatient(
        fields.identifier("patient_id"),
        fields.optional_timestamp("first_appointment_time"),
        fields.optional_identifier("etag"),
    )
    fields.done()
    return command


def override_admission_gate(
    request: intake_pb2.OverrideAdmissionGateRequest,
) -> commands.OverrideAdmissionGate:
    """Which gate, and why."""
    fields = Fields(request)
    command = commands.OverrideAdmissionGate(
        patient_id=fields.identifier("patient_id"),
        gate=fields.enum("gate", GATES),
        purpose=fields.enum("purpose", OVERRIDE_PURPOSES),
    )
    fields.done()
    return command


def refer_patient_up(request: intake_pb2.ReferPatientUpRequest) -> commands.ReferPatientUp:
    """Who needs more, and why."""
    fields = Fields(request)
    command = commands.ReferPatientUp(
        fields.identifier("patient_id"), fields.enums("reasons", UP_REASONS)
    )
    fields.done()
    return command


def _part2_elements(fields: Fields, request: intake_pb2.RecordConsentRequest) -> Part2Elements:
    if not request.HasField("part2_elements"):
        return Part2Elements()
    inner, given = fields.nested("part2_elements"), request.part2_elements
    end = inner.optional_text("end", VERSION_LENGTH)
    if end not in ENDS:
        inner.fault("end", "UNKNOWN", "must be none, end_of_treatment or date")
    return Part2Elements(
        discloser=texts.code(inner, "discloser"),
        information=texts.codes(inner, "information", list(given.information)[:MOST_CODES]),
        recipients=texts.codes(inner, "recipients", list(given.recipients)[:MOST_CODES]),
        purpose=texts.code(inner, "purpose"),
        end=end,
    )
