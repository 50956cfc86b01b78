"""Hands are a queue that everybody sees; a reaction is a sign and never words."""

from __future__ import annotations

import pytest

from chassis.call import Call
from chassis.errors import FailedPrecondition, NotFound, PermissionDenied
from services.sessions.domain.commands import InRoom, Lead, LowerHand, React
from services.sessions.domain.log import RoomEventKind
from services.sessions.domain.reaction import Reaction
from services.sessions.domain.views import RaisedHand
from tests.unit.sessions.ward import Ward, by_facilitator, by_patient

ANA, BEN, LEAD = "p-1", "p-2", "f-1"
HERON, FOX = "Blue Heron 4", "Red Fox 7"


@pytest.fixture
def ward() -> Ward:
    """An open room with two patients and its facilitator."""
    ward = Ward()
    ward.opens()
    for person, connection_id in ((ANA, "c-ana"), (BEN, "c-ben"), (LEAD, "c-lead")):
        ward.enters(by(person), connection_id)
    return ward


def by(person: str) -> Call:
    return by_facilitator() if person == LEAD else by_patient(person)


def raises(ward: Ward, person: str = ANA) -> int:
    return ward.sessions.gestures.raise_hand(by(person), InRoom("s-1"))


def lowers(ward: Ward, person: str = ANA, alias: str = "") -> int:
    return ward.sessions.gestures.lower_hand(by(person), LowerHand("s-1", alias))


def hands(ward: Ward) -> list[str]:
    return [hand.alias for hand in ward.enters(by(LEAD)).activity.hands]


def test_a_raised_hand_is_an_event_of_the_room_under_the_alias(ward: Ward) -> None:
    number = raises(ward)

    event = ward.room()[-1]
    assert (event.kind, event.alias, event.number) == (RoomEventKind.HAND_RAISED, HERON, number)


def test_who_raised_the_hand_first_is_first_for_whoever_comes_later(ward: Ward) -> None:
    second, first = BEN, ANA
    raises(ward, first)
    raises(ward, second)

    seen = ward.enters(by(BEN)).activity.hands
    assert [hand.alias for hand in seen] == hands(ward) == [HERON, FOX]
    assert all(isinstance(hand, RaisedHand) and hand.number for hand in seen)


def test_a_hand_that_is_up_is_not_raised_again_and_keeps_its_place(ward: Ward) -> None:
    number = raises(ward)
    raises(ward, BEN)
    before = ward.room()

    assert raises(ward) == number
    assert ward.room() == before
    assert hands(ward) == [HERON, FOX]


def test_everybody_lowers_the_own_hand(ward: Ward) -> None:
    raises(ward)
    number = lowers(ward)

    event = ward.room()[-1]
    assert (event.kind, event.alias, event.number) == (RoomEventKind.HAND_LOWERED, HERON, number)
    assert not event.is_by_facilitator
    assert hands(ward) == []


def test_a_hand_that_is_down_is_not_lowered(ward: Ward) -> None:
    before = ward.room()
    assert lowers(ward) == 0
    assert ward.room() == before


def test_the_facilitator_lowers_a_patients_hand_and_the_room_sees_by_whom(ward: Ward) -> None:
    raises(ward)
    raises(ward, BEN)
    lowers(ward, LEAD, HERON)

    event = ward.room()[-1]
    assert (event.alias, event.patient_id, event.is_by_facilitator) == (HERON, "p-1", True)
    assert hands(ward) == [FOX]


def test_a_patient_lowers_nobody_elses_hand(ward: Ward) -> None:
    raises(ward, BEN)
    with pytest.raises(PermissionDenied) as error:
        lowers(ward, ANA, FOX)

    assert error.value.reason == "NOT_FACILITATOR"
    assert hands(ward) == [FOX]


def test_a_name_that_nobody_has_is_not_found(ward: Ward) -> None:
    with pytest.raises(NotFound):
        lowers(ward, LEAD, "Grey Owl 1")


def test_who_leaves_takes_the_hand_down_and_comes_back_without(ward: Ward) -> None:
    raises(ward)
    ward.leaves(by(ANA), "c-ana")
    assert hands(ward) == []

    ward.enters(by(ANA))
    assert hands(ward) == []


def test_a_short_loss_of_the_connection_keeps_the_hand_up(ward: Ward) -> None:
    raises(ward)
    ward.enters(by(ANA), "c-again")

    assert hands(ward) == [HERON]


@pytest.mark.parametrize("reaction", Reaction)
def test_a_reaction_is_a_sign_in_the_room_without_words(ward: Ward, reaction: Reaction) -> None:
    number = ward.sessions.gestures.react(by(ANA), React("s-1", reaction))

    event = ward.room()[-1]
    assert (event.kind, event.alias, event.number) == (RoomEventKind.REACTED, HERON, number)
    assert (event.reaction, event.text) == (reaction, "")


def test_gestures_add_no_audit_rows(ward: Ward) -> None:
    rows = len(ward.store.documents("audit_entries"))
    raises(ward)
    lowers(ward, LEAD, HERON)
    ward.sessions.gestures.react(by(ANA), React("s-1", Reaction.HEART))

    assert len(ward.store.documents("audit_entries")) == rows


def test_nobody_raises_a_hand_in_a_room_that_is_over(ward: Ward) -> None:
    ward.sessions.rooms.end(by(LEAD), Lead("s-1"))
    with pytest.raises(FailedPrecondition) as error:
        raises(ward)
    assert error.value.reason == "SESSION_ENDED"
