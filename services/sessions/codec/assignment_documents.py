"""Assignments as documents and back. Field names are those of the protos."""

from __future__ import annotations

from typing import Any

from chassis.store import Document
from services.sessions.domain.assignment import (
    Assignment,
    AssignmentNotice,
    Review,
    Round,
    State,
    Task,
    Withdrawal,
)


def assignment_document(assignment: Assignment) -> Document:
    """One patient's assignment; every text as ciphertext."""
    task = assignment.task
    return {
        "_id": assignment.id,
        "patient_id": assignment.patient_id,
        "session_id": task.session_id,
        "group_id": task.group_id,
        "facilitator_id": task.facilitator_id,
        "title_ciphertext": task.title_ciphertext,
        "instructions_ciphertext": task.instructions_ciphertext,
        "due_time": assignment.due_time,
        "time_zone": assignment.time_zone,
        "hand_out_time": assignment.hand_out_time,
        "state": assignment.state.value,
        "rounds": [_round_document(each) for each in assignment.rounds],
        "is_overdue": assignment.is_overdue,
        "remind_time": assignment.remind_time,
        "look_time": assignment.look_time,
        "withdrawal": _withdrawal_document(assignment.withdrawal),
    }


def assignment_from(document: Document) -> Assignment:
    """The assignment again."""
    return Assignment(
        id=document["_id"],
        patient_id=document["patient_id"],
        task=Task(
            session_id=document["session_id"],
            group_id=document["group_id"],
            facilitator_id=document["facilitator_id"],
            title_ciphertext=bytes(document["title_ciphertext"]),
            instructions_ciphertext=bytes(document["instructions_ciphertext"]),
        ),
        due_time=document["due_time"],
        time_zone=document["time_zone"],
        hand_out_time=document["hand_out_time"],
        state=State(document["state"]),
        rounds=tuple(_round_from(each) for each in document["rounds"]),
        is_overdue=document["is_overdue"],
        remind_time=document["remind_time"],
        look_time=document["look_time"],
        withdrawal=_withdrawal_from(document.get("withdrawal")),
    )


def notice_document(notice: AssignmentNotice) -> Document:
    """What a private log says of an assignment."""
    return {
        "assignment_id": notice.assignment_id,
        "session_id": notice.session_id,
        "state": notice.state.value,
        "due_time": notice.due_time,
    }


def notice_from(document: Document) -> AssignmentNotice:
    """The same again."""
    return AssignmentNotice(
        document["assignment_id"],
        document["session_id"],
        State(document["state"]),
        document["due_time"],
    )


def _withdrawal_document(withdrawal: Withdrawal | None) -> Document | None:
    if withdrawal is None:
        return None
    return {
        "withdrawer_id": withdrawal.withdrawer_id,
        "withdraw_time": withdrawal.withdraw_time,
    }


def _withdrawal_from(document: Document | None) -> Withdrawal | None:
    """Assignments of earlier releases have none."""
    if document is None:
        return None
    return Withdrawal(document["withdrawer_id"], document["withdraw_time"])


def _round_document(each: Round) -> dict[str, Any]:
    review = each.review
    return {
        "answer_ciphertext": each.answer_ciphertext,
        "submit_time": each.submit_time,
        "is_late": each.is_late,
        "review": None
        if review is None
        else {
            "comment_ciphertext": review.comment_ciphertext,
            "is_returned": review.is_returned,
            "reviewer_id": review.reviewer_id,
            "review_time": review.review_time,
        },
    }


def _round_from(document: dict[str, Any]) -> Round:
    said = document["review"]
    review = None
    if said is not None:
        review = Review(
            comment_ciphertext=bytes(said["comment_ciphertext"]),
            is_returned=said["is_returned"],
            reviewer_id=said["reviewer_id"],
            review_time=said["review_time"],
        )
    return Round(
        answer_ciphertext=bytes(document["answer_ciphertext"]),
        submit_time=document["submit_time"],
        is_late=document["is_late"],
        review=review,
    )
