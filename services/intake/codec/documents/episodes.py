"""Episodes: one document with all the evidence of the admission."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chassis.store import Document
from services.intake.codec.documents import evidence
from services.intake.domain.admission import AdmissionState
from services.intake.domain.episode import Episode
from services.intake.domain.gates import Gate
from services.intake.domain.referral import Payer, Track

T = TypeVar("T")
U = TypeVar("U")


def episode_document(episode: Episode) -> Document:
    """As it is stored."""
    return {
        "patient_id": episode.patient_id,
        "referral_id": episode.referral_id,
        "track": episode.track.value,
        "payer": episode.payer.value,
        "is_part2_protected": episode.is_part2_protected,
        "time_zone": episode.time_zone,
        "state": episode.state.value,
        "admit_time": episode.admit_time,
        "discharge_time": episode.discharge_time,
        "active_care_plan_id": episode.active_care_plan_id,
        "weekly_minutes": episode.weekly_minutes,
        "safety_screening_time": episode.safety_screening_time,
        "pending_screening_ids": sorted(episode.pending_screenings),
    } | _evidence_document(episode)


def episode_from(document: Document) -> Episode:
    """As it was stored."""
    overrides = (evidence.override_from(each) for each in document["overrides"])
    return Episode(
        id=document["_id"],
        patient_id=document["patient_id"],
        referral_id=document["referral_id"],
        track=Track(document["track"]),
        payer=Payer(document["payer"]),
        time_zone=document["time_zone"],
        state=AdmissionState(document["state"]),
        admit_time=document["admit_time"],
        # Episodes of earlier releases have none.
        discharge_time=document.get("discharge_time"),
        active_care_plan_id=document["active_care_plan_id"],
        weekly_minutes=document["weekly_minutes"],
        safety_screening_time=document["safety_screening_time"],
        pending_screenings=set(document["pending_screening_ids"]),
        levels_of_care=[evidence.level_from(each) for each in document["levels_of_care"]],
        all_attestations=[evidence.attestation_from(each) for each in document["attestations"]],
        consents=[evidence.consent_from(each) for each in document["consents"]],
        risks=[evidence.risk_from(each) for each in document["risks"]],
        overrides={Gate(each.gate): each for each in overrides},
        place_check=_maybe(document["place_check"], evidence.place_from),
        location=_maybe(document["location"], evidence.location_from),
        emergency_contact=_maybe(document["emergency_contact"], evidence.contact_from),
        signature=_maybe(document["signature"], evidence.signature_from),
        referral_up=_maybe(document["referral_up"], evidence.referral_up_from),
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def _evidence_document(episode: Episode) -> Document:
    return {
        "levels_of_care": [evidence.level_document(each) for each in episode.levels_of_care],
        "attestations": [evidence.attestation_document(each) for each in episode.all_attestations],
        "consents": [evidence.consent_document(each) for each in episode.consents],
        "risks": [evidence.risk_document(each) for each in episode.risks],
        "overrides": [evidence.override_document(each) for each in episode.overrides.values()],
        "place_check": _maybe(episode.place_check, evidence.place_document),
        "location": _maybe(episode.location, evidence.location_document),
        "emergency_contact": _maybe(episode.emergency_contact, evidence.contact_document),
        "signature": _maybe(episode.signature, evidence.signature_document),
        "referral_up": _maybe(episode.referral_up, evidence.referral_up_document),
    }


def _maybe(value: T | None, change: Callable[[T], U]) -> U | None:
    return None if value is None else change(value)
