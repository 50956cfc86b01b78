"""What may be relied on about a call for help, and that it is never more than there is."""

from __future__ import annotations

import pytest
from haven.sessions.v1 import events_pb2
from haven.sessions.v1 import resources_pb2 as pb

from cli.room.view import Gap, Kind
from tests.unit.cli.room.frames import (
    CHAT,
    a_signal,
    a_view,
    at,
    happens,
    takes,
    texts,
    told,
    waiting,
    welcome,
)

NOBODY, SENT = pb.SAFETY_SIGNAL_STATE_NOBODY_YET, pb.SAFETY_SIGNAL_STATE_SENT
HELD, RESOLVED = pb.SAFETY_SIGNAL_STATE_HELD_BY_ROLE, pb.SAFETY_SIGNAL_STATE_RESOLVED


def test_a_press_that_nobody_answered_yet_promises_nothing() -> None:
    view = a_view()
    view.signals.pressed("r", "")
    (standing,) = view.standing
    assert "BEING SENT" in standing
    assert "call 988" in standing


def test_each_state_is_said_and_the_number_stays() -> None:
    view = a_view()
    takes(view, welcome("Heron"))
    said = {}
    for number, state in enumerate((NOBODY, SENT, HELD, RESOLVED), start=1):
        takes(view, told(number, a_signal(state, holder_role="clinician")))
        (said[state],) = view.standing
    assert "NOBODY HAS IT YET: call 988 now" in said[NOBODY]
    assert "nobody has it yet" in said[SENT]
    assert "a clinician has it" in said[HELD]
    assert "closed" in said[RESOLVED]
    assert all("988" in text for text in said.values())


@pytest.mark.parametrize("state", [pb.SAFETY_SIGNAL_STATE_UNSPECIFIED, 77])
def test_a_state_that_is_not_known_is_no_help(state: int) -> None:
    view = a_view()
    takes(view, welcome("Heron"), told(1, a_signal(state)))
    assert "NOBODY HAS IT YET" in view.standing[0]


def test_a_tenants_own_number_is_the_one_that_is_told() -> None:
    view = a_view()
    takes(view, welcome("Heron"), told(1, a_signal(SENT, call_number="5550100")))
    assert "5550100" in view.standing[0]


def test_what_is_private_stands_apart_and_takes_no_number_of_the_room() -> None:
    view = a_view()
    takes(view, welcome("Heron"))
    (line,) = takes(view, told(1, a_signal(SENT)))
    assert (line.kind, line.number) == (Kind.PRIVATE, 0)
    assert takes(view, happens(1, CHAT, "Heron", "hello"))[0].number == 1


def test_what_is_told_before_it_is_stored_does_not_undo_what_is_known() -> None:
    view = a_view()
    takes(view, welcome("Heron"), told(1, a_signal(SENT)))
    takes(view, told(0, a_signal(NOBODY, is_stored=False)))
    assert "somebody is being called" in view.standing[0]
    assert view.private_cursor == 1


def test_an_answer_that_is_older_than_the_news_does_not_undo_it() -> None:
    view = a_view()
    view.signals.pressed("r", "")
    takes(view, welcome("Heron"), told(1, a_signal(SENT)))
    view.signals.answered("r", a_signal(NOBODY))
    (standing,) = view.standing
    assert "somebody is being called" in standing


def test_not_recorded_yet_is_said_until_it_is() -> None:
    view = a_view()
    takes(view, told(0, a_signal(NOBODY, is_stored=False)))
    assert "NOT RECORDED YET" in view.standing[0]
    view.signals.answered("r", a_signal(NOBODY, is_stored=True))
    assert "NOT RECORDED" not in view.standing[0]


def test_past_private_events_are_shown_and_do_not_undo_what_the_welcome_said() -> None:
    view = a_view()
    takes(view, welcome("Heron"), told(1, a_signal(NOBODY)))
    view.lost("away")
    assert "before the connection was lost" in view.standing[0]
    takes(view, welcome("Heron", private_cursor=3, safety_signals=[a_signal(HELD)]))
    lines = takes(view, told(2, a_signal(SENT)), told(3, a_signal(HELD)))
    assert len(lines) == 2
    assert "has it" in view.standing[0]


def test_private_events_come_once_and_without_a_gap() -> None:
    view = a_view()
    takes(view, welcome("Heron", private_cursor=4), told(5, a_signal(SENT)))
    assert takes(view, told(5, a_signal(SENT))) == []
    with pytest.raises(Gap):
        view.take(told(7, a_signal(HELD)))


def test_nothing_told_at_the_door_is_lost_by_coming_in() -> None:
    view = a_view()
    takes(view, waiting(), welcome("Heron", private_cursor=9))
    assert len(takes(view, told(9, a_signal(SENT)))) == 1


def test_what_is_still_open_is_said_on_coming_in() -> None:
    lines = takes(a_view(), welcome("Heron", private_cursor=3, safety_signals=[a_signal(SENT)]))
    assert [line.kind for line in lines] == [Kind.NOTICE, Kind.PRIVATE]


def test_staff_are_told_whose_call_it_is_and_whether_somebody_reached_them() -> None:
    view = a_view(is_staff=True)
    origin = events_pb2.SAFETY_SIGNAL_ORIGIN_PATIENT
    held = a_signal(HELD, alias="Heron", holder_role="clinician", origin=origin, contact_time=at(9))
    takes(view, welcome("Facilitator"), told(1, held))
    expected = "call for help of Heron: a clinician has it and reached them at 12:00:09"
    assert view.standing == [expected]


def test_a_worry_of_staff_keeps_the_alias_that_was_typed() -> None:
    view = a_view(is_staff=True)
    view.signals.pressed("r", "Heron")
    assert "call for help of Heron: BEING SENT" in view.standing[0]
    origin = events_pb2.SAFETY_SIGNAL_ORIGIN_FACILITATOR
    view.signals.answered("r", a_signal(NOBODY, origin=origin))
    assert "call for help of Heron, raised by staff" in view.standing[0]


def test_a_private_event_of_another_kind_is_not_passed_over() -> None:
    view = a_view()
    event = type(waiting())(private_event=pb.PrivateEvent(number=1))
    assert "ask the program" in texts(takes(view, event))[0]
