"""Whoever can come hears that a room has nobody who leads it, and nobody who reads along more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from services.notify.domain.template import ROOM_WAITING, template
from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    return House().reachable("dr-one", "dr-two")


def held(house: House, recipient_id: str = "dr-one", *, minutes_ago: int = 0) -> None:
    """A room has been without anybody for some minutes."""
    event = crisis_pb2.RoomCoverRequested(session_id="s-1", recipient_id=recipient_id)
    event.hold_time.FromDatetime(house.clock.now() - timedelta(minutes=minutes_ago))
    house.hear(event)


def test_everybody_who_can_come_hears_of_a_hold_once(house: House) -> None:
    for recipient_id in ("dr-one", "dr-two", "dr-one"):
        held(house, recipient_id)
    house.time_passes()
    assert sorted(house.reached) == ["dr-one@staff.example", "dr-two@staff.example"]


def test_each_hold_of_a_room_is_told(house: House) -> None:
    held(house, minutes_ago=5)
    held(house)
    house.time_passes()
    assert house.reached == ["dr-one@staff.example"] * 2


def test_nobody_is_woken_for_a_hold_of_an_hour_ago(house: House) -> None:
    held(house, minutes_ago=60)
    house.time_passes()
    assert house.reached == []


def test_the_wording_names_nobody_and_nothing() -> None:
    subject, text = template(ROOM_WAITING).render({})
    wording = f"{subject} {text}".lower()
    assert not any(word in wording for word in ("patient", "crisis", "group", "safety", "therap"))
