"""What other services reported."""

from __future__ import annotations

from chassis.store import Document
from services.intake.domain.copies import Absence, Attendance, CaseCopy, CaseState, Severity


def case_document(case: CaseCopy) -> Document:
    """As it is stored."""
    return {
        "patient_id": case.patient_id,
        "is_part2_protected": case.is_part2_protected,
        "state": case.state.value,
        "is_open": case.is_open,
        "aggregate_version": case.aggregate_version,
        "severity": case.severity.value,
        "open_time": case.open_time,
        "resolve_time": case.resolve_time,
    }


def case_from(document: Document) -> CaseCopy:
    """As it was stored."""
    return CaseCopy(
        id=document["_id"],
        patient_id=document["patient_id"],
        is_part2_protected=document["is_part2_protected"],
        state=CaseState(document["state"]),
        aggregate_version=document["aggregate_version"],
        severity=Severity(document["severity"]),
        open_time=document["open_time"],
        resolve_time=document["resolve_time"],
    )


def attendance_document(attendance: Attendance, *, is_part2_protected: bool) -> Document:
    """As it is stored."""
    return {
        "session_id": attendance.session_id,
        "patient_id": attendance.patient_id,
        "counted_seconds": attendance.counted_seconds,
        "is_part2_protected": is_part2_protected,
    }


def attendance_from(document: Document) -> Attendance:
    """As it was stored."""
    return Attendance(
        session_id=document["session_id"],
        patient_id=document["patient_id"],
        counted_seconds=document["counted_seconds"],
        update_time=document["update_time"],
    )


def absence_document(absence: Absence, *, is_part2_protected: bool) -> Document:
    """As it is stored."""
    return {
        "session_id": absence.session_id,
        "patient_id": absence.patient_id,
        "notice_time": absence.notice_time,
        "is_part2_protected": is_part2_protected,
    }


def absence_from(document: Document) -> Absence:
    """As it was stored."""
    return Absence(
        session_id=document["session_id"],
        patient_id=document["patient_id"],
        notice_time=document["notice_time"],
    )
