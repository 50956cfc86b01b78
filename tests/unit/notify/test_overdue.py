"""Whoever looks after something overdue hears of it, and nobody who reads along learns what."""

from __future__ import annotations

import pytest
from haven.crisis.v1 import events_pb2 as crisis_pb2

from chassis.errors import InvalidArgument
from services.notify.domain.template import OVERDUE, template
from tests.unit.notify.house import House


@pytest.fixture
def house() -> House:
    return House().reachable("dr-one")


def missed(house: House, number: int = 1, follow_up_id: str = "f-1") -> None:
    """A follow-up was missed, for the how-manieth time."""
    event = crisis_pb2.FollowUpMissed(
        follow_up_id=follow_up_id,
        patient_id="p-1",
        recipient_id="dr-one",
        kind="contact",
        escalation_count=number,
    )
    event.miss_time.FromDatetime(house.clock.now())
    house.hear(event)


def test_the_owner_hears_of_it_by_mail(house: House) -> None:
    missed(house)
    house.time_passes()

    assert house.reached == ["dr-one@staff.example"]


def test_each_escalation_is_told_once_however_often_it_is_heard(house: House) -> None:
    for number in (1, 1, 2, 1):
        missed(house, number)

    assert len(house.messages) == 2


def test_word_that_comes_a_day_late_is_not_sent(house: House) -> None:
    missed(house)
    house.time_passes(days=2)

    assert house.reached == []


def test_the_wording_names_nobody_and_nothing(house: House) -> None:
    subject, text = template(OVERDUE).render({})

    wording = f"{subject} {text}".lower()
    assert not any(word in wording for word in ("patient", "contact", "crisis", "safety", "p-1"))


def test_a_word_without_its_key_is_parked_instead_of_guessed(house: House) -> None:
    with pytest.raises(InvalidArgument):
        missed(house, follow_up_id="")
