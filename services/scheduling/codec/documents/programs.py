"""Groups, series, sessions and enrollments, as documents and back."""

from __future__ import annotations

from datetime import date, time

from chassis.store import Document
from services.scheduling.codec.documents.stored import PART2, labels, stored
from services.scheduling.domain.enrollment import Enrollment, EnrollmentState
from services.scheduling.domain.events import CoFacilitator
from services.scheduling.domain.group import Group, GroupKind, Modality, Track
from services.scheduling.domain.recurrence import Block, Pattern
from services.scheduling.domain.series import Series, SeriesState
from services.scheduling.domain.session import Seat, Session, SessionState
from services.scheduling.domain.span import Span


def group_document(value: Group) -> Document:
    """A group."""
    return {
        "display_name": value.display_name,
        "track": value.track.value,
        "kind": value.kind.value,
        "modality": value.modality.value,
        "capacity": value.capacity,
        "labels": labels(value.is_part2_protected),
    }


def group_from(document: Document) -> Group:
    """A group."""
    return Group(
        display_name=document["display_name"],
        track=Track(document["track"]),
        kind=GroupKind(document["kind"]),
        modality=Modality(document["modality"]),
        capacity=document["capacity"],
        **stored(document),
    )


def series_document(value: Series) -> Document:
    """A series."""
    pattern = value.pattern
    return {
        "group_id": value.group_id,
        "facilitator_id": value.facilitator_id,
        "time_zone": pattern.time_zone,
        "first_date": pattern.first_date.isoformat(),
        "weeks": pattern.weeks,
        "blocks": [_block_document(each) for each in pattern.blocks],
        "capacity": value.capacity,
        "labels": labels(value.is_part2_protected),
        "state": value.state.value,
    }


def series_from(document: Document) -> Series:
    """A series."""
    return Series(
        group_id=document["group_id"],
        facilitator_id=document["facilitator_id"],
        pattern=Pattern(
            time_zone=document["time_zone"],
            first_date=date.fromisoformat(document["first_date"]),
            weeks=document["weeks"],
            blocks=tuple(_block_from(each) for each in document["blocks"]),
        ),
        capacity=document["capacity"],
        is_part2_protected=PART2 in document["labels"],
        state=SeriesState(document["state"]),
        **stored(document),
    )


def session_document(value: Session) -> Document:
    """A session; `roster` repeats the seats' patients for lookups, `due_time` wakes the timer."""
    return {
        "group_id": value.group_id,
        "series_id": value.series_id,
        "facilitator_id": value.facilitator_id,
        "facilitator_states": list(value.facilitator_states),
        "start_time": value.span.start,
        "end_time": value.span.end,
        "time_zone": value.time_zone,
        "local_date": value.local_date.isoformat(),
        "counted_minutes": value.counted_minutes,
        "break_minutes": value.break_minutes,
        "capacity": value.capacity,
        "labels": labels(value.is_part2_protected),
        "co_facilitators": [co_facilitator_document(each) for each in value.co_facilitators],
        "group_kind": value.group_kind.value if value.group_kind else None,
        "seats": [seat_document(each) for each in value.seats],
        "roster": list(value.roster),
        "state": value.state.value,
        "is_open": value.is_open,
        **({"due_time": value.span.end} if value.is_open else {}),
    }


def co_facilitator_document(value: CoFacilitator) -> Document:
    """Who helps to lead a session."""
    return {"clinician_id": value.clinician_id, "states": list(value.states)}


def seat_document(value: Seat) -> Document:
    """One patient's place in a session."""
    return {"patient_id": value.patient_id, "enrollment_id": value.enrollment_id}


def session_from(document: Document) -> Session:
    """A session."""
    return Session(
        group_id=document["group_id"],
        series_id=document["series_id"],
        facilitator_id=document["facilitator_id"],
        facilitator_states=tuple(document["facilitator_states"]),
        span=Span(document["start_time"], document["end_time"]),
        time_zone=document["time_zone"],
        local_date=date.fromisoformat(document["local_date"]),
        counted_minutes=document["counted_minutes"],
        break_minutes=document["break_minutes"],
        capacity=document["capacity"],
        is_part2_protected=PART2 in document["labels"],
        group_kind=_kind_from(document.get("group_kind")),
        seats=tuple(Seat(each["patient_id"], each["enrollment_id"]) for each in document["seats"]),
        # Sessions of earlier releases have none.
        co_facilitators=tuple(
            CoFacilitator(each["clinician_id"], tuple(each["states"]))
            for each in document.get("co_facilitators", ())
        ),
        state=SessionState(document["state"]),
        **stored(document),
    )


def _kind_from(value: str | None) -> GroupKind | None:
    return GroupKind(value) if value else None


def enrollment_document(value: Enrollment) -> Document:
    """An enrollment; `is_open` carries the rule that a patient has one per series."""
    return {
        "series_id": value.series_id,
        "group_id": value.group_id,
        "patient_id": value.patient_id,
        "session_ids": list(value.session_ids),
        "released_session_ids": list(value.released_session_ids),
        "care_plan_id": value.care_plan_id,
        "planned_weekly_minutes": value.planned_weekly_minutes,
        "labels": labels(value.is_part2_protected),
        "state": value.state.value,
        "is_open": value.is_open,
    }


def enrollment_from(document: Document) -> Enrollment:
    """An enrollment."""
    return Enrollment(
        series_id=document["series_id"],
        group_id=document["group_id"],
        patient_id=document["patient_id"],
        session_ids=tuple(document["session_ids"]),
        released_session_ids=tuple(document["released_session_ids"]),
        care_plan_id=document["care_plan_id"],
        planned_weekly_minutes=document["planned_weekly_minutes"],
        is_part2_protected=PART2 in document["labels"],
        state=EnrollmentState(document["state"]),
        **stored(document),
    )


def _block_document(value: Block) -> Document:
    return {
        "weekday": value.weekday,
        "start": value.start.isoformat("minutes"),
        "counted_minutes": value.counted_minutes,
        "break_minutes": value.break_minutes,
    }


def _block_from(document: Document) -> Block:
    return Block(
        document["weekday"],
        time.fromisoformat(document["start"]),
        document["counted_minutes"],
        document["break_minutes"],
    )
