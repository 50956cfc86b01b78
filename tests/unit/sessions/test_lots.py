"""Messages of one transaction: each has its number, its refusal and its key for itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from chassis.errors import FailedPrecondition, Internal, InvalidArgument, NotFound, Unavailable
from chassis.store import AlreadyAnswered
from services.sessions.domain.commands import Lead, Moderate
from services.sessions.domain.log import RoomEvent
from services.sessions.domain.moderation import Act
from services.sessions.handlers.lots import Apart
from tests.unit.sessions.test_talk import (
    OTHER_ROOM,
    WORRYING,
    a_group,
    heard,
    opens_another_room,
    say_all,
    saying,
)
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient


@pytest.fixture
def ward() -> Ward:
    return a_group()


def test_words_of_several_rooms_get_the_next_numbers_of_their_own(ward: Ward) -> None:
    opens_another_room(ward)
    outcomes = say_all(
        ward,
        saying(by_patient("p-1"), "one"),
        saying(by_patient("p-1"), "elsewhere", session_id=OTHER_ROOM),
        saying(by_patient("p-2"), "two"),
        saying(by_facilitator(), "three"),
    )
    assert (heard(ward), heard(ward, OTHER_ROOM)) == (["one", "two", "three"], ["elsewhere"])
    stored = {event.text: event for event in ward.room()}
    assert [outcomes[place] for place in (0, 2, 3)] == [
        stored[text] for text in ("one", "two", "three")
    ]


def test_all_of_them_are_one_transaction(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    opens_another_room(ward)
    transactions = 0
    transact = ward.store.engine.transact

    def counted(*args: Any) -> Any:
        nonlocal transactions
        transactions += 1
        return transact(*args)

    monkeypatch.setattr(ward.store.engine, "transact", counted)
    lines = [saying(by_patient("p-1"), f"line {number}") for number in range(20)]
    say_all(ward, *lines, saying(by_patient("p-1"), "elsewhere", session_id=OTHER_ROOM))
    assert transactions == 1


def test_who_is_refused_keeps_nobody_else_from_speaking(ward: Ward) -> None:
    opens_another_room(ward)
    ward.sessions.rooms.end(by_facilitator(), Lead(OTHER_ROOM))
    outcomes = say_all(
        ward,
        saying(by_patient("p-9"), "never was here"),
        saying(by_patient("p-1"), "good morning"),
        saying(by_patient("p-1"), "too late", session_id=OTHER_ROOM),
        saying(by_patient("p-1"), "nowhere", session_id="s-9"),
    )
    assert [type(outcome) for outcome in outcomes] == [
        NotFound,
        RoomEvent,
        FailedPrecondition,
        NotFound,
    ]
    assert heard(ward) == ["good morning"]


def test_who_is_muted_is_refused_among_others(ward: Ward) -> None:
    mute = Moderate("s-1", Act.MUTE, "Blue Heron 4", "")
    ward.sessions.moderating.moderate(by_facilitator(), mute)
    muted, said = say_all(
        ward, saying(by_patient("p-1"), "hello"), saying(by_patient("p-2"), "good morning")
    )
    assert isinstance(muted, FailedPrecondition)
    assert (muted.reason, said.text) == ("MUTED", "good morning")
    assert heard(ward) == ["good morning"]


def test_who_repeats_is_answered_with_the_first_number(ward: Ward) -> None:
    first, key = str(uuid4()), str(uuid4())
    (earlier,) = say_all(ward, saying(by_patient("p-1"), "one", key=first))
    outcomes = say_all(
        ward,
        saying(by_patient("p-1"), "one", key=first),
        saying(by_patient("p-2"), "two", key=key),
        saying(by_patient("p-2"), "two", key=key.upper()),
        saying(by_patient("p-1"), "other words", key=first),
        saying(by_patient("p-1"), "three", key=key),
    )
    assert heard(ward) == ["one", "two", "three"]
    for place, event in ((0, earlier), (2, outcomes[1])):
        assert isinstance(outcomes[place], AlreadyAnswered)
        assert outcomes[place].answer == b"%d" % event.number
    assert isinstance(outcomes[3], InvalidArgument)
    assert outcomes[3].reason == "REQUEST_ID_REUSED"


def test_a_message_by_itself_and_one_of_a_lot_know_each_other(ward: Ward) -> None:
    alone, among = saying(by_patient("p-1"), "one"), saying(by_patient("p-1"), "two")
    first = ward.sessions.chats.say(alone.call, alone.command)
    again, second = say_all(ward, alone, among)
    assert isinstance(again, AlreadyAnswered)
    assert again.answer == b"%d" % first.number
    with pytest.raises(AlreadyAnswered) as repeated:
        ward.sessions.chats.say(among.call, among.command)
    assert repeated.value.answer == b"%d" % second.number
    assert heard(ward) == ["one", "two"]
    assert ward.store.documents("idempotency_keys") == [], "the event is the record"


def test_a_refused_message_leaves_no_key_behind(ward: Ward) -> None:
    key = str(uuid4())
    say_all(ward, saying(by_patient("p-9"), "hello", key=key), saying(by_patient("p-1"), "one"))
    (again,) = say_all(ward, saying(by_patient("p-9"), "hello", key=key))
    assert isinstance(again, NotFound)


@pytest.mark.parametrize("text", [WORRYING, "x" * 2001, " ", "a\x00"])
def test_what_worries_or_cannot_be_said_is_left_to_go_by_itself(ward: Ward, text: str) -> None:
    apart, said = say_all(ward, saying(by_patient("p-1"), text), saying(by_patient("p-2"), "two"))
    assert isinstance(apart, Apart)
    assert isinstance(said, RoomEvent)
    assert heard(ward) == ["two"]


def test_a_database_that_is_away_is_away_for_all_and_nothing_else_is(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, expected in (
        (Unavailable("STORE_UNAVAILABLE", "away"), Unavailable),
        (Internal("STORE_FAULT", "refused"), Apart),
        (ZeroDivisionError(), Apart),
    ):

        def failing(*_: Any, error: Exception = error) -> Any:
            raise error

        with monkeypatch.context() as broken:
            broken.setattr(ward.store.engine, "transact", failing)
            outcomes = say_all(ward, *(saying(by_patient("p-1"), "one") for _ in range(2)))
        assert [type(outcome) for outcome in outcomes] == [expected, expected]
    assert heard(ward) == []
