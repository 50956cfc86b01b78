"""Whoever is on duty hears that somebody waits, and nobody who reads along learns who or why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from chassis.errors import InvalidArgument
from services.notify.domain.template import PERSON_WAITING, template
from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    return House().reachable("dr-one", "dr-two")


def requested(house: House, recipient_id: str = "dr-one") -> None:
    """A patient asked for a person, and may wait for five minutes."""
    event = crisis_pb2.PersonRequested(person_request_id="r-1", recipient_id=recipient_id)
    event.request_time.FromDatetime(house.clock.now())
    event.expire_time.FromDatetime(house.clock.now() + timedelta(minutes=5))
    house.hear(event)


def test_everybody_on_duty_hears_of_it_once(house: House) -> None:
    for recipient_id in ("dr-one", "dr-two", "dr-one"):
        requested(house, recipient_id)
    house.time_passes()

    assert sorted(house.reached) == ["dr-one@staff.example", "dr-two@staff.example"]


def test_after_the_bound_a_case_pages_and_this_is_not_sent(house: House) -> None:
    requested(house)
    house.time_passes(minutes=6)

    assert house.reached == []


def test_the_wording_names_nobody_and_nothing() -> None:
    subject, text = template(PERSON_WAITING).render({})

    wording = f"{subject} {text}".lower()
    assert not any(word in wording for word in ("patient", "crisis", "help", "safety", "talk"))


def test_a_word_without_its_key_is_parked_instead_of_guessed(house: House) -> None:
    with pytest.raises(InvalidArgument):
        requested(house, "")
