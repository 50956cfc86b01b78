"""Opt-outs, gaps in the cover and the reach of pages as documents and back."""

from __future__ import annotations

from chassis.store import Document
from services.crisis.domain.coverage import GapKind
from services.crisis.domain.coverage_gap import CoverageGap
from services.crisis.domain.escalation import Target, TargetKind
from services.crisis.domain.opt_out import OptOut
from services.crisis.domain.reach import Reach


def opt_out_document(opt_out: OptOut) -> Document:
    """An opt-out as it is stored."""
    return {
        "clinician_id": opt_out.clinician_id,
        "rotation": opt_out.rotation,
        "substitute_id": opt_out.substitute_id,
        "author_id": opt_out.author_id,
        "start_time": opt_out.start,
        "end_time": opt_out.end,
        "cancel_time": opt_out.cancel_time,
        "is_active": opt_out.is_active,
    }


def opt_out_from(document: Document) -> OptOut:
    """The opt-out as it was stored."""
    return OptOut(
        id=document["_id"],
        clinician_id=document["clinician_id"],
        start=document["start_time"],
        end=document["end_time"],
        substitute_id=document["substitute_id"],
        rotation=document["rotation"],
        author_id=document["author_id"],
        cancel_time=document["cancel_time"],
        version=document["version"],
    )


def gap_document(gap: CoverageGap) -> Document:
    """A gap as it is stored."""
    return {
        "rotation": gap.target.rotation_id,
        "clinician_id": gap.target.clinician_id,
        "kind": gap.kind.value,
        "start_time": gap.start,
        "end_time": gap.end,
        "recipient_id": gap.recipient_id,
        "is_open": gap.is_open,
        "notices": gap.notices,
        "next_notice_time": gap.next_notice,
        "close_time": gap.close_time,
    }


def gap_from(document: Document) -> CoverageGap:
    """The gap as it was stored; earlier releases knew those of rotations alone."""
    person = Target(TargetKind.CLINICIAN, document.get("clinician_id", ""))
    return CoverageGap(
        id=document["_id"],
        target=person if person.id else Target(TargetKind.ROTATION, document["rotation"]),
        kind=GapKind(document["kind"]),
        start=document["start_time"],
        end=document["end_time"],
        recipient_id=document["recipient_id"],
        is_open=document["is_open"],
        notices=document["notices"],
        next_notice=document["next_notice_time"],
        close_time=document["close_time"],
        version=document["version"],
    )


def reach_document(reach: Reach) -> Document:
    """Whom a page can reach, without the document's key."""
    return {
        "recipient_ids": sorted(reach.recipient_ids),
        "proved_recipient_ids": sorted(reach.proved_ids),
    }


def reach_from(document: Document) -> Reach:
    """The same as it was told."""
    return Reach(frozenset(document["recipient_ids"]), frozenset(document["proved_recipient_ids"]))
