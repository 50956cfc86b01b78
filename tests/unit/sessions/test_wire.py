"""Requests are read once; whatever is wrong with them is named."""

from __future__ import annotations

from uuid import uuid4

import pytest
from haven.scheduling.v1 import resources_pb2 as scheduling_resources
from haven.sessions.v1 import sessions_pb2

from chassis.errors import InvalidArgument
from services.sessions.codec import frames, wire
from services.sessions.codec.events import GROUP_KINDS
from services.sessions.domain.group import GroupKind

PLACE = {
    "patient_id": "p-1",
    "state": "VA",
    "address": "12 Elm Street",
    "callback_number": "+1 (555) 010-0100",
}


def faults(changes: dict[str, str]) -> dict[str, str]:
    with pytest.raises(InvalidArgument) as error:
        wire.attest_location(sessions_pb2.AttestLocationRequest(**{**PLACE, **changes}))
    return {each.field: each.reason for each in error.value.violations}


@pytest.mark.parametrize(
    "number", ["+1 (555) 010-0100", "5550100", "555.010.0100", "+44 20 7946 0100"]
)
def test_numbers_are_taken_as_people_write_them(number: str) -> None:
    request = sessions_pb2.AttestLocationRequest(**{**PLACE, "callback_number": number})
    assert wire.attest_location(request).callback_number == number


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"state": "XX"}, {"state": "UNKNOWN"}),
        ({"state": "va"}, {"state": "UNKNOWN"}),
        ({"state": ""}, {"state": "REQUIRED"}),
        ({"address": " "}, {"address": "REQUIRED"}),
        ({"callback_number": "call me"}, {"callback_number": "MALFORMED"}),
        ({"callback_number": "911"}, {"callback_number": "MALFORMED"}),
        ({"patient_id": "a b"}, {"patient_id": "MALFORMED"}),
    ],
)
def test_a_place_that_helps_nobody_is_refused(
    changes: dict[str, str], fault: dict[str, str]
) -> None:
    assert faults(changes) == fault


def test_who_is_there_and_the_plan_for_a_lost_line_may_be_left_unsaid() -> None:
    request = sessions_pb2.AttestLocationRequest(**PLACE)
    command = wire.attest_location(request)
    assert (command.others_present, command.disconnection_plan) == ("", "")


@pytest.mark.parametrize("field", ["others_present", "disconnection_plan"])
def test_what_is_said_about_a_place_has_a_length(field: str) -> None:
    assert faults({field: "a" * 301}) == {field: "TOO_LONG"}


def test_all_faults_come_in_one_answer() -> None:
    assert set(faults({"state": "", "address": "", "callback_number": ""})) == {
        "state",
        "address",
        "callback_number",
    }


def test_no_fault_repeats_what_was_given() -> None:
    with pytest.raises(InvalidArgument) as error:
        wire.attest_location(
            sessions_pb2.AttestLocationRequest(**{**PLACE, "callback_number": "ring 5x5"})
        )
    assert "5x5" not in f"{error.value.text} {error.value.violations}"


@pytest.mark.parametrize("request_id", ["", "one", "6c4b6c1c8f0a"])
def test_a_signal_by_request_needs_a_uuid(request_id: str) -> None:
    request = sessions_pb2.RaiseSafetySignalRequest(request_id=request_id, patient_id="p-1")
    with pytest.raises(InvalidArgument):
        wire.raise_safety_signal(request)


def test_a_signal_is_not_refused_for_what_it_says_about_its_session() -> None:
    request = sessions_pb2.RaiseSafetySignalRequest(
        request_id=str(uuid4()), patient_id="p-1", session_id="?" * 500
    )
    assert wire.raise_safety_signal(request).session_id == "?" * 64


def test_a_hello_with_negative_cursors_means_the_beginning() -> None:
    hello = sessions_pb2.Hello(session_id="s-1", room_cursor=-5, private_cursor=-1)
    entrance = frames.enter(hello, "c-1")
    assert (entrance.room_cursor, entrance.private_cursor) == (0, 0)


def test_a_hello_without_a_private_cursor_means_from_now_on() -> None:
    entrance = frames.enter(sessions_pb2.Hello(session_id="s-1"), "c-1")
    assert entrance.private_cursor is None


def test_what_a_hello_brings_to_open_the_door_is_read_up_to_a_length() -> None:
    hello = sessions_pb2.Hello(session_id="s-1", join_ticket="t" * 500, resume_token="r")
    entrance = frames.enter(hello, "c-1")
    assert (entrance.join_ticket, entrance.resume_token) == ("t" * 128, "r")
    assert not entrance.is_again


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (scheduling_resources.GROUP_KIND_PROCESS, GroupKind.PROCESS),
        (scheduling_resources.GROUP_KIND_SKILLS, GroupKind.SKILLS),
        (scheduling_resources.GROUP_KIND_EDUCATION, GroupKind.EDUCATION),
        (scheduling_resources.GROUP_KIND_UNSPECIFIED, GroupKind.UNKNOWN),
        (99, GroupKind.UNKNOWN),
    ],
)
def test_a_group_of_a_kind_that_is_not_known_has_an_open_door(
    kind: scheduling_resources.GroupKind.ValueType, known: GroupKind
) -> None:
    assert GROUP_KINDS.get(kind, GroupKind.UNKNOWN) is known
