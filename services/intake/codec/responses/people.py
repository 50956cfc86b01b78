"""Who was referred; who somebody is, where that was asked for by name."""

from __future__ import annotations

from google.type import date_pb2
from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import Page, etag_of
from services.intake.codec.messages import timestamp
from services.intake.codec.names import PAYERS, TRACKS
from services.intake.domain.patient import Patient
from services.intake.domain.referral import Referral
from services.intake.domain.views import RevealedIdentity


def create_referral(referral: Referral) -> intake_pb2.CreateReferralResponse:
    """The referral with the patient's id."""
    return intake_pb2.CreateReferralResponse(referral=_referral(referral))


def get_referral(referral: Referral) -> intake_pb2.GetReferralResponse:
    """One referral."""
    return intake_pb2.GetReferralResponse(referral=_referral(referral))


def list_referrals(page: Page[Referral]) -> intake_pb2.ListReferralsResponse:
    """A part of the list."""
    return intake_pb2.ListReferralsResponse(
        referrals=[_referral(each) for each in page.items], next_page_token=page.next_page_token
    )


def get_patient(patient: Patient) -> intake_pb2.GetPatientResponse:
    """A patient without identity."""
    return intake_pb2.GetPatientResponse(patient=_patient(patient))


def record_contact(patient: Patient) -> intake_pb2.RecordContactResponse:
    """The patient after the change."""
    return intake_pb2.RecordContactResponse(patient=_patient(patient))


def reveal_patient_identity(
    revealed: RevealedIdentity,
) -> intake_pb2.RevealPatientIdentityResponse:
    """Who a patient is, and until when that may be looked at."""
    identity = revealed.identity
    born = identity.birth_date
    return intake_pb2.RevealPatientIdentityResponse(
        identity=resources_pb2.PatientIdentity(
            legal_name=identity.legal_name,
            birth_date=date_pb2.Date(year=born.year, month=born.month, day=born.day),
            email=identity.email,
            phone=identity.phone,
        ),
        expire_time=timestamp(revealed.expire_time),
    )


def _referral(referral: Referral) -> resources_pb2.Referral:
    return resources_pb2.Referral(
        referral_id=referral.id,
        patient_id=referral.patient_id,
        referrer_id=referral.referrer_id,
        track=TRACKS.number(referral.track),
        payer=PAYERS.number(referral.payer),
        state=referral.state,
        create_time=timestamp(referral.create_time),
    )


def _patient(patient: Patient) -> resources_pb2.Patient:
    return resources_pb2.Patient(
        patient_id=patient.id,
        referral_id=patient.referral_id,
        episode_id=patient.episode_id,
        track=TRACKS.number(patient.track),
        payer=PAYERS.number(patient.payer),
        time_zone=patient.contact.time_zone,
        has_email=bool(patient.contact.email_ciphertext),
        has_phone=bool(patient.contact.phone_ciphertext),
        is_part2_protected=patient.is_part2_protected,
        create_time=timestamp(patient.create_time),
        update_time=timestamp(patient.update_time or patient.create_time),
        etag=etag_of(patient),
    )
