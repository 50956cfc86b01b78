"""Screenings."""

from __future__ import annotations

from chassis.store import Document
from services.intake.domain.answers import Answer, Unread
from services.intake.domain.scoring import Score, ScoreMethod
from services.intake.domain.screening import Screening, ScreeningState
from services.intake.domain.tier import Tier


def screening_document(screening: Screening) -> Document:
    """As it is stored."""
    return {
        "patient_id": screening.patient_id,
        "instrument": screening.instrument_id,
        "instrument_version": screening.instrument_version,
        "is_part2_protected": screening.is_part2_protected,
        "state": screening.state.value,
        # A list: an item code is a value, not the name of a field.
        "answers": [_answer_document(*each) for each in screening.answers.items()],
        "tier": screening.raised_tier.word,
        "score": _score_document(screening.score),
        "is_safety_item_unanswered": screening.is_safety_item_unanswered,
        "leave_deadline_time": screening.leave_deadline_time,
        "complete_time": screening.complete_time,
    }


def screening_from(document: Document) -> Screening:
    """As it was stored."""
    return Screening(
        id=document["_id"],
        patient_id=document["patient_id"],
        instrument_id=document["instrument"],
        instrument_version=document["instrument_version"],
        is_part2_protected=document["is_part2_protected"],
        state=ScreeningState(document["state"]),
        answers={each["item_code"]: _answer_from(each) for each in document["answers"]},
        raised_tier=Tier[document["tier"].upper()],
        score=_score_from(document["score"]),
        is_safety_item_unanswered=document["is_safety_item_unanswered"],
        leave_deadline_time=document["leave_deadline_time"],
        complete_time=document["complete_time"],
        create_time=document["create_time"],
        update_time=document["update_time"],
    )


def _answer_document(item_code: str, answer: Answer) -> Document:
    """Neither value nor fault = skipped. What could not be read is not kept."""
    if isinstance(answer, Unread):
        return {"item_code": item_code, "value": None, "fault": answer.value}
    return {"item_code": item_code, "value": answer}


def _answer_from(document: Document) -> Answer:
    if fault := document.get("fault"):
        return Unread(fault)
    value: int | None = document["value"]
    return value


def _score_document(score: Score | None) -> Document | None:
    if score is None:
        return None
    return {
        "value": score.value,
        "method": score.method.value,
        "missing": score.missing,
        "band": score.band,
    }


def _score_from(document: Document | None) -> Score | None:
    if document is None:
        return None
    return Score(
        value=document["value"],
        method=ScoreMethod(document["method"]),
        missing=document["missing"],
        band=document["band"],
    )
