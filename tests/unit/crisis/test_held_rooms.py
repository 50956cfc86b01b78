"""A group without anybody who may treat: who is on duty, and its own staff, are called."""

from __future__ import annotations

from datetime import UTC

import pytest
from haven.crisis.v1 import events_pb2
from haven.sessions.v1 import events_pb2 as sessions_pb2

from chassis.errors import InvalidArgument
from chassis.store import AlreadyDone
from tests.unit.crisis.builders import NOON
from tests.unit.crisis.house import House


def held(house: House, *clinician_ids: str, session_id: str = "s-1", event_id: str = "") -> None:
    event = sessions_pb2.RoomHeld(session_id=session_id, clinician_ids=clinician_ids)
    event.hold_time.FromDatetime(NOON)
    house.hear(event, event_id=event_id)


def told(house: House) -> list[str]:
    return [each.recipient_id for each in house.store.emitted(events_pb2.RoomCoverRequested)]


def test_who_is_on_duty_and_who_leads_or_helps_is_told_each_once() -> None:
    house = House().staffed()
    held(house, "f-1", "dr-one", event_id="e-1")
    with pytest.raises(AlreadyDone):
        held(house, "f-1", "dr-one", event_id="e-1")
    assert told(house) == ["dr-one", "f-1"]
    event = house.store.emitted(events_pb2.RoomCoverRequested)[0]
    assert event.session_id == "s-1"
    assert event.hold_time.ToDatetime(UTC) == NOON


def test_where_nobody_is_on_duty_somebody_is_told_all_the_same() -> None:
    house = House()
    held(house)
    assert told(house) != []


def test_a_word_without_its_session_is_parked_instead_of_guessed() -> None:
    with pytest.raises(InvalidArgument):
        held(House(), session_id="")
