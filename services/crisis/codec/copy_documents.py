"""Copies of other services' facts as documents and back; what they tell stays ciphertext."""

from __future__ import annotations

from chassis.store import Document
from services.crisis.domain.commands import KeepEmergencyContact, KeepScreening
from services.crisis.domain.location import KeepLocation


def location_document(place: KeepLocation) -> Document:
    """A copy of an attestation; what it tells stays ciphertext."""
    return {
        "_id": place.location_id,
        "patient_id": place.patient_id,
        "state": place.state,
        "address_ciphertext": place.address_ciphertext,
        "callback_number_ciphertext": place.callback_number_ciphertext,
        "emergency_number_ciphertext": place.emergency_number_ciphertext,
        "others_present_ciphertext": place.others_present_ciphertext,
        "disconnection_plan_ciphertext": place.disconnection_plan_ciphertext,
        "attest_time": place.attest_time,
    }


def location_from(document: Document) -> KeepLocation:
    """The attestation as it came."""
    return KeepLocation(
        location_id=document["_id"],
        patient_id=document["patient_id"],
        state=document["state"],
        address_ciphertext=bytes(document["address_ciphertext"]),
        callback_number_ciphertext=bytes(document["callback_number_ciphertext"]),
        attest_time=document["attest_time"],
        # Copies of earlier releases have none of these.
        emergency_number_ciphertext=bytes(document.get("emergency_number_ciphertext", b"")),
        others_present_ciphertext=bytes(document.get("others_present_ciphertext", b"")),
        disconnection_plan_ciphertext=bytes(document.get("disconnection_plan_ciphertext", b"")),
    )


def contact_document(contact: KeepEmergencyContact) -> Document:
    """A copy of an emergency contact, without its key."""
    return {
        "patient_id": contact.patient_id,
        "name_ciphertext": contact.name_ciphertext,
        "phone_ciphertext": contact.phone_ciphertext,
        "has_release": contact.has_release,
        "record_time": contact.record_time,
    }


def contact_from(document: Document) -> KeepEmergencyContact:
    """The emergency contact as it came."""
    return KeepEmergencyContact(
        patient_id=document["patient_id"],
        name_ciphertext=bytes(document["name_ciphertext"]),
        phone_ciphertext=bytes(document["phone_ciphertext"]),
        has_release=document["has_release"],
        record_time=document.get("record_time"),
    )


def screening_document(screening: KeepScreening) -> Document:
    """A copy of a screening's end."""
    return {
        "_id": screening.screening_id,
        "patient_id": screening.patient_id,
        "instrument": screening.instrument,
        "tier": screening.tier,
        "complete_time": screening.complete_time,
    }
