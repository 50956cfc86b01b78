"""Wishes and proofs as documents and back."""

from __future__ import annotations

from chassis.store import Document
from services.notify.domain.hours import Hours
from services.notify.domain.message import Channel
from services.notify.domain.preferences import Preferences
from services.notify.domain.verification import Verification
from services.notify.domain.wording import Language

VERIFICATION = (
    "recipient_id", "patient_id", "address_key", "code_hash", "expire_time", "tries_left",
)  # fmt: skip


def preferences_document(preferences: Preferences) -> Document:
    """Wishes as they are stored."""
    hours = preferences.hours
    return {
        "recipient_id": preferences.recipient_id,
        "patient_id": preferences.patient_id,
        "language": preferences.language.value,
        "channels": sorted(each.value for each in preferences.channels),
        "hours": [hours.start, hours.end] if hours else [],
        "stopped": sorted(each.value for each in preferences.stopped),
    }


def preferences_from(document: Document) -> Preferences:
    """The wishes as they were stored."""
    return Preferences(
        id=document["_id"],
        recipient_id=document["recipient_id"],
        patient_id=document["patient_id"],
        language=Language(document["language"]),
        channels=frozenset(map(Channel, document["channels"])),
        hours=Hours(*document["hours"]) if document["hours"] else None,
        stopped=frozenset(map(Channel, document["stopped"])),
        version=document["version"],
    )


def verification_document(verification: Verification) -> Document:
    """A verification as it is stored; its code is there only as a keyed hash."""
    return {
        **{name: getattr(verification, name) for name in VERIFICATION},
        "channel": verification.channel.value,
        "starts": list(verification.starts),
    }


def verification_from(document: Document) -> Verification:
    """The verification as it was stored."""
    return Verification(
        **{name: document[name] for name in VERIFICATION},
        id=document["_id"],
        channel=Channel(document["channel"]),
        starts=tuple(document["starts"]),
        version=document["version"],
    )
