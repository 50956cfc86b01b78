"""A group's people write to each other between sessions, as aliases, while they are its people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from haven.intake.v1 import events_pb2 as intake
from haven.scheduling.v1 import events_pb2 as scheduling

from chassis.call import Call, RequestOnce, Role
from chassis.errors import (
    FailedPrecondition,
    HavenError,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
)
from chassis.store import AlreadyAnswered
from services.sessions.codec import boards as codec
from services.sessions.domain.board_commands import ListPosts
from services.sessions.domain.chat import ChatRisk
from services.sessions.domain.commands import Lead
from tests.unit.sessions.noticeboard import WORRYING, Noticeboard
from tests.unit.sessions.ward import a_call, by_facilitator, by_patient


@pytest.fixture
def board() -> Noticeboard:
    return Noticeboard()


def once(call: Call, key: str = "r-1") -> Call:
    return replace(call, once=RequestOnce(key, "Any", b"f", lambda _: b""))


def of_everything(board: Noticeboard, call: Call) -> list[Callable[[], object]]:
    """All that somebody may try on a board."""
    return [
        lambda: board.posts("words", call),
        lambda: board.reads(call),
        lambda: board.reports(1, call),
        lambda: board.sessions.boards.queries.enter(call, "g-1", 0),
        lambda: board.sessions.boards.queries.still(call, "g-1"),
    ]


def refusals(board: Noticeboard, call: Call) -> set[str]:
    found = set()
    for act in of_everything(board, call):
        with pytest.raises(HavenError) as refused:
            act()
        found.add(refused.value.reason)
    return found


def test_what_is_written_is_numbered_and_read_newest_first(board: Noticeboard) -> None:
    numbers = [
        board.posts("Good morning"),
        board.posts("And to you", by_patient("p-2"), reply_number=1),
        board.posts("See you on Friday", by_facilitator()),
    ]
    assert numbers == [1, 2, 3]
    read = board.reads(by_patient("p-2"))
    assert [(each.number, each.alias, each.reply_number) for each in read] == [
        (3, "Facilitator", 0),
        (2, "Red Fox 7", 1),
        (1, "Blue Heron 4", 0),
    ]
    assert [each.is_own for each in read] == [False, True, False]


def test_a_page_goes_on_where_the_last_one_ended_though_somebody_writes(
    board: Noticeboard,
) -> None:
    for number in range(5):
        board.posts(f"words {number}")
    queries, call = board.sessions.boards.queries, by_patient()
    first = queries.posts(call, ListPosts("g-1", 2, ""))
    board.posts("meanwhile")
    second = queries.posts(call, ListPosts("g-1", 2, first.next_page_token))
    assert [each.event.number for each in (*first.items, *second.items)] == [5, 4, 3, 2]


def test_peers_never_see_who_somebody_is_and_staff_do(board: Noticeboard) -> None:
    board.posts("Good morning")
    board.posts("words", by_facilitator())
    for each in board.reads(by_patient("p-2")):
        assert b"p-1" not in each.SerializeToString()
        assert b"f-1" not in each.SerializeToString()
    assert all(b"p-1" not in each.SerializeToString() for each in board.events())
    assert [each.patient_id for each in board.reads(by_facilitator())] == ["", "p-1"]


def test_the_same_request_writes_once(board: Noticeboard) -> None:
    board.posts("words", once(by_patient()))
    with pytest.raises(AlreadyAnswered):
        board.posts("words", once(by_patient()))
    assert len(board.events()) == 1


def test_the_answer_that_is_kept_for_a_repeat_has_no_words(board: Noticeboard) -> None:
    kept = RequestOnce("r", "A", b"f", lambda view: codec.created(view).SerializeToString())
    board.posts("quite secret", replace(by_patient(), once=kept))
    (row,) = board.store.documents("idempotency_keys")
    assert b"secret" not in row["answer"]


def test_who_has_no_seat_finds_no_board(board: Noticeboard) -> None:
    board.posts("words")
    assert refusals(board, by_patient("p-9")) == {"NOT_FOUND"}


def test_who_is_enrolled_is_a_member_and_who_leaves_is_none_at_once(board: Noticeboard) -> None:
    board.posts("words")
    board.hears(
        scheduling.SeriesEnrolled(enrollment_id="e-1", patient_id="p-3", session_ids=["s-1"]), 1
    )
    assert len(board.reads(by_patient("p-3"))) == 1
    board.hears(
        scheduling.SeatReleased(enrollment_id="e-1", patient_id="p-3", session_ids=["s-1"]), 2
    )
    assert refusals(board, by_patient("p-3")) == {"NOT_FOUND"}


def test_a_consent_taken_back_closes_the_board_at_once(board: Noticeboard) -> None:
    board.posts("words")
    lost = {"consent_id": "c", "patient_id": "p-1", "scope": "group_participation"}
    board.hears(intake.ConsentRevoked(**lost))
    assert refusals(board, by_patient()) == {"CONSENT_REVOKED"}


def test_when_the_last_session_is_over_the_board_is_too_but_not_for_its_staff(
    board: Noticeboard,
) -> None:
    board.posts("words")
    board.starts()
    board.sessions.rooms.end(by_facilitator(), Lead("s-1"))
    assert refusals(board, by_patient()) == {"NOT_FOUND"}
    assert len(board.reads(by_facilitator())) == 1


def test_clinicians_of_other_groups_see_nothing_and_supervisors_see_all(
    board: Noticeboard,
) -> None:
    board.posts("words")
    with pytest.raises(PermissionDenied):
        board.reads(by_facilitator("f-2"))
    assert len(board.reads(a_call("v-1", Role.SUPERVISOR))) == 1


def test_without_an_alias_nobody_writes(board: Noticeboard) -> None:
    board.schedules(2, patient_ids=["p-1", "p-3"])
    with pytest.raises(Unavailable) as refused:
        board.posts(WORRYING, by_patient("p-3"))
    assert refused.value.reason == "ALIAS_PENDING"
    assert [each.patient_id for each in board.risks()] == ["p-3"]


def test_words_that_were_refused_and_are_accepted_later_are_one_fact(board: Noticeboard) -> None:
    board.schedules(2, patient_ids=["p-1", "p-3"])
    with pytest.raises(Unavailable):
        board.posts(WORRYING, once(by_patient("p-3")))
    board.names("p-3", "Grey Owl 3")
    number = board.posts(WORRYING, once(by_patient("p-3")))
    assert len(board.risks()) == 1
    told = [each.about for each in board.private("f-1") if isinstance(each.about, ChatRisk)]
    assert [each.number for each in told] == [0, number]
    assert [each.post.number for each in board.queue()] == [number]


@pytest.mark.parametrize("number", [1, 2, 9])
def test_only_a_post_that_can_be_read_can_be_answered(board: Noticeboard, number: int) -> None:
    board.posts("words")
    board.hides(1)  # event 2 says so
    with pytest.raises((InvalidArgument, FailedPrecondition)) as refused:
        board.posts("answer", reply_number=number)
    assert refused.value.reason == ("POST_HIDDEN" if number == 1 else "POST_UNKNOWN")


def test_words_that_worry_go_to_crisis_and_staff_and_look_like_any_other_to_peers(
    board: Noticeboard,
) -> None:
    number = board.posts(WORRYING)
    (event,) = board.risks()
    assert (event.group_id, event.number, event.session_id) == ("g-1", number, "")
    assert (event.patient_id, event.location.state) == ("p-1", "VA")
    (told,) = [each.about for each in board.private("f-1") if isinstance(each.about, ChatRisk)]
    assert (told.group_id, told.number) == ("g-1", number)
    (report,) = board.queue()
    assert (report.post.number, report.reporter_count) == (number, 0)

    board.posts("Good morning")
    plain, worrying = board.reads(by_patient("p-2"))
    plain.number, plain.text = worrying.number, worrying.text
    plain.create_time.CopyFrom(worrying.create_time)
    assert plain == worrying


def test_staffs_own_words_are_no_worry(board: Noticeboard) -> None:
    board.posts("Does anybody think of suicide?", by_facilitator())
    assert (board.risks(), board.queue()) == ([], [])


@pytest.mark.parametrize("text", [f"{WORRYING}\x00", WORRYING + " because" * 400])
def test_refused_words_that_worry_are_told_once(board: Noticeboard, text: str) -> None:
    for _ in range(2):
        with pytest.raises(InvalidArgument):
            board.posts(text, once(by_patient()))
    (event,) = board.risks()
    assert (event.number, event.group_id) == (0, "g-1")
    assert len(board.private("f-1")) == 1
    assert board.events() == []


def test_words_on_a_board_of_others_are_heard_by_crisis_alone(board: Noticeboard) -> None:
    with pytest.raises(NotFound):
        board.posts(WORRYING, by_patient("p-9"))
    assert [each.patient_id for each in board.risks()] == ["p-9"]
    assert board.private("f-1") == []


def test_nobody_floods_a_board(board: Noticeboard) -> None:
    flooded = Noticeboard(numbers={"board_posts_per_hour": 2})
    for _ in range(2):
        flooded.posts("words")
    with pytest.raises(ResourceExhausted):
        flooded.posts("words")
    flooded.posts("words", by_patient("p-2"))
    flooded.pass_time(minutes=61)
    flooded.posts("words")


def test_a_cursor_that_the_board_has_not_reached_is_of_another_world(board: Noticeboard) -> None:
    board.posts("words")
    with pytest.raises(OutOfRange):
        board.sessions.boards.queries.enter(by_patient(), "g-1", 2)
    assert board.sessions.boards.queries.enter(by_patient(), "g-1", 1).head == 1


def test_texts_go_after_the_tenants_time_and_numbers_stay() -> None:
    board = Noticeboard(numbers={"chat_kept_days": 40.0})
    board.posts("first words")
    board.pass_time(days=20)
    board.schedules(2, start_time=board.clock.now())  # the group goes on
    board.posts("second words", by_patient("p-2"))
    seen = []
    for _ in range(65):
        board.pass_time(days=1)
        board.rings()
        board.rings()
        documents = board.store.documents("board_events")
        seen.append([each["text"] for each in documents])
    assert ["first words", "second words"] in seen
    assert ["", "second words"] in seen
    assert seen[-1] == ["", ""]
    assert [each.number for each in board.events()] == [1, 2]
    assert all(each.post.is_text_removed for each in board.events())
    assert board.store.due("boards", "look_time", limit=10) == []


def test_reading_is_in_the_trail_and_for_staff_in_that_of_each_author(board: Noticeboard) -> None:
    board.posts("words")
    rows = len(board.store.documents("audit_entries"))
    board.reads(by_patient("p-2"))
    board.reads(by_facilitator())
    fresh = board.store.documents("audit_entries")[rows:]
    assert {row["patient_id"] for row in fresh} == {"", "p-1"}
