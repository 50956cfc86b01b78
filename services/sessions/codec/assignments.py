"""Assignments: requests as commands, views as messages, texts as ciphertext and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import assignments_pb2 as pb
from haven.sessions.v1 import resources_pb2

from chassis.call import Call, Role
from chassis.decode import Fields
from chassis.store import Page, etag_of
from services.sessions.codec.attested import timestamp
from services.sessions.domain import assignment_commands as commands
from services.sessions.domain.answer import Answer
from services.sessions.domain.assignment import (
    MINUTES_OF_A_DAY,
    Assignment,
    AssignmentNotice,
    LocalDue,
    State,
)
from services.sessions.domain.assignment_commands import AssignmentView
from services.sessions.ports import Keeper

TITLE_LENGTH, INSTRUCTIONS_LENGTH, COMMENT_LENGTH = 120, 8000, 4000
MOST_PATIENTS = 50
STAFF = frozenset({Role.CLINICIAN, Role.SUPERVISOR})
STATES = {pb.AssignmentState.Value(f"ASSIGNMENT_STATE_{each.name}"): each for each in State}
STATE_NUMBERS = {state: number for number, state in STATES.items()}


class SealedLines:
    """See ports.assignments.Lines."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def seal(self, call: Call, text: str) -> bytes:
        """What was not said stays empty: a ciphertext of nothing would look like an answer."""
        return self._keeper.encrypt(call.tenant_id, text) if text else b""

    def seal_answer(self, call: Call, answer: Answer) -> bytes:
        """Text and numbers in one."""
        content = json.dumps({"text": answer.text, "numbers": answer.numbers})
        return self._keeper.encrypt(call.tenant_id, content)

    def view(self, call: Call, assignment: Assignment, *, is_brief: bool = False) -> AssignmentView:
        """Readable; a brief one has the title alone."""
        task, is_for_staff = assignment.task, bool(STAFF & call.actor.roles)
        title = self._open(call, task.title_ciphertext)
        if is_brief:
            return AssignmentView(assignment, title, is_for_staff=is_for_staff)
        return AssignmentView(
            assignment,
            title,
            self._open(call, task.instructions_ciphertext),
            tuple(self._answer(call, each.answer_ciphertext) for each in assignment.rounds),
            tuple(
                self._open(call, each.review.comment_ciphertext) if each.review else ""
                for each in assignment.rounds
            ),
            is_for_staff=is_for_staff,
        )

    def _open(self, call: Call, ciphertext: bytes) -> str:
        return self._keeper.reveal(call.tenant_id, ciphertext) if ciphertext else ""

    def _answer(self, call: Call, ciphertext: bytes) -> Answer:
        content = json.loads(self._keeper.reveal(call.tenant_id, ciphertext))
        return Answer(content["text"], tuple(content["numbers"]))


def hand_out(request: pb.HandOutAssignmentRequest) -> commands.HandOut:
    """What, to whom, and until when."""
    fields = Fields(request)
    command = commands.HandOut(
        session_id=fields.identifier("session_id"),
        patient_ids=fields.identifiers("patient_ids", high=MOST_PATIENTS),
        title=fields.text("title", TITLE_LENGTH),
        instructions=fields.text("instructions", INSTRUCTIONS_LENGTH),
        due=_due(fields),
    )
    fields.done()
    return command


def assignment_id(request: pb.GetAssignmentRequest) -> str:
    """Which one."""
    fields = Fields(request)
    id = fields.identifier("assignment_id")
    fields.done()
    return id


def list_assignments(request: pb.ListAssignmentsRequest) -> commands.ListAssignments:
    """Of whom, from where, in which states."""
    fields = Fields(request)
    command = commands.ListAssignments(
        patient_id=fields.optional_identifier("patient_id"),
        session_id=fields.optional_identifier("session_id"),
        states=fields.enums("states", STATES),
        is_overdue_only=request.is_overdue_only,
        page_size=request.page_size,
        page_token=request.page_token,
    )
    fields.done()
    return command


def submit(request: pb.SubmitAssignmentRequest) -> commands.Submit:
    """The text is not looked at here: what is refused is judged as well."""
    fields = Fields(request)
    answer = Answer(request.text, tuple(request.numbers))
    command = commands.Submit(fields.identifier("assignment_id"), answer)
    fields.done()
    return command


def review(request: pb.ReviewAssignmentRequest) -> commands.Judge:
    """It is accepted."""
    fields = Fields(request)
    command = commands.Judge(
        fields.identifier("assignment_id"),
        fields.optional_text("comment", COMMENT_LENGTH),
        fields.optional_text("etag", 64),
    )
    fields.done()
    return command


