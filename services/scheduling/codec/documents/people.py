"""Clinicians, patients and the conflicts between the two, as documents and back."""

from __future__ import annotations

from datetime import date

from chassis.store import Document
from services.scheduling.codec.documents.stored import stored
from services.scheduling.domain.clinician import Clinician, Profession
from services.scheduling.domain.conflict import LicenseConflict
from services.scheduling.domain.licensure import License, LicenseKind
from services.scheduling.domain.patient import Patient, Plan, Source


def clinician_document(value: Clinician) -> Document:
    """A clinician."""
    return {
        "profession": value.profession.value,
        "licenses": [_license_document(each) for each in value.licenses],
    }


def clinician_from(document: Document) -> Clinician:
    """A clinician."""
    return Clinician(
        profession=Profession(document["profession"]),
        licenses=tuple(_license_from(each) for each in document["licenses"]),
        **stored(document),
    )


def patient_document(value: Patient) -> Document:
    """A patient's copies."""
    plan = value.plan
    return {
        "patient_id": value.id,
        "episode_id": value.episode_id,
        "admission": _source_document(value.admission),
        "plan": plan
        and {
            "care_plan_id": plan.care_plan_id,
            "weekly_minutes": plan.weekly_minutes,
            "weeks": plan.weeks,
        },
        "plan_source": _source_document(value.plan_source),
        "attending_state": value.attending_state,
        "attending_time": value.attending_time,
    }


def patient_from(document: Document) -> Patient:
    """A patient's copies."""
    plan = document["plan"]
    return Patient(
        episode_id=document["episode_id"],
        admission=_source_from(document["admission"]),
        plan=plan and Plan(plan["care_plan_id"], plan["weekly_minutes"], plan["weeks"]),
        plan_source=_source_from(document["plan_source"]),
        attending_state=document["attending_state"],
        attending_time=document["attending_time"],
        **stored(document),
    )


def conflict_document(value: LicenseConflict) -> Document:
    """A license conflict."""
    return {
        "patient_id": value.patient_id,
        "enrollment_id": value.enrollment_id,
        "state": value.state,
        "session_ids": list(value.session_ids),
        "facilitator_ids": list(value.facilitator_ids),
        "detect_time": value.detect_time,
        "resolve_time": value.resolve_time,
        "is_open": value.is_open,
    }


def conflict_from(document: Document) -> LicenseConflict:
    """A license conflict."""
    return LicenseConflict(
        patient_id=document["patient_id"],
        enrollment_id=document["enrollment_id"],
        state=document["state"],
        session_ids=tuple(document["session_ids"]),
        facilitator_ids=tuple(document["facilitator_ids"]),
        detect_time=document["detect_time"],
        resolve_time=document["resolve_time"],
        **stored(document),
    )


def _license_document(value: License) -> Document:
    return {
        "license_id": value.id,
        "kind": value.kind.value,
        "state": value.state,
        "home_state": value.home_state,
        "effective_date": value.effective_date.isoformat(),
        "expire_date": value.expire_date.isoformat(),
        "revoke_time": value.revoke_time,
    }


def _license_from(document: Document) -> License:
    return License(
        id=document["license_id"],
        kind=LicenseKind(document["kind"]),
        state=document["state"],
        home_state=document["home_state"],
        effective_date=date.fromisoformat(document["effective_date"]),
        expire_date=date.fromisoformat(document["expire_date"]),
        revoke_time=document["revoke_time"],
    )


def _source_document(value: Source | None) -> Document | None:
    if value is None:
        return None
    return {
        "aggregate_id": value.aggregate_id,
        "aggregate_version": value.version,
        "time": value.time,
    }


def _source_from(document: Document | None) -> Source | None:
    if document is None:
        return None
    return Source(document["aggregate_id"], document["aggregate_version"], document["time"])
