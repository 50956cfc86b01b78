"""The pieces that an admission rests on. Ciphertext stays inside: only that it exists is shown."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from haven.intake.v1 import resources_pb2

from services.intake.codec.messages import timestamp
from services.intake.codec.names import (
    DISPOSITIONS,
    FRAMEWORK_NUMBERS,
    GATE_STATES,
    GATES,
    OVERRIDE_PURPOSES,
    SCOPES,
    TIERS,
    TOPICS,
    TRIGGERS,
)
from services.intake.domain.consent import Consent, Part2Elements
from services.intake.domain.evidence import Attestation, GateOverride, PlaceCheck, Risk
from services.intake.domain.gates import Gate, GateFinding
from services.intake.domain.level_of_care import LevelOfCare

UNDECIDED = resources_pb2.RISK_DISPOSITION_UNSPECIFIED


def optional_timestamp(instant: datetime | None) -> Timestamp | None:
    """An instant for the wire, or nothing."""
    return None if instant is None else timestamp(instant)


def level_of_care(record: LevelOfCare) -> resources_pb2.LevelOfCare:
    """A placement result."""
    return resources_pb2.LevelOfCare(
        framework=FRAMEWORK_NUMBERS[record.framework],
        edition=record.edition,
        dimensions=[
            resources_pb2.Dimension(
                code=each.code, rating=each.rating, minimum_level=each.minimum_level
            )
            for each in record.dimensions
        ],
        recommended_level=record.recommended_level,
        actual_level=record.actual_level,
        override_reason=record.override_reason,
        withdrawal_needs_management=record.withdrawal_needs_management,
        has_complicated_withdrawal_history=record.has_complicated_withdrawal_history,
        weekly_hours=record.weekly_hours,
        assessor_id=record.assessor_id,
        assess_time=optional_timestamp(record.assess_time),
    )


def attestation(found: Attestation) -> resources_pb2.Attestation:
    """A clinician's finding."""
    return resources_pb2.Attestation(
        topic=TOPICS.number(found.topic),
        holds=found.holds,
        clinician_id=found.clinician_id,
        attest_time=timestamp(found.attest_time),
    )


def place_check(place: PlaceCheck) -> resources_pb2.PlaceCheck:
    """Where the patient would attend from."""
    return resources_pb2.PlaceCheck(
        is_private=place.is_private,
        is_stable=place.is_stable,
        has_headset=place.has_headset,
        has_camera=place.has_camera,
        is_driving=place.is_driving,
        download_kbps=place.download_kbps,
        upload_kbps=place.upload_kbps,
        check_time=optional_timestamp(place.check_time),
    )


def consent(signed: Consent) -> resources_pb2.Consent:
    """A signed consent and what became of it."""
    return resources_pb2.Consent(
        consent_id=signed.id,
        scope=SCOPES.number(signed.scope),
        text_version=signed.text_version,
        recorder_id=signed.recorder_id,
        sign_time=timestamp(signed.sign_time),
        expire_time=optional_timestamp(signed.expire_time),
        revoke_time=optional_timestamp(signed.revoke_time),
        supersede_time=optional_timestamp(signed.supersede_time),
        part2_elements=_part2_elements(signed.part2_elements),
    )


def finding(found: GateFinding) -> resources_pb2.GateFinding:
    """One gate, judged."""
    return resources_pb2.GateFinding(
        gate=GATES.number(found.gate),
        state=GATE_STATES.number(found.state),
        reasons=found.reasons,
    )


def override(given: GateOverride) -> resources_pb2.GateOverride:
    """A supervisor's name under a missing gate."""
    return resources_pb2.GateOverride(
        gate=GATES.number(Gate(given.gate)),
        purpose=OVERRIDE_PURPOSES.number(given.purpose),
        supervisor_id=given.supervisor_id,
        override_time=timestamp(given.override_time),
    )


def risk(raised: Risk) -> resources_pb2.Risk:
    """A raised risk and what became of it."""
    return resources_pb2.Risk(
        risk_id=raised.id,
        screening_id=raised.screening_id,
        tier=TIERS.number(raised.tier),
        trigger=TRIGGERS.number(raised.trigger),
        raise_time=timestamp(raised.raise_time),
        disposition=DISPOSITIONS.number(raised.disposition) if raised.disposition else UNDECIDED,
        clinician_id=raised.clinician_id,
        resolve_time=optional_timestamp(raised.resolve_time),
    )


def _part2_elements(elements: Part2Elements) -> resources_pb2.Part2Elements | None:
    if elements == Part2Elements():
        return None
    return resources_pb2.Part2Elements(
        discloser=elements.discloser,
        information=elements.information,
        recipients=elements.recipients,
        purpose=elements.purpose,
        end=elements.end,
    )
