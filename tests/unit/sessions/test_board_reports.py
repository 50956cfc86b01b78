"""Somebody asks staff to look at a post; nobody's asking is forgotten, and nobody on the board sees
who asked."""

from __future__ import annotations

import pytest
from haven.sessions.v1 import boards_pb2 as pb
from haven.sessions.v1 import events_pb2 as sessions

from chassis.call import Role
from chassis.errors import FailedPrecondition, InvalidArgument, PermissionDenied
from services.sessions.domain.board_report import ReportReason
from tests.unit.sessions.noticeboard import WORRYING, Noticeboard
from tests.unit.sessions.ward import a_call, by_facilitator, by_patient

HOURS = 4


@pytest.fixture
def board() -> Noticeboard:
    """With one post, by p-1."""
    made = Noticeboard()
    made.posts("hurtful words")
    return made


def test_a_report_is_in_the_queue_with_a_time_and_told_to_who_leads_the_group(
    board: Noticeboard,
) -> None:
    board.reports(1)
    (report,) = board.queue()
    assert (report.post.text, report.post.patient_id) == ("hurtful words", "p-1")
    assert (report.reporter_count, list(report.reasons)) == (1, [pb.BOARD_REPORT_REASON_HURTS])
    assert report.due_time.seconds - report.open_time.seconds == HOURS * 3600
    (told,) = board.store.emitted(sessions.BoardReportOpened)
    assert (told.recipient_id, told.open_count) == ("f-1", 1)


def test_peers_see_nothing_of_it(board: Noticeboard) -> None:
    before = (board.events(), board.reads(by_patient("p-1")))
    board.reports(1)
    board.keeps(1)
    assert (board.events(), board.reads(by_patient("p-1"))) == before


def test_several_who_ask_are_one_report_and_its_time_stays(board: Noticeboard) -> None:
    board.reports(1)
    (first,) = board.queue()
    board.pass_time(hours=1)
    board.reports(1, by_patient("p-1"), ReportReason.WORRIES)
    board.reports(1)
    (report,) = board.queue()
    assert (report.reporter_count, len(report.reasons)) == (2, 2)
    assert report.due_time == first.due_time
    assert len(board.store.emitted(sessions.BoardReportOpened)) == 1


def test_a_hidden_post_is_gone_for_peers_and_everybody_is_told_why(board: Noticeboard) -> None:
    board.reports(1)
    board.hides(1)
    (peers,), (staffs,) = board.reads(by_patient("p-2")), board.reads(by_facilitator())
    assert (peers.text, peers.is_hidden) == ("", True)
    assert staffs.text == "hurtful words"
    shown, told = board.events()
    assert (shown.post.text, shown.post.is_hidden) == ("", True)
    assert (told.number, told.hidden.number) == (2, 1)
    assert told.hidden.reason == pb.BOARD_DECISION_REASON_HURTS
    assert board.queue() == []
    (report,) = board.queue(with_decided=True)
    assert [each.moderator_id for each in report.decisions] == ["f-1"]


def test_a_post_can_be_hidden_though_nobody_asked_and_only_once(board: Noticeboard) -> None:
    board.hides(1)
    for act in (board.hides, board.keeps, board.reports):
        with pytest.raises(FailedPrecondition) as refused:
            act(1)
        assert refused.value.reason == "POST_HIDDEN"


def test_what_nobody_asked_about_cannot_be_kept(board: Noticeboard) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        board.keeps(1)
    assert refused.value.reason == "BOARD_REPORT_NOT_OPEN"


def test_a_kept_post_is_looked_at_again_for_somebody_else_only(board: Noticeboard) -> None:
    board.reports(1)
    board.keeps(1)
    board.reports(1)
    assert board.queue() == []
    board.reports(1, by_patient("p-1"))
    (report,) = board.queue()
    assert len(report.decisions) == 1
    told = board.store.emitted(sessions.BoardReportOpened)
    assert [each.open_count for each in told] == [1, 2]


def test_what_the_rules_found_is_looked_at_for_people_as_well(board: Noticeboard) -> None:
    number = board.posts(WORRYING)
    board.reports(number, reason=ReportReason.WORRIES)
    (report,) = board.queue()
    assert list(report.reasons) == [
        pb.BOARD_REPORT_REASON_RULES,
        pb.BOARD_REPORT_REASON_WORRIES,
    ]


def test_one_that_nobody_looks_at_is_told_to_the_supervisors_again_and_again_and_stays(
    board: Noticeboard,
) -> None:
    board.reports(1)
    board.pass_time(hours=HOURS, minutes=-1)
    board.rings()
    assert board.missed() == []
    for days in range(3):
        board.pass_time(days=min(days, 1), minutes=1)
        board.rings()
        board.rings()
    told = board.missed()
    assert [each.escalation_count for each in told] == [1, 2, 3]
    assert {each.recipient_id for each in told} == {"supervisor-pool"}
    (report,) = board.queue()
    assert report.state == pb.BOARD_REPORT_STATE_OPEN

    board.keeps(1, a_call("v-1", Role.SUPERVISOR))
    board.pass_time(days=9)
    board.rings()
    assert len(board.missed()) == 3


def test_the_queue_is_its_groups_clinicians_and_all_of_it_the_supervisors(
    board: Noticeboard,
) -> None:
    board.reports(1)
    for call, group_id in ((by_facilitator("f-2"), "g-1"), (by_facilitator(), "")):
        with pytest.raises(PermissionDenied):
            board.queue(call, group_id=group_id)
    assert len(board.queue(a_call("v-1", Role.SUPERVISOR), group_id="")) == 1


@pytest.mark.parametrize("number", [0, 2, 99])
def test_what_is_no_post_cannot_be_reported(board: Noticeboard, number: int) -> None:
    with pytest.raises(InvalidArgument) as refused:
        board.reports(number)
    assert refused.value.reason == "POST_UNKNOWN"
