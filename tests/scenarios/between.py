"""Every RPC of assignments and boards that the story does not need: between two sessions."""

from __future__ import annotations

from haven.sessions.v1 import assignments_pb2 as assignments
from haven.sessions.v1 import boards_pb2 as boards

from cli.demo.cast import SUPERVISOR, Story


def play(story: Story) -> None:
    """Ask them all."""
    _assignment(story)
    _taken_back(story)
    _board(story)


def _assignment(story: Story) -> None:
    ask, id = story.world.ask, story.ids["assignment"]
    patient, lead = story.patient("second-patient"), story.people["facilitator"]
    ask(patient, assignments.ListAssignmentsRequest(patient_id=patient.subject))
    for text in ("Sample answer", "Another sample answer"):
        ask(patient, assignments.SubmitAssignmentRequest(assignment_id=id, text=text, numbers=[3]))
        etag = ask(lead, assignments.GetAssignmentRequest(assignment_id=id)).assignment.etag
        if text == "Sample answer":
            again = {"comment": "Sample comment", "etag": etag}
            ask(lead, assignments.ReturnAssignmentRequest(assignment_id=id, **again))
    ask(lead, assignments.ReviewAssignmentRequest(assignment_id=id, etag=etag))
    read = ask(patient, assignments.GetAssignmentRequest(assignment_id=id)).assignment
    assert read.title == "Sample diary"
    assert [each.text for each in read.rounds] == ["Sample answer", "Another sample answer"]


def _taken_back(story: Story) -> None:
    """Who did not come was given something to do as well; their facilitator takes it back."""
    ask, patient, lead = story.world.ask, story.patient("missing"), story.people["facilitator"]
    (own, *_) = ask(
        patient, assignments.ListAssignmentsRequest(patient_id=patient.subject)
    ).assignments
    taken = ask(lead, assignments.WithdrawAssignmentRequest(assignment_id=own.assignment_id))
    assert taken.assignment.state == assignments.ASSIGNMENT_STATE_WITHDRAWN
    assert not ask(
        patient, assignments.ListAssignmentsRequest(patient_id=patient.subject)
    ).assignments


def _board(story: Story) -> None:
    """The first patient and the facilitator write; the patient asks to look at what was written."""
    ask, group = story.world.ask, {"group_id": story.ids["group"]}
    patient, lead = story.patient("first"), story.people["facilitator"]
    first, second = (
        ask(person, boards.CreateBoardPostRequest(**group, text="Sample post")).board_post.number
        for person in (patient, lead)
    )
    (newest, *_) = ask(patient, boards.ListBoardPostsRequest(**group)).board_posts
    assert (newest.number, newest.patient_id) == (second, "")
    for number in (first, second):
        reason = boards.BOARD_REPORT_REASON_OTHER
        ask(patient, boards.ReportBoardPostRequest(**group, number=number, reason=reason))
    assert len(ask(lead, boards.ListBoardReportsRequest(**group)).board_reports) == 2
    fine, topic = boards.BOARD_DECISION_REASON_FINE, boards.BOARD_DECISION_REASON_OFF_TOPIC
    ask(lead, boards.KeepBoardPostRequest(**group, number=first, reason=fine))
    ask(SUPERVISOR, boards.HideBoardPostRequest(**group, number=second, reason=topic))
