"""Supervisors hear of hours that nobody covers: once a notice, in words that tell nothing."""

from __future__ import annotations

from typing import Any

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from chassis.errors import InvalidArgument
from tests.unit.notify.builders import after
from tests.unit.notify.house import House


def gap(**changes: Any) -> Any:
    values = {"gap_id": "g-1", "recipient_id": "supervisor-pool", "notice_count": 1}
    return crisis_pb2.CoverageGapFound(**{**values, "kind": "opted_out", **changes})


def gone(**changes: Any) -> Any:
    values = {"gap_id": "g-1", "recipient_id": "supervisor-pool", "notice_count": 1}
    return crisis_pb2.CoverageGapClosed(**{**values, "closing": "covered", **changes})


@pytest.fixture
def house() -> House:
    return House().reachable("supervisor-pool")


def test_a_gap_is_told_once_however_often_it_is_heard(house: House) -> None:
    house.hear(gap())
    house.hear(gap())
    house.time_passes(seconds=1)

    (message,) = house.messages
    assert (message["recipient_id"], message["message_class"]) == ("supervisor-pool", "clinical")
    assert house.states == ["delivered"]


def test_the_next_days_notice_is_a_message_of_its_own(house: House) -> None:
    house.hear(gap())
    house.hear(gap(notice_count=2))

    assert len(house.messages) == 2


def test_a_gap_that_is_settled_is_told_too(house: House) -> None:
    house.hear(gap())
    house.hear(gone())
    house.time_passes(seconds=1)

    assert [each["template_id"] for each in house.messages] == ["cover-open", "cover-closed"]


def test_word_of_a_gap_is_not_sent_once_the_next_notice_is_due(house: House) -> None:
    house.hear(gap(recipient_id="nobody-reachable"))

    (message,) = house.messages
    assert message["expire_time"] == after(days=1)


def test_a_gap_without_its_key_is_parked(house: House) -> None:
    with pytest.raises(InvalidArgument) as refused:
        house.hear(gap(gap_id=""))

    assert refused.value.reason == "EVENT_FIELD_MISSING"
