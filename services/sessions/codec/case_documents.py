"""The copies of crisis cases as documents."""

from __future__ import annotations

from chassis.store import Document
from clinical.risk import Severity
from services.sessions.domain.case import Case
from services.sessions.domain.commands import CaseStep


def case_document(case: Case) -> Document:
    """The copy of a case, each facet with its version."""
    return {
        "_id": case.id,
        "patient_id": case.patient_id,
        "versions": {step.value: version for step, version in case.versions.items()},
        "holder_role": case.holder_role,
        "contact_time": case.contact_time,
        "resolve_time": case.resolve_time,
        "safety_signal_ids": sorted(case.signal_ids),
        "severity": case.severity.name.lower() if case.severity else None,
    }


def case_from(document: Document) -> Case:
    """The copy again."""
    return Case(
        id=document["_id"],
        patient_id=document["patient_id"],
        versions={CaseStep(step): version for step, version in document["versions"].items()},
        holder_role=document["holder_role"],
        contact_time=document["contact_time"],
        resolve_time=document.get("resolve_time"),  # earlier releases kept none
        signal_ids=frozenset(document["safety_signal_ids"]),
        severity=_severity_from(document.get("severity")),
    )


def _severity_from(name: str | None) -> Severity | None:
    return Severity[name.upper()] if name else None