def give_back(request: pb.ReturnAssignmentRequest) -> commands.Judge:
    """It is to be done again, until when if they say so."""
    fields = Fields(request)
    command = commands.Judge(
        fields.identifier("assignment_id"),
        fields.text("comment", COMMENT_LENGTH),
        fields.optional_text("etag", 64),
        _due(fields) if fields.has("due_date") else None,
    )
    fields.done()
    return command


def withdraw(request: pb.WithdrawAssignmentRequest) -> commands.Withdraw:
    """Which one, as it was read."""
    fields = Fields(request)
    command = commands.Withdraw(
        fields.identifier("assignment_id"), fields.optional_text("etag", 64)
    )
    fields.done()
    return command


def zone_known(event: intake.PatientContactRecorded) -> commands.ZoneKnown:
    """The zone of what is told of a patient's contact; nothing else of it is kept here. One that is
    no zone counts as not said."""
    fields = Fields(event)
    known = commands.ZoneKnown(fields.identifier("patient_id"), _zone(event.time_zone))
    fields.done()
    return known


def handed_out(views: list[AssignmentView]) -> pb.HandOutAssignmentResponse:
    """One per patient."""
    return pb.HandOutAssignmentResponse(assignments=[message(each) for each in views])


def got(view: AssignmentView) -> pb.GetAssignmentResponse:
    """Everything about it."""
    return pb.GetAssignmentResponse(assignment=message(view))


def listed(page: Page[AssignmentView]) -> pb.ListAssignmentsResponse:
    """One page."""
    return pb.ListAssignmentsResponse(
        assignments=[message(each) for each in page.items], next_page_token=page.next_page_token
    )


def submitted(view: AssignmentView) -> pb.SubmitAssignmentResponse:
    """As handed in."""
    return pb.SubmitAssignmentResponse(assignment=message(view))


def reviewed(view: AssignmentView) -> pb.ReviewAssignmentResponse:
    """As accepted."""
    return pb.ReviewAssignmentResponse(assignment=message(view))


def returned(view: AssignmentView) -> pb.ReturnAssignmentResponse:
    """As given back."""
    return pb.ReturnAssignmentResponse(assignment=message(view))


def withdrawn(view: AssignmentView) -> pb.WithdrawAssignmentResponse:
    """As taken back."""
    return pb.WithdrawAssignmentResponse(assignment=message(view))


def notice(about: AssignmentNotice, alias: str) -> resources_pb2.AssignmentNotice:
    """For a private log: nothing of what it is about."""
    return resources_pb2.AssignmentNotice(
        assignment_id=about.assignment_id,
        session_id=about.session_id,
        state=STATE_NUMBERS[about.state],
        due_time=timestamp(about.due_time),
        alias=alias,
    )


def message(view: AssignmentView) -> pb.Assignment:
    """An assignment as its reader may see it."""
    assignment, task = view.assignment, view.assignment.task
    withdrawal = assignment.withdrawal
    return pb.Assignment(
        assignment_id=assignment.id,
        session_id=task.session_id,
        group_id=task.group_id,
        patient_id=assignment.patient_id,
        facilitator_id=task.facilitator_id,
        state=STATE_NUMBERS[assignment.state],
        title=view.title,
        instructions=view.instructions,
        due_time=timestamp(assignment.due_time),
        time_zone=assignment.time_zone,
        is_overdue=assignment.is_overdue,
        hand_out_time=timestamp(assignment.hand_out_time),
        rounds=_rounds(view),
        etag=etag_of(assignment),
        withdraw_time=timestamp(withdrawal.withdraw_time) if withdrawal else None,
        withdrawer_id=withdrawal.withdrawer_id if withdrawal and view.is_for_staff else "",
    )


def _rounds(view: AssignmentView) -> Iterator[pb.AssignmentRound]:
    shown = zip(view.assignment.rounds, view.answers, view.comments, strict=False)
    for each, answer, comment in shown:
        said = None
        if each.review is not None:
            said = pb.AssignmentReview(
                comment=comment,
                is_returned=each.review.is_returned,
                reviewer_id=each.review.reviewer_id if view.is_for_staff else "",
                review_time=timestamp(each.review.review_time),
            )
        yield pb.AssignmentRound(
            text=answer.text,
            numbers=answer.numbers,
            submit_time=timestamp(each.submit_time),
            is_late=each.is_late,
            review=said,
        )


def _due(fields: Fields) -> LocalDue:
    return LocalDue(fields.date("due_date"), fields.integer("due_minute", 0, MINUTES_OF_A_DAY - 1))


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return ""
