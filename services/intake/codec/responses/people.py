"""Who was referred; who somebody is, where that was asked for by name."""

from __future__ import annotations

from google.type import date_pb2
from haven.intake.v1 import intake_pb2, resources_pb2

from chassis.store import Page, etag_of
from services.intake.codec.messages import timestamp
from services.intake.codec.names import PAYERS, REVEAL_PURPOSES, TRACKS
from services.intake.domain.patient import Identity, Patient
from services.intake.domain.referral import Referral
from services.intake.domain.reveal import AliasReveal
from services.intake.domain.views import RevealedAlias


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
    revealed: RevealedAlias,
) -> intake_pb2.RevealPatientIdentityResponse:
    """Who a patient is, and the reveal by which that is read again until it ends."""
    return intake_pb2.RevealPatientIdentityResponse(
        identity=_told(revealed),
        expire_time=timestamp(revealed.reveal.expire_time),
        alias_reveal=_reveal(revealed.reveal),
    )


def reveal_alias(revealed: RevealedAlias) -> intake_pb2.RevealAliasResponse:
    """The reveal, with who it is where that may leave."""
    return intake_pb2.RevealAliasResponse(
        alias_reveal=_reveal(revealed.reveal),
        identity=_told(revealed),
    )


def get_alias_reveal(revealed: RevealedAlias) -> intake_pb2.GetAliasRevealResponse:
    """The same, read again."""
    return intake_pb2.GetAliasRevealResponse(
        alias_reveal=_reveal(revealed.reveal),
        identity=_told(revealed),
    )


def list_alias_reveals(page: Page[AliasReveal]) -> intake_pb2.ListAliasRevealsResponse:
    """A part of the list, without who anybody is."""
    return intake_pb2.ListAliasRevealsResponse(
        alias_reveals=[_reveal(each) for each in page.items], next_page_token=page.next_page_token
    )


def _told(revealed: RevealedAlias) -> resources_pb2.PatientIdentity | None:
    return None if revealed.identity is None else _identity(revealed.identity)


def _identity(identity: Identity) -> resources_pb2.PatientIdentity:
    born = identity.birth_date
    return resources_pb2.PatientIdentity(
        legal_name=identity.legal_name,
        birth_date=date_pb2.Date(year=born.year, month=born.month, day=born.day),
        email=identity.email,
        phone=identity.phone,
    )


def _reveal(reveal: AliasReveal) -> resources_pb2.AliasReveal:
    return resources_pb2.AliasReveal(
        alias_reveal_id=reveal.id,
        group_id=reveal.group_id,
        alias=reveal.alias,
        patient_id=reveal.patient_id,
        revealer_id=reveal.revealer_id,
        purpose=REVEAL_PURPOSES.number(reveal.purpose),
        create_time=timestamp(reveal.create_time),
        expire_time=timestamp(reveal.expire_time),
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
