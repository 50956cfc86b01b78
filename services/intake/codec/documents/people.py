"""Referrals, patients, aliases, reveals."""

from __future__ import annotations

from chassis.store import Document
from services.intake.domain.alias import Alias
from services.intake.domain.commands import RevealPurpose
from services.intake.domain.patient import Patient, SealedContact, SealedIdentity
from services.intake.domain.referral import Payer, Referral, Track
from services.intake.domain.reveal import AliasReveal


def referral_document(referral: Referral) -> Document:
    """As it is stored."""
    return {
        "patient_id": referral.patient_id,
        "referrer_id": referral.referrer_id,
        "track": referral.track.value,
        "payer": referral.payer.value,
        "state": referral.state,
        "is_part2_protected": referral.is_part2_protected,
    }


def referral_from(document: Document) -> Referral:
    """As it was stored."""
    return Referral(
        id=document["_id"],
        patient_id=document["patient_id"],
        referrer_id=document["referrer_id"],
        track=Track(document["track"]),
        payer=Payer(document["payer"]),
        state=document["state"],
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def patient_document(patient: Patient) -> Document:
    """As it is stored: nothing of who it is in plain."""
    return {
        "patient_id": patient.id,
        "referral_id": patient.referral_id,
        "episode_id": patient.episode_id,
        "referrer_id": patient.referrer_id,
        "track": patient.track.value,
        "payer": patient.payer.value,
        "is_part2_protected": patient.is_part2_protected,
        "legal_name_ciphertext": patient.identity.legal_name_ciphertext,
        "birth_date_ciphertext": patient.identity.birth_date_ciphertext,
        "email_ciphertext": patient.contact.email_ciphertext,
        "phone_ciphertext": patient.contact.phone_ciphertext,
        "time_zone": patient.contact.time_zone,
    }


def patient_from(document: Document) -> Patient:
    """As it was stored."""
    return Patient(
        id=document["_id"],
        referral_id=document["referral_id"],
        episode_id=document["episode_id"],
        referrer_id=document["referrer_id"],
        track=Track(document["track"]),
        payer=Payer(document["payer"]),
        identity=SealedIdentity(
            legal_name_ciphertext=bytes(document["legal_name_ciphertext"]),
            birth_date_ciphertext=bytes(document["birth_date_ciphertext"]),
        ),
        contact=SealedContact(
            email_ciphertext=bytes(document["email_ciphertext"]),
            phone_ciphertext=bytes(document["phone_ciphertext"]),
            time_zone=document["time_zone"],
        ),
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def alias_document(alias: Alias) -> Document:
    """As it is stored."""
    return {
        "patient_id": alias.patient_id,
        "group_id": alias.group_id,
        "alias": alias.alias,
        "is_part2_protected": alias.is_part2_protected,
    }


def alias_from(document: Document) -> Alias:
    """As it was stored."""
    return Alias(
        id=document["_id"],
        patient_id=document["patient_id"],
        group_id=document["group_id"],
        alias=document["alias"],
        is_part2_protected=document["is_part2_protected"],
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def reveal_document(reveal: AliasReveal) -> Document:
    """As it is stored: nothing of who it is."""
    return {
        "patient_id": reveal.patient_id,
        "group_id": reveal.group_id,
        "alias": reveal.alias,
        "revealer_id": reveal.revealer_id,
        "purpose": reveal.purpose.value,
        "is_part2_protected": reveal.is_part2_protected,
        "expire_time": reveal.expire_time,
    }


def reveal_from(document: Document) -> AliasReveal:
    """As it was stored."""
    return AliasReveal(
        id=document["_id"],
        patient_id=document["patient_id"],
        group_id=document["group_id"],
        alias=document["alias"],
        revealer_id=document["revealer_id"],
        purpose=RevealPurpose(document["purpose"]),
        is_part2_protected=document["is_part2_protected"],
        create_time=document["create_time"],
        expire_time=document["expire_time"],
        update_time=document["update_time"],
    )
