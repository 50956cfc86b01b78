"""Who watches over privacy hears of an opened name: once, and nothing of whom or why."""

from __future__ import annotations

from typing import Any

import pytest
from haven.intake.v1 import events_pb2 as intake_pb2

from chassis.errors import InvalidArgument
from services.notify.domain.template import TASK, template
from tests.unit.notify.builders import NOON
from tests.unit.notify.house import House


def opened(**changes: Any) -> Any:
    values = {
        "alias_reveal_id": "r-1",
        "purpose": "crisis",
        "privacy_officer_ids": ["pat", "sam", "pat"],
    }
    event = intake_pb2.AliasRevealed(**{**values, **changes})
    event.reveal_time.FromDatetime(NOON)
    return event


def test_each_of_them_is_told_once_however_often_it_is_heard() -> None:
    house = House().reachable("pat").reachable("sam")
    house.hear(opened())
    house.hear(opened())
    house.time_passes(seconds=1)
    assert sorted(each["recipient_id"] for each in house.messages) == ["pat", "sam"]
    assert {each["message_class"] for each in house.messages} == {"clinical"}
    assert house.states == ["delivered", "delivered"]


def test_where_nobody_is_named_nobody_is_told() -> None:
    house = House()
    house.hear(opened(privacy_officer_ids=[]))
    assert house.messages == []


def test_the_words_tell_nothing() -> None:
    subject, text = template(TASK).render({})
    for word in ("crisis", "group", "name", "patient", "identity"):
        assert word not in f"{subject} {text}".lower()


def test_one_without_its_key_is_parked() -> None:
    with pytest.raises(InvalidArgument) as refused:
        House().hear(opened(alias_reveal_id=""))
    assert refused.value.reason == "EVENT_FIELD_MISSING"
