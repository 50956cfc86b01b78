"""Requests about assignments and boards are read once; whatever is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest
from google.type.date_pb2 import Date
from haven.sessions.v1 import assignments_pb2
from haven.sessions.v1 import boards_pb2 as pb

from chassis.errors import InvalidArgument
from services.sessions.codec import assignments, boards

HAND_OUT = {
    "session_id": "s-1",
    "title": "Diary",
    "instructions": "Write",
    "due_date": Date(year=2026, month=3, day=6),
}
POST = {"group_id": "g-1", "number": 1}


def faults(read: Any, request: Any) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as error:
        read(request)
    return {each.field: each.reason for each in error.value.violations}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"session_id": ""}, {"session_id": "REQUIRED"}),
        ({"title": " "}, {"title": "REQUIRED"}),
        ({"title": "x" * 121}, {"title": "TOO_LONG"}),
        ({"instructions": "a\x00"}, {"instructions": "MALFORMED"}),
        ({"due_date": None}, {"due_date": "REQUIRED"}),
        ({"due_date": Date(year=2026, month=2, day=30)}, {"due_date": "MALFORMED"}),
        ({"due_minute": 1440}, {"due_minute": "OUT_OF_RANGE"}),
        ({"patient_ids": ["p-1", "p-1"]}, {"patient_ids[1]": "MALFORMED"}),
        ({"patient_ids": [f"p-{each}" for each in range(51)]}, {"patient_ids": "TOO_LONG"}),
    ],
)
def test_what_cannot_be_handed_out_is_named(changes: dict[str, Any], fault: dict[str, str]) -> None:
    request = assignments_pb2.HandOutAssignmentRequest(**{**HAND_OUT, **changes})
    assert faults(assignments.hand_out, request) == fault


def test_what_is_given_back_needs_a_word_and_a_day_only_if_it_is_named() -> None:
    request = assignments_pb2.ReturnAssignmentRequest(assignment_id="a-1", comment="again")
    assert assignments.give_back(request).due is None
    assert faults(
        assignments.give_back, assignments_pb2.ReturnAssignmentRequest(assignment_id="a-1")
    ) == {"comment": "REQUIRED"}


def test_a_list_of_a_state_that_does_not_exist_is_refused() -> None:
    request = assignments_pb2.ListAssignmentsRequest(states=[0])
    assert faults(assignments.list_assignments, request) == {"states[0]": "UNSPECIFIED"}


def test_words_are_read_whatever_they_are_so_that_they_can_be_judged() -> None:
    text = "x" * 100_000 + "\x00"
    handed_in = assignments_pb2.SubmitAssignmentRequest(assignment_id="a-1", text=text)
    assert assignments.submit(handed_in).answer.text == text
    written = pb.CreateBoardPostRequest(group_id="g-1", text=text)
    assert boards.create_post(written).text == text


@pytest.mark.parametrize(
    ("read", "request_", "reason"),
    [
        (
            boards.report_post,
            pb.ReportBoardPostRequest,
            pb.BOARD_REPORT_REASON_RULES,
        ),
        (boards.hide_post, pb.HideBoardPostRequest, pb.BOARD_DECISION_REASON_FINE),
        (boards.keep_post, pb.KeepBoardPostRequest, pb.BOARD_DECISION_REASON_HURTS),
    ],
)
def test_a_reason_of_another_act_is_refused(read: Any, request_: Any, reason: int) -> None:
    assert faults(read, request_(**POST, reason=reason)) == {"reason": "UNKNOWN"}
    assert faults(read, request_(**POST)) == {"reason": "UNSPECIFIED"}


def test_a_cursor_from_before_the_beginning_is_refused() -> None:
    request = pb.WatchBoardRequest(group_id="g-1", cursor=-1)
    assert faults(boards.watch_board, request) == {"cursor": "OUT_OF_RANGE"}
