"""The room as one participant sees it: frames in, lines and state out."""

from __future__ import annotations

from typing import Any

import pytest
from haven.sessions.v1 import assignments_pb2, events_pb2
from haven.sessions.v1 import resources_pb2 as pb

from cli.room import words
from cli.room.view import Gap, Kind
from tests.unit.cli.room.frames import (
    CHAT,
    FACILITATOR,
    JOINED,
    LEFT,
    Frame,
    a_signal,
    a_view,
    at,
    happens,
    takes,
    texts,
    waiting,
    welcome,
)


def test_what_happens_is_shown_with_its_number_and_time() -> None:
    lines = takes(a_view(), welcome("Heron"), happens(1, CHAT, "Heron", "good morning"))
    assert (lines[-1].kind, lines[-1].number) == (Kind.ROOM, 1)
    assert (lines[-1].time, lines[-1].text) == ("12:00:01", "Heron: good morning")


def test_every_kind_of_event_has_its_words() -> None:
    view = a_view()
    takes(view, welcome("Heron"))
    for number, kind in enumerate(pb.RoomEventKind.values(), start=1):
        (line,) = takes(view, happens(number, kind, "Heron", "words"))
        assert line.text, pb.RoomEventKind.Name(kind)
        assert "does not know" not in line.text or kind == pb.ROOM_EVENT_KIND_UNSPECIFIED


def test_an_event_that_came_already_is_not_shown_again() -> None:
    view = a_view()
    takes(view, welcome("Heron"), happens(1, CHAT, "Heron", "once"))
    assert takes(view, happens(1, CHAT, "Heron", "once")) == []
    assert view.room_cursor == 1


def test_an_event_after_one_that_did_not_come_is_not_taken() -> None:
    view = a_view()
    takes(view, welcome("Heron"), happens(1, CHAT, "Heron", "first"))
    with pytest.raises(Gap):
        view.take(happens(3, CHAT, "Heron", "third"))
    assert view.room_cursor == 1


def test_who_is_here_follows_the_welcome_and_what_comes_after_it() -> None:
    view = a_view()
    takes(view, welcome("Heron", "Otter", cursor=2))
    takes(view, happens(1, JOINED, "Gone before"), happens(2, JOINED, "Otter"))
    assert view.people == ["Heron", "Otter"]  # the past is shown, and changes nobody's presence
    takes(view, happens(3, LEFT, "Otter"), happens(4, JOINED, "Facilitator", role=FACILITATOR))
    assert view.people == ["Facilitator", "Heron"]


def test_a_loss_is_said_once_and_the_return_too() -> None:
    view = a_view()
    takes(view, welcome("Heron"))
    assert "connection lost" in view.lost("away")[0].text
    assert view.lost("still away") == []
    assert view.where == "not connected, trying"
    assert "in the room again" in texts(takes(view, welcome("Heron")))[0]


def test_at_the_door_the_time_is_named_and_then_one_is_inside() -> None:
    view = a_view()
    assert "12:00:00" in texts(takes(view, waiting()))[0]
    assert view.where == "at the door"
    takes(view, welcome("Heron"))
    assert view.where == "in the room as Heron"


def test_text_of_others_cannot_play_with_the_terminal() -> None:
    view = a_view()
    odd = "a\x1b[2Jb\x07\u202ec\x9b1md\ne"
    (line,) = takes(view, happens(1, CHAT, "He\x1bron", odd))
    assert line.text.isprintable()
    assert "\n" not in line.text
    assert "a\N{REPLACEMENT CHARACTER}[2Jb" in line.text


def test_a_patient_behind_an_alias_is_known_to_staff_and_never_shown() -> None:
    view = a_view(is_staff=True)
    lines = takes(view, welcome("Facilitator"), happens(1, JOINED, "Heron", patient_id="p-1"))
    assert view.patients == {"Heron": "p-1"}
    assert not any("p-1" in text for text in texts(lines))


def test_frames_without_news_add_nothing() -> None:
    assert takes(a_view(), type(waiting())()) == []


def private(number: int, **what: Any) -> Frame:
    event = pb.PrivateEvent(number=number, create_time=at(number), **what)
    return Frame(private_event=event)


