"""Follow-ups, safety plans and jurisdictions as documents and back."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from chassis.store import Document
from services.crisis.domain import follow_up as follow_ups
from services.crisis.domain.absence import Absence
from services.crisis.domain.follow_up import FollowUp, Owner, OwnerRole, Text
from services.crisis.domain.jurisdiction import (
    Area,
    DutyToWarn,
    LocalNumber,
    NumberKind,
    WarnEntry,
    WarnRule,
)
from services.crisis.domain.safety_plan import (
    SafetyPlan,
    SealedItem,
    SealedSection,
    SectionKind,
    Version,
)
from services.crisis.domain.signal import Severity

W = TypeVar("W", bound=StrEnum)

# Fields that a document holds as they are.
FOLLOW_UP = (
    "patient_id", "origin_id", "number", "due_time", "escalate_time", "start_time", "case_id",
    "screening_id", "resolver_id", "escalation_count", "close_time", "closer_id",
)  # fmt: skip


def follow_up_document(each: FollowUp) -> Document:
    """A follow-up as it is stored."""
    return {
        **{name: getattr(each, name) for name in FOLLOW_UP},
        "kind": each.kind.value,
        "state": each.state.value,
        "is_open": each.is_open,
        **_text_document(each.text),
        "absence_session_id": each.absence.session_id,
        "absence_start_time": each.absence.start_time,
        "owner_id": each.owner.clinician_id,
        "owner_role": _word(each.owner.role),
        "severity": each.severity.name.lower() if each.severity else "",
        "outcome": _word(each.outcome),
        "cancel_reason": _word(each.cancel_reason),
    }


def follow_up_from(document: Document) -> FollowUp:
    """The follow-up as it was stored."""
    severity = document["severity"]
    return FollowUp(
        **{name: document[name] for name in FOLLOW_UP},
        id=document["_id"],
        kind=follow_ups.Kind(document["kind"]),
        state=follow_ups.State(document["state"]),
        owner=Owner(document["owner_id"], _member(OwnerRole, document["owner_role"])),
        severity=Severity[severity.upper()] if severity else None,
        text=_text_from(document),
        # Calls of earlier releases have neither.
        absence=Absence(document.get("absence_session_id", ""), document.get("absence_start_time")),
        outcome=_member(follow_ups.Outcome, document["outcome"]),
        cancel_reason=_member(follow_ups.CancelReason, document["cancel_reason"]),
        create_time=document["create_time"],
        version=document["version"],
    )


def _text_document(text: Text | None) -> Document:
    if text is None:
        return {}
    return {
        "inbound_id": text.inbound_id,
        "sender_key": text.sender_key,
        "sender_ciphertext": text.sender_ciphertext,
    }


def _text_from(document: Document) -> Text | None:
    if not (inbound_id := document.get("inbound_id", "")):
        return None
    return Text(inbound_id, document["sender_key"], bytes(document["sender_ciphertext"]))


def plan_document(plan: SafetyPlan) -> Document:
    """A safety plan as it is stored, without its versions."""
    return {
        "patient_id": plan.patient_id,
        "number": plan.number,
        "review_time": plan.review_time,
        "review_count": plan.review_count,
    }


def plan_from(document: Document) -> SafetyPlan:
    """The safety plan as it was stored."""
    return SafetyPlan(
        id=document["_id"],
        patient_id=document["patient_id"],
        number=document["number"],
        review_time=document["review_time"],
        review_count=document["review_count"],
        version=document["version"],
    )


def version_document(plan_id: str, version: Version) -> Document:
    """A version as it is stored, once; its texts stay ciphertext."""
    return {
        "_id": f"{plan_id}/{version.number}",
        "patient_id": version.patient_id,
        "number": version.number,
        "author_id": version.author_id,
        "write_time": version.create_time,
        "sections": [
            {
                "kind": section.kind.value,
                "items": [
                    {"text_ciphertext": item.text, "phone_ciphertext": item.phone}
                    for item in section.items
                ],
            }
            for section in version.sections
        ],
    }


def version_from(document: Document) -> Version:
    """The version as it was written."""
    return Version(
        patient_id=document["patient_id"],
        number=document["number"],
        author_id=document["author_id"],
        create_time=document["write_time"],
        sections=tuple(
            SealedSection(SectionKind(each["kind"]), tuple(map(_item, each["items"])))
            for each in document["sections"]
        ),
    )


def area_document(area: Area) -> Document:
    """A tenant's numbers of one area; agencies' numbers are public, so they rest as text."""
    return {
        "state": area.state,
        "area": area.area,
        "numbers": [
            {
                "kind": each.kind.value,
                "name": each.name,
                "phone": each.phone,
                "verified_date": each.verified_on.isoformat(),
                "verifier_id": each.verifier_id,
            }
            for each in area.numbers
        ],
    }


def area_from(document: Document) -> Area:
    """The area as it was stored."""
    state, area = document["state"], document["area"]
    numbers = (
        LocalNumber(
            kind=NumberKind(each["kind"]),
            state=state,
            area=area,
            name=each["name"],
            phone=each["phone"],
            verified_on=date.fromisoformat(each["verified_date"]),
            verifier_id=each["verifier_id"],
        )
        for each in document["numbers"]
    )
    return Area(document["_id"], state, area, tuple(numbers), version=document["version"])


def duty_document(entry: WarnEntry) -> Document:
    """A tenant's finding about one state."""
    duty = entry.duty
    return {
        "state": duty.state,
        "rule": duty.rule.value,
        "source": duty.source,
        "verified_date": duty.verified_on.isoformat() if duty.verified_on else "",
        "verifier_id": duty.verifier_id,
    }


def duty_from(document: Document) -> WarnEntry:
    """The finding as it was stored."""
    verified = document["verified_date"]
    duty = DutyToWarn(
        document["state"],
        WarnRule(document["rule"]),
        document["source"],
        date.fromisoformat(verified) if verified else None,
        document["verifier_id"],
    )
    return WarnEntry(document["_id"], duty, version=document["version"])


def _item(document: dict[str, Any]) -> SealedItem:
    return SealedItem(bytes(document["text_ciphertext"]), bytes(document["phone_ciphertext"]))


def _word(member: StrEnum | None) -> str:
    return member.value if member else ""


def _member(words: type[W], word: str) -> W | None:
    return words(word) if word else None
