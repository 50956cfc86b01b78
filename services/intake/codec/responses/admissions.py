"""Admissions and consents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message
from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import etag_of
from services.intake.codec.messages import timestamp
from services.intake.codec.names import ADMISSION_STATES
from services.intake.codec.responses import evidence
from services.intake.domain.consent import Consent
from services.intake.domain.episode import Episode
from services.intake.domain.views import AdmissionView

M = TypeVar("M", bound=Message)


def with_admission(response: Callable[..., M]) -> Callable[[AdmissionView], M]:
    """For every response that is an admission and nothing else."""

    def encode(view: AdmissionView) -> M:
        return response(admission=_admission(view))

    return encode


def record_consent(consent: Consent) -> intake_pb2.RecordConsentResponse:
    """The signed consent."""
    return intake_pb2.RecordConsentResponse(consent=evidence.consent(consent))


def revoke_consent(consent: Consent) -> intake_pb2.RevokeConsentResponse:
    """The ended consent."""
    return intake_pb2.RevokeConsentResponse(consent=evidence.consent(consent))


def _admission(view: AdmissionView) -> resources_pb2.Admission:
    episode = view.episode
    return resources_pb2.Admission(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        state=ADMISSION_STATES.number(episode.state),
        gates=[evidence.finding(each) for each in view.findings],
        attestations=[evidence.attestation(each) for each in episode.attestations.values()],
        consents=[evidence.consent(each) for each in episode.consents],
        has_emergency_contact=episode.emergency_contact is not None,
        state_code=episode.location.state if episode.location else "",
        risks=[evidence.risk(each) for each in episode.risks],
        overrides=[evidence.override(each) for each in episode.overrides.values()],
        admit_time=evidence.optional_timestamp(episode.admit_time),
        discharge_time=evidence.optional_timestamp(episode.discharge_time),
        referral_up_reasons=view.referral_up_reasons,
        is_part2_protected=episode.is_part2_protected,
        etag=etag_of(episode),
        **_given(episode),
    )


def _given(episode: Episode) -> dict[str, Any]:
    """What is there only once it was given."""
    given: dict[str, Any] = {}
    if episode.level_of_care is not None:
        given["level_of_care"] = evidence.level_of_care(episode.level_of_care)
    if episode.place_check is not None:
        given["place_check"] = evidence.place_check(episode.place_check)
    if episode.signature is not None:
        given["signer_id"] = episode.signature.signer_id
        given["sign_time"] = timestamp(episode.signature.sign_time)
    if episode.referral_up is not None:
        given["referral_up_time"] = timestamp(episode.referral_up.referral_time)
    return given
