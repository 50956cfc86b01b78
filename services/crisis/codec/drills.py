"""Drills as documents and back."""

from __future__ import annotations

from collections.abc import Iterable

from haven.crisis.v1 import events_pb2

from chassis.store import Document
from services.crisis.domain.drill import Drill, DrillState, Step


def drill_document(drill: Drill) -> Document:
    """A drill as it is stored."""
    return {
        "start_time": drill.start_time,
        "deadline_time": drill.deadline,
        "case_id": drill.case_id,
        "state": drill.state.value,
        "is_running": drill.is_running,
        "reached": {step.value: time for step, time in drill.reached.items()},
        "end_time": drill.end_time,
    }


def drill_from(document: Document) -> Drill:
    """The drill as it was stored."""
    return Drill(
        id=document["_id"],
        start_time=document["start_time"],
        deadline=document["deadline_time"],
        case_id=document["case_id"],
        state=DrillState(document["state"]),
        reached={Step(name): time for name, time in document["reached"].items()},
        end_time=document["end_time"],
        version=document["version"],
    )


def forgotten(drill: Drill, page_ids: Iterable[str]) -> events_pb2.DrillForgotten:
    """What others must forget with it."""
    return events_pb2.DrillForgotten(
        drill_id=drill.id, case_id=drill.case_id, page_ids=sorted(set(page_ids))
    )