def test_staff_see_which_line_may_mean_danger_and_that_somebody_in_danger_has_gone() -> None:
    view = a_view(is_staff=True)
    takes(view, welcome("Facilitator"))
    risk = pb.ChatRisk(alias="Heron", severity=events_pb2.CHAT_RISK_SEVERITY_HIGH, number=7)
    gone = pb.Departure(kind=events_pb2.DEPARTURE_KIND_LOST)
    lines = takes(
        view,
        private(1, chat_risk=risk),
        private(2, safety_signal=a_signal(alias="Heron"), departure=gone),
    )
    first, second, third = texts(lines)
    assert first.startswith("Heron wrote what may mean danger (high): line 7")
    assert second.startswith("Heron lost the connection and nobody is known")
    assert "NOBODY HAS IT YET" in third


def test_what_was_written_between_sessions_is_told_by_where_it_was_written() -> None:
    view = a_view(is_staff=True)
    takes(view, welcome("Facilitator"))
    handed_in = pb.ChatRisk(alias="Heron", assignment_id="a-1", number=1)
    posted = pb.ChatRisk(alias="Heron", group_id="g-1", number=4)
    lines = takes(view, private(1, chat_risk=handed_in), private(2, chat_risk=posted))
    first, second = texts(lines)
    assert "in an assignment, number 1" in first
    assert "on the group's board, number 4" in second


def test_a_patient_hears_that_there_is_something_to_do_and_not_what() -> None:
    view = a_view()
    takes(view, welcome("Heron"))
    given = assignments_pb2.ASSIGNMENT_STATE_ASSIGNED
    notice = pb.AssignmentNotice(assignment_id="a-1", state=given, due_time=at(1))
    (line,) = texts(takes(view, private(1, assignment=notice)))
    assert line.startswith("an assignment was given, due ")


@pytest.mark.parametrize("reason", [*words.WAITS, 99])
def test_at_the_door_it_is_said_what_for_and_whom_to_call(
    reason: pb.WaitReason.ValueType,
) -> None:
    frame = waiting()
    frame.waiting.reason, frame.waiting.call_number = reason, "988"
    (line,) = takes(a_view(), frame)
    known = words.WAITS.get(reason, words.WAITS[pb.WAIT_REASON_BEFORE_START])
    assert known in line.text
    assert "988" in line.text


def test_staff_see_who_waits_and_who_must_not_be_left_alone() -> None:
    view = a_view(is_staff=True)
    late = {"alias": "Heron", "patient_id": "p-1", "reason": pb.WAIT_REASON_LATE}
    entry = pb.LobbyEntry(state=pb.LOBBY_STATE_WAITING, **late)
    (_, shown) = texts(takes(view, welcome("Facilitator", lobby=[entry])))
    assert "Heron comes late" in shown
    entry.is_at_risk = True
    (shown,) = texts(takes(view, private(1, lobby_entry=entry)))
    assert "AT RISK" in shown
    assert view.patients == {"Heron": "p-1"}


def test_who_waits_hears_what_became_of_it() -> None:
    denied = pb.DoorAnswer(state=pb.DOOR_ANSWER_STATE_DENIED)
    assert "did not let you in" in texts(takes(a_view(), private(1, door_answer=denied)))[0]


def test_a_text_whose_time_is_over_is_told_as_removed() -> None:
    (line,) = takes(a_view(), happens(1, CHAT, "Heron", is_text_removed=True))
    assert line.text == "Heron: (removed, its time is over)"


def test_who_leads_now_went_under_the_name_that_they_came_with() -> None:
    view = a_view()
    came = happens(1, JOINED, "Co-facilitator", role=pb.PARTICIPANT_ROLE_CO_FACILITATOR)
    takes(view, welcome("Heron"), came)
    takes(view, happens(2, pb.ROOM_EVENT_KIND_PROMOTED, "Co-facilitator", role=FACILITATOR))
    assert "Co-facilitator" in view.people
    takes(view, happens(3, LEFT, "Co-facilitator", role=FACILITATOR))
    assert "Co-facilitator" not in view.people


def test_what_staff_does_and_says_in_private_has_its_words() -> None:
    moderated = pb.Moderation(act=pb.MODERATION_ACT_MUTE, alias="Heron")
    word = pb.PrivateWord(alias="Facilitator", recipient_alias="Heron", text="are you well?")
    aside = pb.AsideRoom(session_id="s-2", alias="Heron", staff_alias="Facilitator")
    events = [
        pb.PrivateEvent(moderation=moderated),
        pb.PrivateEvent(private_word=word),
        pb.PrivateEvent(aside_room=aside),
    ]
    lines = [texts(takes(a_view(), Frame(private_event=each)))[-1] for each in events]
    assert "muted" in lines[0]
    assert lines[1] == "Facilitator to Heron: are you well?"
    assert "s-2" in lines[2]
