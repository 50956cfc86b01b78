"""Hands, polls, moods and connections, as a terminal shows them."""

from __future__ import annotations

import pytest
from haven.sessions.v1 import activities_pb2 as activities
from haven.sessions.v1 import resources_pb2 as pb

from cli.room import doing
from cli.room.typed import Do
from cli.room.view import Kind
from tests.unit.cli.room.frames import (
    LEFT,
    PATIENT,
    Frame,
    a_view,
    at,
    happens,
    takes,
    texts,
    welcome,
)

RAISED, LOWERED = pb.ROOM_EVENT_KIND_HAND_RAISED, pb.ROOM_EVENT_KIND_HAND_LOWERED
OPENED, CLOSED = pb.ROOM_EVENT_KIND_POLL_OPENED, pb.ROOM_EVENT_KIND_POLL_CLOSED


def a_poll(state: int = activities.POLL_STATE_OPEN, **fields: object) -> activities.Poll:
    made: dict[str, object] = {"poll_id": "po-1", "question": "Ready?", "options": ["yes", "no"]}
    return activities.Poll(state=state, **{**made, **fields})  # type: ignore[arg-type]


def a_hand(alias: str, number: int) -> pb.RaisedHand:
    return pb.RaisedHand(alias=alias, role=PATIENT, number=number)


def private(number: int, **what: object) -> Frame:
    event = pb.PrivateEvent(number=number, create_time=at(number), **what)  # type: ignore[arg-type]
    return Frame(private_event=event)


def test_hands_are_shown_in_the_order_in_which_they_were_raised() -> None:
    view = a_view()
    hands = [a_hand("Otter", 3), a_hand("Heron", 5)]
    lines = takes(view, welcome("Heron", "Otter", "Owl", cursor=5, raised_hands=hands))
    assert "hands up: Otter, Heron" in texts(lines)
    view.room_cursor = 5
    takes(view, happens(6, RAISED, "Owl"), happens(7, LOWERED, "Otter"))
    assert view.activity.hands == ["Heron", "Owl"]
    takes(view, happens(8, LEFT, "Heron"))
    assert view.who().endswith("hands up: Owl")


def test_who_lowered_a_hand_is_said() -> None:
    view = a_view()
    lines = takes(
        view, happens(1, LOWERED, "Owl"), happens(2, LOWERED, "Owl", is_by_facilitator=True)
    )
    assert texts(lines) == [
        "* the hand of Owl is down",
        "* the hand of Owl is down, by the facilitator",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"counts": [3, 2]}, "Ready? yes 3, no 2"),
        ({"is_result_hidden": True}, "too few voted"),
        ({"is_result_hidden": True, "audience": activities.POLL_AUDIENCE_STAFF}, "for staff"),
    ],
)
def test_a_poll_is_shown_as_far_as_one_may_know(fields: dict[str, object], told: str) -> None:
    view = a_view()
    (opened,) = takes(view, happens(1, OPENED, "Facilitator", poll=a_poll(is_result_hidden=True)))
    assert opened.text == "* poll: Ready? 1 yes, 2 no; /vote NUMBER"
    (closed,) = takes(view, happens(2, CLOSED, "Facilitator", poll=a_poll(2, **fields)))
    assert told in closed.text


def test_a_vote_goes_to_the_poll_that_is_open() -> None:
    view = a_view()
    with pytest.raises(doing.Undoable):
        doing.frame(Do("vote", {"option": 2}), "r-1", view.activity)
    takes(view, welcome("Heron", open_poll=a_poll(own_option=1)))
    sent = doing.frame(Do("vote", {"option": 2}), "r-1", view.activity).vote
    assert (sent.request_id, sent.poll_id, sent.option) == ("r-1", "po-1", 2)
    takes(view, happens(1, CLOSED, "Facilitator", poll=a_poll(2)))
    with pytest.raises(doing.Undoable):
        doing.frame(Do("close_poll"), "r-2", view.activity)


def test_a_mood_says_which_question_it_answers() -> None:
    view = a_view()
    (asked,) = takes(view, happens(1, pb.ROOM_EVENT_KIND_MOOD_ASKED, "Facilitator"))
    assert "only staff see it" in asked.text
    given = doing.frame(Do("give_mood", {"value": 0}), "r-1", view.activity).give_mood
    assert (given.ask_number, given.HasField("value"), given.value) == (1, True, 0)
    odd = doing.frame(Do("give_mood"), "r-2", view.activity).give_mood
    assert not odd.HasField("value")


def test_the_other_frames_carry_what_was_typed() -> None:
    activity = a_view().activity
    sign = doing.frame(Do("react", {"reaction": "me-too"}), "r-1", activity).react
    assert sign.reaction == activities.REACTION_ME_TOO
    fields = {"question": "Ready?", "options": ["yes", "no"], "audience": "staff"}
    asked = doing.frame(Do("open_poll", fields), "r-2", activity).open_poll
    assert asked.audience == activities.POLL_AUDIENCE_STAFF
    assert list(asked.options) == ["yes", "no"]


def test_staff_see_moods_votes_and_connections_in_private() -> None:
    view = a_view(is_staff=True)
    takes(view, welcome("Facilitator", open_poll=a_poll()))
    low = activities.MoodCheckIn(
        alias="Heron", value=1, concerns=[activities.MOOD_CONCERN_VERY_LOW, 99], is_crisis_told=True
    )
    poor = activities.ConnectionQuality(alias="Heron", grade=activities.QUALITY_GRADE_POOR)
    lines = takes(
        view,
        private(1, mood_check_in=low),
        private(2, mood_check_in=activities.MoodCheckIn(alias="Owl")),
        private(3, poll_tally=activities.PollTally(poll_id="po-1", counts=[2, 0])),
        private(4, poll_tally=activities.PollTally(poll_id="po-0", counts=[2])),
        private(5, connection_quality=poor),
    )
    assert {line.kind for line in lines} == {Kind.PRIVATE}
    assert texts(lines) == [
        "mood of Heron: 1 of 10 (VERY LOW, LOOK); staff are called",
        "mood of Owl: no number",
        "votes so far: yes 2, no 0",
        "votes so far: option 1 2",
        "the connection of Heron is about to drop",
    ]


def test_staff_who_come_later_are_shown_what_worries() -> None:
    view = a_view(is_staff=True)
    risk = pb.ChatRisk(alias="Heron", number=7)
    mood = activities.MoodCheckIn(alias="Owl", value=3, concerns=[activities.MOOD_CONCERN_LOW])
    lines = takes(view, welcome("Facilitator", chat_risks=[risk], mood_check_ins=[mood]))
    shown = texts([line for line in lines if line.kind is Kind.PRIVATE])
    assert shown[0].startswith("Heron wrote what may mean danger (high): line 7")
    assert shown[1] == "mood of Owl: 3 of 10 (low)"
