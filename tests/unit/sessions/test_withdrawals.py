"""What was handed out is taken back: nobody waits for it, and nothing that was said is lost."""

from __future__ import annotations

import pytest
from haven.sessions.v1 import assignments_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call, Role
from chassis.errors import HavenError
from chassis.store import AlreadyAnswered
from services.sessions.codec import assignments as codec
from services.sessions.domain.assignment import State
from services.sessions.domain.assignment_commands import Judge, Withdraw
from tests.unit.sessions.test_assignments import (
    WORRYING,
    hands_out,
    listed,
    notices,
    once,
    risks,
    submits,
)
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient


@pytest.fixture
def ward() -> Ward:
    """An open room with p-1 in it; p-2 has a seat and is away."""
    made = Ward()
    made.opens()
    made.enters(by_patient())
    return made


def given(ward: Ward) -> str:
    (view,) = hands_out(ward, "p-1")
    return view.assignment.id


def withdraws(ward: Ward, id: str, call: Call | None = None, etag: str = "") -> pb.Assignment:
    view = ward.sessions.assignments.withdraw(call or by_facilitator(), Withdraw(id, etag))
    return codec.withdrawn(view).assignment


def reason_of(ward: Ward, id: str, call: Call | None = None, etag: str = "") -> str:
    with pytest.raises(HavenError) as refused:
        withdraws(ward, id, call, etag)
    return refused.value.reason


def test_the_patient_hears_that_it_is_withdrawn_and_finds_it_in_their_list_no_more(
    ward: Ward,
) -> None:
    id = given(ward)
    told = withdraws(ward, id)
    assert (told.state, told.withdrawer_id) == (pb.ASSIGNMENT_STATE_WITHDRAWN, "f-1")
    assert notices(ward, "p-1") == [State.ASSIGNED, State.WITHDRAWN]
    assert listed(ward, by_patient(), patient_id="p-1") == []
    (asked_for,) = listed(ward, by_patient(), patient_id="p-1", states=(State.WITHDRAWN,))
    assert codec.message(asked_for).withdrawer_id == ""


def test_nobody_is_reminded_of_it_and_staff_has_no_overdue_task(ward: Ward) -> None:
    withdraws(ward, given(ward))
    for _ in range(30):
        ward.pass_time(days=1)
        ward.rings()
    assert ward.store.emitted(sessions.AssignmentReminderRequested) == []
    assert listed(ward, by_facilitator(), is_overdue_only=True) == []


def test_one_that_is_overdue_is_overdue_no_more(ward: Ward) -> None:
    id = given(ward)
    ward.pass_time(days=5)
    ward.rings()
    assert listed(ward, by_facilitator(), is_overdue_only=True)
    withdraws(ward, id)
    assert listed(ward, by_facilitator(), is_overdue_only=True) == []


def test_what_was_handed_in_stays_readable_to_staff(ward: Ward) -> None:
    id = given(ward)
    submits(ward, id, "I slept badly")
    withdraws(ward, id)
    shown = codec.got(ward.sessions.assignment_queries.get(by_facilitator(), id)).assignment
    assert [each.text for each in shown.rounds] == ["I slept badly"]
    assert [each.assignment.id for each in listed(ward, by_facilitator())] == [id]


def test_it_is_on_record_and_happens_once_for_its_request(ward: Ward) -> None:
    id = given(ward)
    rows = len(ward.store.documents("audit_entries"))
    withdraws(ward, id, once(by_facilitator()))
    with pytest.raises(AlreadyAnswered):
        withdraws(ward, id, once(by_facilitator()))
    fresh = ward.store.documents("audit_entries")[rows:]
    assert {row["patient_id"] for row in fresh} == {"p-1"}
    assert notices(ward, "p-1").count(State.WITHDRAWN) == 1


def test_words_handed_in_afterwards_are_refused_and_heard(ward: Ward) -> None:
    id = given(ward)
    withdraws(ward, id)
    with pytest.raises(HavenError) as refused:
        submits(ward, id, WORRYING)
    assert refused.value.reason == "ASSIGNMENT_WITHDRAWN"
    assert len(risks(ward)) == 1


def test_any_staff_of_the_group_withdraws_it_and_nobody_else(ward: Ward) -> None:
    assert reason_of(ward, given(ward), by_facilitator("f-2")) == "NOT_FACILITATOR"
    ward.schedules(session_id="s-2", facilitator_id="f-2")
    withdraws(ward, given(ward), by_facilitator("f-2"))
    withdraws(ward, given(ward), a_call("v-1", Role.SUPERVISOR))
    assert reason_of(ward, "nowhere") == "NOT_FOUND"


def test_what_was_accepted_is_not_withdrawn_and_nothing_is_twice(ward: Ward) -> None:
    id = given(ward)
    etag = codec.message(submits(ward, id)).etag
    ward.sessions.assignments.give_back(by_facilitator(), Judge(id, "more", ""))
    assert reason_of(ward, id, etag=etag) == "ETAG_STALE"
    submits(ward, id)
    ward.sessions.assignments.review(by_facilitator(), Judge(id, "", ""))
    assert reason_of(ward, id) == "ASSIGNMENT_REVIEWED"
    other = given(ward)
    withdraws(ward, other)
    assert reason_of(ward, other) == "ASSIGNMENT_WITHDRAWN"
