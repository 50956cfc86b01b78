"""The pieces that an admission rests on."""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.intake.domain.consent import Consent, ConsentScope, Part2Elements
from services.intake.domain.evidence import (
    Attestation,
    AttestationTopic,
    Disposition,
    EmergencyContact,
    GateOverride,
    Location,
    OverridePurpose,
    PlaceCheck,
    ReferralUp,
    Relationship,
    Risk,
    Signature,
)
from services.intake.domain.level_of_care import Dimension, LevelOfCare
from services.intake.domain.tier import Tier, Trigger


def fields_of(value: Any) -> Document:
    """A flat value object, field by field under its own names."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def level_document(record: LevelOfCare) -> Document:
    """As it is stored."""
    return fields_of(record) | {"dimensions": [fields_of(each) for each in record.dimensions]}


def level_from(document: Document) -> LevelOfCare:
    """As it was stored."""
    dimensions = tuple(Dimension(**each) for each in document["dimensions"])
    return LevelOfCare(**{**document, "dimensions": dimensions})


def attestation_document(attestation: Attestation) -> Document:
    """As it is stored."""
    return fields_of(attestation) | {"topic": attestation.topic.value}


def attestation_from(document: Document) -> Attestation:
    """As it was stored."""
    return Attestation(**{**document, "topic": AttestationTopic(document["topic"])})


def place_document(place: PlaceCheck) -> Document:
    """As it is stored."""
    return fields_of(place)


def place_from(document: Document) -> PlaceCheck:
    """As it was stored."""
    return PlaceCheck(**document)


def location_document(location: Location) -> Document:
    """As it is stored: the state in plain, the rest as ciphertext."""
    return fields_of(location)


def location_from(document: Document) -> Location:
    """As it was stored."""
    return Location(**_with_bytes(document))


def contact_document(contact: EmergencyContact) -> Document:
    """As it is stored."""
    return fields_of(contact) | {"relationship": contact.relationship.value}


def contact_from(document: Document) -> EmergencyContact:
    """As it was stored."""
    relationship = Relationship(document["relationship"])
    return EmergencyContact(**{**_with_bytes(document), "relationship": relationship})


def consent_document(consent: Consent) -> Document:
    """As it is stored."""
    elements = consent.part2_elements
    return fields_of(consent) | {
        "scope": consent.scope.value,
        "part2_elements": fields_of(elements)
        | {"information": list(elements.information), "recipients": list(elements.recipients)},
    }


def consent_from(document: Document) -> Consent:
    """As it was stored."""
    elements = document["part2_elements"]
    return Consent(
        **{
            **document,
            "scope": ConsentScope(document["scope"]),
            "part2_elements": Part2Elements(
                **{
                    **elements,
                    "information": tuple(elements["information"]),
                    "recipients": tuple(elements["recipients"]),
                }
            ),
        }
    )


def risk_document(risk: Risk) -> Document:
    """As it is stored."""
    return fields_of(risk) | {
        "tier": risk.tier.word,
        "trigger": risk.trigger.name.lower(),
        "disposition": risk.disposition.value if risk.disposition else None,
    }


def risk_from(document: Document) -> Risk:
    """As it was stored."""
    disposition = document["disposition"]
    return Risk(
        **{
            **document,
            "tier": Tier[document["tier"].upper()],
            "trigger": Trigger[document["trigger"].upper()],
            "disposition": Disposition(disposition) if disposition else None,
        }
    )


def override_document(override: GateOverride) -> Document:
    """As it is stored."""
    return fields_of(override) | {"purpose": override.purpose.value}


def override_from(document: Document) -> GateOverride:
    """As it was stored."""
    return GateOverride(**{**document, "purpose": OverridePurpose(document["purpose"])})


def signature_document(signature: Signature) -> Document:
    """As it is stored."""
    return fields_of(signature)


def signature_from(document: Document) -> Signature:
    """As it was stored."""
    return Signature(**document)


def referral_up_document(referral: ReferralUp) -> Document:
    """As it is stored."""
    return fields_of(referral) | {"reasons": list(referral.reasons)}


def referral_up_from(document: Document) -> ReferralUp:
    """As it was stored."""
    return ReferralUp(**{**document, "reasons": tuple(document["reasons"])})


def _with_bytes(document: Document) -> Document:
    """Ciphertext comes back from the database as a subclass of bytes."""
    return {
        name: bytes(value) if isinstance(value, bytes) else value
        for name, value in document.items()
    }
