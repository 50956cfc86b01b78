"""Who was reminded of a session that moves or is canceled hears of that, once; others do not."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from services.notify.domain.consent_policy import ConsentPolicy
from tests.unit.notify.builders import NOON
from tests.unit.notify.house import House
from tests.unit.notify.test_reminders import (
    IN_TWO_DAYS,
    enrolled,
    known_to,
    passes,
    released,
    scheduled,
)

LATER = IN_TWO_DAYS + timedelta(days=3)
REMINDER, MOVED, CANCELED = "reminder", "moved", "canceled"


@pytest.fixture
def house() -> House:
    return known_to(House())


def told(house: House) -> list[tuple[str, str]]:
    """What left, and to whom, in the order of acceptance."""
    return [
        (each["patient_id"], each["template_id"])
        for each in house.messages
        if each["state"] == "delivered"
    ]


def test_who_was_reminded_hears_that_the_session_moved(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    scheduled(house, LATER, version=2)
    passes(house, hours=1)

    assert told(house) == [("p-1", REMINDER), ("p-1", MOVED)]
    assert house.provider.taken[-1].subject == "Your appointment has a new time"
    assert {each["message_class"] for each in house.messages} == {"schedule"}


def test_who_was_reminded_hears_that_the_session_is_canceled(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    scheduled(house, version=2, is_canceled=True, patient_ids=[])
    passes(house, days=3)

    assert told(house) == [("p-1", REMINDER), ("p-1", CANCELED)]


@pytest.mark.parametrize("changes", [{"start": LATER}, {"is_canceled": True}])
def test_who_was_not_reminded_yet_hears_nothing(house: House, changes: Any) -> None:
    scheduled(house)
    passes(house, hours=23)
    scheduled(house, changes.pop("start", IN_TWO_DAYS), version=2, **changes)
    passes(house, hours=1)

    assert house.messages == []


@pytest.mark.parametrize("changes", [{"start": LATER}, {"is_canceled": True}])
def test_whose_reminder_still_waits_gets_neither_it_nor_a_notice(
    house: House, changes: Any
) -> None:
    # A session at three in the morning: the reminder of the day before waits for eight.
    early = NOON + timedelta(hours=39)
    scheduled(house, early)
    passes(house, hours=16)
    assert house.states == ["accepted"]
    scheduled(house, changes.pop("start", early), version=2, **changes)
    assert house.states == ["withdrawn"]
    passes(house, hours=5)

    assert told(house) == []
    assert len(house.messages) == 1


def test_a_notice_waits_for_the_morning(house: House) -> None:
    scheduled(house)
    passes(house, hours=24)
    passes(house, hours=10)  # 22:00
    scheduled(house, LATER, version=2)
    passes(house, hours=9)
    assert told(house) == [("p-1", REMINDER)]

    passes(house, hours=1)
    assert told(house) == [("p-1", REMINDER), ("p-1", MOVED)]


def test_a_session_that_moves_twice_overnight_is_told_of_once(house: House) -> None:
    scheduled(house)
    passes(house, hours=34)
    scheduled(house, LATER, version=2)
    scheduled(house, LATER + timedelta(days=1), version=3)
    passes(house, hours=10)

    assert told(house) == [("p-1", REMINDER), ("p-1", MOVED)]


def test_a_session_that_moves_overnight_and_is_canceled_then_is_told_of_as_canceled(
    house: House,
) -> None:
    scheduled(house)
    passes(house, hours=34)
    scheduled(house, LATER, version=2)
    scheduled(house, LATER, version=3, is_canceled=True)
    passes(house, hours=10)

    assert told(house) == [("p-1", REMINDER), ("p-1", CANCELED)]


def test_each_move_that_somebody_heard_of_makes_the_next_one_news(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    scheduled(house, LATER, version=2)
    passes(house, hours=1)
    scheduled(house, IN_TWO_DAYS, version=3)  # back to where it was
    passes(house, hours=1)

    assert told(house) == [("p-1", REMINDER), ("p-1", MOVED), ("p-1", MOVED)]
    passes(house, hours=22)
    assert told(house)[3:] == [("p-1", REMINDER)]  # half an hour before, as always


def test_the_same_word_again_or_an_older_one_tells_nobody(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    for version in (2, 2, 1):
        scheduled(house, LATER, version=version)
    passes(house, hours=1)

    assert told(house) == [("p-1", REMINDER), ("p-1", MOVED)]


def test_another_facilitator_is_no_news_to_who_was_reminded(house: House) -> None:
    scheduled(house)
    passes(house, days=1)
    scheduled(house, version=2)
    passes(house, hours=1)

    assert told(house) == [("p-1", REMINDER)]


@pytest.mark.parametrize("order", list(permutations(["canceled", "released"])))
def test_seats_lost_with_the_session_are_told_of_in_whatever_order_the_words_come(
    house: House, order: Any
) -> None:
    scheduled(house, patient_ids=[])
    enrolled(house)
    passes(house, days=1)
    for name in order:  # one commit of scheduling's
        if name == "canceled":
            scheduled(house, version=2, patient_ids=[], is_canceled=True)
        else:
            released(house)
    passes(house, hours=1)

    assert told(house) == [("p-2", REMINDER), ("p-2", CANCELED)]


@pytest.mark.parametrize("changes", [{"start": LATER}, {"is_canceled": True}])
def test_who_gave_the_seat_back_before_hears_nothing_more(house: House, changes: Any) -> None:
    scheduled(house, patient_ids=[])
    enrolled(house)
    passes(house, days=1)
    released(house)
    passes(house, hours=1)
    start = changes.pop("start", IN_TWO_DAYS)
    scheduled(house, start, version=2, patient_ids=[], **changes)
    passes(house, hours=1)

    assert told(house) == [("p-2", REMINDER)]


def test_a_session_that_has_begun_is_nothing_to_write_about(house: House) -> None:
    scheduled(house)
    passes(house, days=2)
    before = told(house)
    scheduled(house, version=2, is_canceled=True)
    passes(house, hours=1)

    assert told(house) == before


def test_a_notice_that_no_hour_is_left_for_is_withdrawn() -> None:
    house = known_to(House(consent=ConsentPolicy(reminder_offsets_seconds=(3600 * 17,))))
    scheduled(house, NOON + timedelta(hours=19))  # at seven; reminded at two in the afternoon
    passes(house, hours=10)
    scheduled(house, NOON + timedelta(hours=19), version=2, is_canceled=True)
    passes(house, hours=10)

    assert [(each["state"], each["reason"]) for each in house.messages[1:]] == [
        ("withdrawn", "QUIET_HOURS")
    ]
