"""Handed out in a room, handed in at home, looked at by staff; and nothing of it is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Call, RequestOnce, Role
from chassis.errors import (
    Aborted,
    FailedPrecondition,
    HavenError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
)
from chassis.store import AlreadyAnswered
from services.sessions.codec import assignments as codec
from services.sessions.codec import frames
from services.sessions.domain.answer import Answer
from services.sessions.domain.assignment import AssignmentNotice, LocalDue, State
from services.sessions.domain.assignment_commands import (
    AssignmentView,
    HandOut,
    Judge,
    ListAssignments,
    Submit,
)
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Lead
from tests.unit.sessions.ward import Ward, a_call, by_facilitator, by_patient

WORRYING = "I want to kill myself"
FRIDAY = LocalDue(date(2026, 3, 6), 18 * 60)


@pytest.fixture
def ward() -> Ward:
    """An open room with p-1 in it; p-2 has a seat and is away."""
    made = Ward()
    made.opens()
    made.enters(by_patient())
    return made


def hands_out(ward: Ward, *patient_ids: str, call: Call | None = None) -> list[AssignmentView]:
    command = HandOut("s-1", patient_ids, "Sleep diary", "Write down when you slept.", FRIDAY)
    return ward.sessions.assignments.hand_out(call or by_facilitator(), command)


def submits(ward: Ward, id: str, text: str = "I slept well", **changes: Any) -> AssignmentView:
    command = Submit(id, Answer(text, changes.pop("numbers", ())))
    return ward.sessions.assignments.submit(changes.pop("call", by_patient()), command)


def listed(ward: Ward, call: Call, **changes: Any) -> list[AssignmentView]:
    values = {
        "patient_id": "",
        "session_id": "",
        "states": (),
        "is_overdue_only": False,
        "page_size": 10,
        "page_token": "",
    }
    asked = ListAssignments(**{**values, **changes})
    return ward.sessions.assignment_queries.page(call, asked).items


def notices(ward: Ward, person_id: str) -> list[State]:
    told = [each.about for each in ward.private(person_id)]
    return [each.state for each in told if isinstance(each, AssignmentNotice)]


def risks(ward: Ward) -> list[Any]:
    return ward.store.emitted(sessions.ChatRiskRaised)


def once(call: Call, key: str = "r-1") -> Call:
    return replace(call, once=RequestOnce(key, "Any", b"f", lambda _: b""))


def test_everybody_in_the_room_gets_their_own_and_hears_of_it(ward: Ward) -> None:
    ward.enters(by_patient("p-2"))
    given = hands_out(ward)
    assert sorted(each.assignment.patient_id for each in given) == ["p-1", "p-2"]
    assert (notices(ward, "p-1"), notices(ward, "p-2")) == ([State.ASSIGNED], [State.ASSIGNED])


def test_a_patient_who_is_away_finds_it_in_their_list(ward: Ward) -> None:
    hands_out(ward, "p-2")
    (found,) = listed(ward, by_patient("p-2"), patient_id="p-2")
    assert (found.title, found.instructions) == ("Sleep diary", "")
    assert listed(ward, by_patient(), patient_id="p-1") == []


def test_the_same_request_hands_out_once(ward: Ward) -> None:
    hands_out(ward, call=once(by_facilitator()))
    with pytest.raises(AlreadyAnswered):
        hands_out(ward, call=once(by_facilitator()))
    assert len(ward.store.documents("assignments")) == 1


def test_words_rest_as_ciphertext_and_peers_see_nothing(ward: Ward) -> None:
    before = ward.room()
    answering = RequestOnce(
        "r", "A", b"f", lambda views: codec.handed_out(views).SerializeToString()
    )
    (given,) = hands_out(ward, call=replace(by_facilitator(), once=answering))
    keeping = RequestOnce("r", "B", b"f", lambda view: codec.submitted(view).SerializeToString())
    id, call = given.assignment.id, replace(by_patient(), once=keeping)
    submits(ward, id, "I slept well", call=call)
    assert len(ward.store.documents("idempotency_keys")) == 2
    resting = str(ward.store.documents("assignments")) + str(ward.store.documents("private_events"))
    resting += str(ward.store.documents("idempotency_keys"))
    for words in ("Sleep diary", "Write down", "slept well"):
        assert words not in resting
    assert ward.room() == before


@pytest.mark.parametrize(
    ("leader", "patients", "reason"),
    [
        ("f-2", (), "NOT_FACILITATOR"),
        ("f-1", ("p-9",), "NOT_FOUND"),
    ],
)
def test_a_hand_out_that_is_not_theirs_to_make_is_refused_whole(
    ward: Ward, leader: str, patients: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(HavenError) as refused:
        hands_out(ward, *(("p-1", *patients) if patients else ()), call=by_facilitator(leader))
    assert refused.value.reason == reason
    assert ward.store.documents("assignments") == []
    assert notices(ward, "p-1") == []


def test_without_anybody_in_the_room_nobody_is_meant() -> None:
    ward = Ward()
    ward.opens()
    with pytest.raises(FailedPrecondition) as refused:
        hands_out(ward)
    assert refused.value.reason == "NOBODY_PRESENT"


def test_before_and_after_the_session_nothing_is_handed_out(ward: Ward) -> None:
    ward.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    with pytest.raises(FailedPrecondition) as refused:
        hands_out(ward, "p-1")
    assert refused.value.reason == "SESSION_ENDED"


def test_who_took_consent_back_is_given_nothing(ward: Ward) -> None:
    ward.hears(intake.ConsentRevoked(consent_id="c", patient_id="p-1", scope="treatment"))
    assert hands_out(ward) == []
    with pytest.raises(FailedPrecondition) as refused:
        hands_out(ward, "p-1")
    assert refused.value.reason == "CONSENT_REVOKED"


def test_it_is_due_where_each_patient_is(ward: Ward) -> None:
    ward.hears(intake.PatientContactRecorded(patient_id="p-2", time_zone="America/Los_Angeles"), 2)
    ward.hears(intake.PatientContactRecorded(patient_id="p-2", time_zone="Asia/Tokyo"), 1)
    ward.hears(intake.PatientContactRecorded(patient_id="p-1", time_zone="nowhere"))
    zones = {each.assignment.patient_id: each for each in hands_out(ward, "p-1", "p-2")}
    assert zones["p-1"].assignment.time_zone == "America/New_York"
    assert zones["p-2"].assignment.time_zone == "America/Los_Angeles"
    late = zones["p-2"].assignment.due_time - zones["p-1"].assignment.due_time
    assert late.total_seconds() == 3 * 3600
    assert "email" not in str(ward.store.documents("patient_time_zones"))


def test_it_goes_back_and_forth_until_it_is_accepted(ward: Ward) -> None:
    (given,) = hands_out(ward)
    id = given.assignment.id
    submits(ward, id, "bad", numbers=(3.0,))
    acts = ward.sessions.assignments
    acts.give_back(by_facilitator(), Judge(id, "Please say more", ""))
    submits(ward, id, "worse than last week")
    acts.review(by_facilitator(), Judge(id, "Thank you", ""))

    assert notices(ward, "p-1") == [State.ASSIGNED, State.RETURNED, State.REVIEWED]
    assert notices(ward, "f-1") == [State.SUBMITTED, State.SUBMITTED]
    shown = codec.got(ward.sessions.assignment_queries.get(by_patient(), id)).assignment
    assert [each.text for each in shown.rounds] == ["bad", "worse than last week"]
    assert [each.review.comment for each in shown.rounds] == ["Please say more", "Thank you"]
    assert (list(shown.rounds[0].numbers), shown.rounds[0].review.reviewer_id) == ([3.0], "")


def test_what_was_handed_in_again_is_not_accepted_unread(ward: Ward) -> None:
    (given,) = hands_out(ward)
    etag = codec.message(submits(ward, given.assignment.id)).etag
    acts, id = ward.sessions.assignments, given.assignment.id
    acts.give_back(by_facilitator(), Judge(id, "more", etag))
    submits(ward, id)
    with pytest.raises(Aborted) as refused:
        acts.review(by_facilitator(), Judge(id, "", etag))
    assert refused.value.reason == "ETAG_STALE"


def test_only_who_handed_it_out_or_a_supervisor_looks_at_it(ward: Ward) -> None:
    (given,) = hands_out(ward)
    submits(ward, given.assignment.id)
    judge = Judge(given.assignment.id, "", "")
    with pytest.raises(PermissionDenied):
        ward.sessions.assignments.review(by_facilitator("f-2"), judge)
    ward.sessions.assignments.review(a_call("v-1", Role.SUPERVISOR), judge)


def test_another_patients_assignment_does_not_exist(ward: Ward) -> None:
    (given,) = hands_out(ward)
    for act in (
        lambda: submits(ward, given.assignment.id, call=by_patient("p-2")),
        lambda: ward.sessions.assignment_queries.get(by_patient("p-2"), given.assignment.id),
        lambda: listed(ward, by_patient("p-2"), patient_id="p-1"),
        lambda: listed(ward, by_patient("p-2")),
    ):
        with pytest.raises(NotFound):
            act()


def test_words_that_worry_are_told_to_staff_and_crisis_once(ward: Ward) -> None:
    (given,) = hands_out(ward)
    call = once(by_patient(), "r-2")
    submits(ward, given.assignment.id, WORRYING, call=call)
    with pytest.raises(AlreadyAnswered):
        submits(ward, given.assignment.id, WORRYING, call=call)
    (event,) = risks(ward)
    assert (event.assignment_id, event.number, event.patient_id) == (
        given.assignment.id,
        1,
        "p-1",
    )
    assert event.location.state == "VA"
    (told,) = [each for each in ward.private("f-1") if isinstance(each.about, ChatRisk)]
    frame = frames.private_event(told, call_number="988", for_staff=True).private_event.chat_risk
    assert (frame.alias, frame.assignment_id) == ("Blue Heron 4", given.assignment.id)
    assert "kill" not in str(event)


@pytest.mark.parametrize("text", [WORRYING + " because" * 2000, WORRYING + "\x00"])
def test_refused_words_that_worry_are_told_all_the_same_and_once(ward: Ward, text: str) -> None:
    (given,) = hands_out(ward)
    for _ in range(2):
        with pytest.raises(InvalidArgument):
            submits(ward, given.assignment.id, text, call=once(by_patient(), "r-3"))
    (event,) = risks(ward)
    assert event.number == 0
    assert ward.store.documents("assignments")[0]["rounds"] == []


@pytest.mark.parametrize("id", ["nowhere", ""])
def test_words_for_an_assignment_that_is_not_there_are_heard_by_crisis(ward: Ward, id: str) -> None:
    with pytest.raises(NotFound):
        submits(ward, id, WORRYING)
    assert [each.patient_id for each in risks(ward)] == ["p-1"]
    assert ward.private("f-1") == []


def test_words_handed_in_too_late_are_heard(ward: Ward) -> None:
    (given,) = hands_out(ward)
    ward.pass_time(days=40)
    ward.rings()
    with pytest.raises(FailedPrecondition) as refused:
        submits(ward, given.assignment.id, WORRYING)
    assert refused.value.reason == "ASSIGNMENT_EXPIRED"
    assert len(risks(ward)) == 1


def test_staff_see_what_is_overdue_and_patients_are_reminded(ward: Ward) -> None:
    first, second = hands_out(ward, "p-1", "p-2")
    ward.pass_time(days=4)
    ward.rings()
    submits(ward, first.assignment.id)
    ward.pass_time(days=1)
    ward.rings()
    ward.rings()
    asked = ward.store.emitted(sessions.AssignmentReminderRequested)
    soon, over = sessions.AssignmentReminderKind.values()[1:]
    kinds = [(each.patient_id, each.kind) for each in asked]
    assert sorted(kinds) == [("p-1", soon), ("p-2", soon), ("p-2", over)]
    assert len({each.reminder_id for each in asked}) == 3
    overdue = listed(ward, by_facilitator(), is_overdue_only=True)
    assert [each.assignment.id for each in overdue] == [second.assignment.id]


def test_everything_that_is_shown_is_in_the_trail_of_whose_it_is(ward: Ward) -> None:
    hands_out(ward, "p-1", "p-2")
    rows = len(ward.store.documents("audit_entries"))
    listed(ward, by_facilitator(), session_id="s-1")
    fresh = ward.store.documents("audit_entries")[rows:]
    assert {row["patient_id"] for row in fresh} == {"p-1", "p-2"}


def test_a_list_of_a_patient_or_session_that_nobody_knows_is_not_found(ward: Ward) -> None:
    for changes in ({"patient_id": "p-9"}, {"session_id": "s-9"}):
        with pytest.raises(NotFound):
            listed(ward, by_facilitator(), **changes)
